#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "fake/kernel.hpp"
#include "ring/ring.hpp"

// The fake kernel notices requests that real kernels refuse, or do not survive.

namespace carousel {
namespace {

using detail::opcode;
using detail::request;

/// Submits one request to a fake kernel with a buffer registered.
void submit(request req, std::vector<std::byte>& memory) {
  const auto ring =
      detail::ring::make(std::make_unique<fake::kernel>(fake::kernel_options{}), {.entries = 4});
  const std::array<iovec, 1> table = {iovec{memory.data(), memory.size()}};
  ASSERT_EQ(ring.value()->kernel().register_buffers(table), 0);
  if (req.code == opcode::read_fixed) {
    req.address = reinterpret_cast<std::uintptr_t>(memory.data());
    req.fd = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  }
  ASSERT_TRUE(ring.value()->push(req, 1));
  EXPECT_GE(ring.value()->submit_and_wait(1), 0);
  if (req.code == opcode::read_fixed) ::close(req.fd);
  EXPECT_EQ(ring.value()->kernel().unregister_buffers(), 0);
}

TEST(used_fields, requests_that_use_what_they_set_pass) {
  std::vector<std::byte> memory(64);
  submit({.code = opcode::nop}, memory);
  submit({.code = opcode::async_cancel, .address = 7}, memory);
  submit({.code = opcode::read_fixed, .length = 1}, memory);
}

TEST(used_fields, a_fixed_operation_on_no_bytes_is_noticed) {
  std::vector<std::byte> memory(64);
  EXPECT_DEATH(submit({.code = opcode::read_fixed, .length = 0}, memory),
               "a fixed operation moves no byte");
}

TEST(used_fields, each_byte_that_an_operation_does_not_use_is_noticed) {
  std::vector<std::byte> memory(64);
  EXPECT_DEATH(submit({.code = opcode::nop, .fd = -1}, memory), "does not use: fd");
  EXPECT_DEATH(submit({.code = opcode::async_cancel, .offset = 1}, memory), "does not use: offset");
  EXPECT_DEATH(submit({.code = opcode::async_cancel, .file_index = 1}, memory),
               "does not use: file_index");
  EXPECT_DEATH(submit({.code = opcode::read_fixed, .length = 1, .personality = 1}, memory),
               "does not use: personality");
  EXPECT_DEATH(submit({.code = opcode::read_fixed, .length = 1, .address3 = 1}, memory),
               "does not use: address3");
  EXPECT_DEATH(submit({.code = opcode::nop, .pad = 1}, memory), "does not use: pad");
}

}  // namespace
}  // namespace carousel
