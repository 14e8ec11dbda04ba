#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>

#include "fake/two_kernels.hpp"
#include "support/temp_dir.hpp"

// Extended attributes are alike on both kernels.

namespace carousel {
namespace {

using namespace fake::words;

TEST(attribute_conformance, results) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "");
  const std::string none = dir.path() / "none";
  same_on_both([&](bench& b, answers& a) {
    (void)::removexattr(path.c_str(), "user.a");
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 8> value = {'v', 'a', 'l', 'u', 'e', 0, 0, 0};
    const auto of_file = [&](opcode code, const char* name, std::uint32_t bytes,
                             std::uint32_t flags = 0) {
      return b.run({.code = code,
                    .fd = fd,
                    .offset = address_of(value.data()),
                    .address = address_of(name),
                    .length = bytes,
                    .op_flags = flags});
    };
    const auto of_path = [&](opcode code, const std::string& where, std::uint32_t bytes) {
      return b.run({.code = code,
                    .offset = address_of(value.data()),
                    .address = address_of("user.a"),
                    .length = bytes,
                    .address3 = address_of(where.c_str())});
    };
    note(a, "none", of_file(opcode::fgetxattr, "user.a", 8));
    note(a, "replace none", of_file(opcode::fsetxattr, "user.a", 5, XATTR_REPLACE));
    note(a, "set", of_file(opcode::fsetxattr, "user.a", 5));
    note(a, "create", of_file(opcode::fsetxattr, "user.a", 4, XATTR_CREATE));
    note(a, "get", of_path(opcode::getxattr, path, 8));
    note(a, "length", of_path(opcode::getxattr, path, 0));
    note(a, "too small", of_path(opcode::getxattr, path, 4));
    note(a, "set by path", of_path(opcode::setxattr, path, 3));
    note(a, "get", of_file(opcode::fgetxattr, "user.a", 8));
    note(a, "no file", of_path(opcode::getxattr, none, 8));
    note(a, "no name", of_file(opcode::fgetxattr, "", 8));
    note(a, "no name space", of_file(opcode::fgetxattr, "a", 8));
    ::close(fd);
  });
}

}  // namespace
}  // namespace carousel
