#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fake/two_kernels.hpp"
#include "support/linux_version.hpp"
#include "support/pipe_pair.hpp"
#include "support/temp_dir.hpp"

// Every rule of the fake kernel is a rule of the real one: the same script gives the same answers
// on both.

namespace carousel {
namespace {

using namespace fake::words;

constexpr std::uint64_t here = detail::current_position;

TEST(conformance, reads_and_writes_of_a_file) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", std::string(5000, 'x'));
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    std::array<char, 8192> buf{};
    const auto read = [&](std::uint32_t n, std::uint64_t at) {
      return b.run(transfer(opcode::read, fd, buf.data(), n, at));
    };
    note(a, "crossing the end", read(8192, 4990));
    note(a, "at the end", read(100, 5000));
    note(a, "far beyond", read(100, 1ULL << 60U));
    note(a, "nothing", read(0, 0));
    note(a, "offset -2", read(10, std::uint64_t(-2)));
    note(a, "at the position", read(10, here));
    note(a, "at the position again", read(8192, here));
    note(a, "write", b.run(transfer(opcode::write, fd, buf.data(), 10, 4995)));
    note(a, "read what was written", read(8192, 4990));
    note(a, "write to offset -2", b.run(transfer(opcode::write, fd, buf.data(), 10, -2ULL)));
    std::array<iovec, 2> pieces = {iovec{buf.data(), 7}, iovec{buf.data() + 100, 9}};
    note(a, "readv", b.run(transfer(opcode::readv, fd, pieces.data(), 2, 0)));
    note(a, "readv of nothing", b.run(transfer(opcode::readv, fd, pieces.data(), 0, 0)));
    note(a, "writev", b.run(transfer(opcode::writev, fd, pieces.data(), 2, 0)));
    note(a, "1,025 pieces", b.run(transfer(opcode::readv, fd, pieces.data(), 1025, 0)));
    request flagged = transfer(opcode::read, fd, buf.data(), 10, 0);
    flagged.op_flags = 0x40000000;
    note(a, "unknown flag", b.run(flagged));
    note(a, "fsync", b.run({.code = opcode::fsync, .fd = fd}));
    note(a, "ftruncate", b.run({.code = opcode::ftruncate, .fd = fd, .offset = 5000}));
    ::close(fd);
    const int read_only = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    note(a, "write, read only", b.run(transfer(opcode::write, read_only, buf.data(), 1, 0)));
    ::close(read_only);
    note(a, "closed", b.run(transfer(opcode::read, read_only, buf.data(), 1, 0)));
    note(a, "-1", b.run(transfer(opcode::read, -1, buf.data(), 1, 0)));
    const int folder = ::open("/", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    note(a, "directory", b.run(transfer(opcode::read, folder, buf.data(), 1, 0)));
    ::close(folder);
  });
}

TEST(conformance, pipes_wait_and_break) {
  same_on_both([](bench& b, answers& a) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    std::array<char, 64> buf{};
    b.start(transfer(opcode::read, ends[0], buf.data(), 64, here), 1);
    const std::chrono::nanoseconds soon = std::chrono::milliseconds(1);
    note(a, "submitted, and the wait's end", b.enter(1, &soon));
    note(a, "the wait alone", b.enter(1, &soon));
    note(a, "put", ::write(ends[1], "abc", 3));
    note(a, "the read", b.result_of(1));
    note(a, "its first byte", buf[0]);
    note(a, "nothing", b.run(transfer(opcode::read, ends[0], buf.data(), 0, here)));
    note(a, "wrong end", b.run(transfer(opcode::read, ends[1], buf.data(), 1, here)));
    note(a, "write", b.run(transfer(opcode::write, ends[1], buf.data(), 2, here)));
    note(a, "read at an offset", b.run(transfer(opcode::read, ends[0], buf.data(), 2, 100)));
    b.start(transfer(opcode::read, ends[0], buf.data(), 64, here), 2);
    note(a, "submitted", b.enter(0));
    ::close(ends[0]);  // the operation holds it open
    note(a, "put", ::write(ends[1], "de", 2));
    note(a, "the read of a closed number", b.result_of(2));
    request broken = transfer(opcode::write, ends[1], buf.data(), 2, here);
    broken.op_flags = b.kernel().has_nosignal() ? sys::rwf_nosignal : 0;
    note(a, "write without a reader", b.run(broken));
    ::close(ends[1]);
  });
}

TEST(conformance, of_several_completions_the_first_does_after_a_while) {
  if (test::linux_is_before(6, 12)) GTEST_SKIP() << "such a wait has no bound before Linux 6.12";
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair one;
    const test::pipe_pair other;
    const file one_end = one.reader();
    const file other_end = other.reader();
    std::array<char, 8> buf{};
    b.start(transfer(opcode::read, one_end.fd(), buf.data(), 4, here), 1);
    b.start(transfer(opcode::read, other_end.fd(), buf.data() + 4, 4, here), 2);
    note(a, "submitted", b.enter(0));
    const std::chrono::nanoseconds soon = 2 * sys::several_wait;
    note(a, "nothing comes", b.enter(2, &soon));
    one.put("x");
    note(a, "one comes", b.enter(2, &soon));
    note(a, "and one does without a timeout", b.enter(2));
    other.put("y");
    note(a, "both", b.enter(2));
    note(a, "the one", b.result_of(1));
    note(a, "the other", b.result_of(2));
  });
}

TEST(conformance, a_full_pipe_takes_what_fits) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair pipe;
    pipe.put(std::string(60'000, 'x'));
    std::vector<char> more(20'000, 'y');
    const test::pipe_pair other;
    const int fd = pipe.writer().fd();
    (void)fd;
    const file end = pipe.writer();
    note(a, "written", b.run(transfer(opcode::write, end.fd(), more.data(), 20'000, here)));
    note(a, "inside", static_cast<long>(pipe.take().size()));
  });
}

TEST(conformance, cancels) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair pipe;
    const file end = pipe.reader();
    std::array<char, 8> buf{};
    note(a, "unknown", b.run({.code = opcode::async_cancel, .address = 77}));
    b.start(transfer(opcode::read, end.fd(), buf.data(), 8, here), 1);
    (void)b.enter(0);
    note(a, "a read that waits", b.run({.code = opcode::async_cancel, .address = 1}));
    note(a, "that read", b.result_of(1));
    note(a, "again", b.run({.code = opcode::async_cancel, .address = 1}));
  });
}

TEST(conformance, timeouts_by_the_time_since_the_boot) {
  same_on_both([](bench& b, answers& a) {
    constexpr std::uint32_t by_boot_until = 1 | 4;  // IORING_TIMEOUT_ABS, IORING_TIMEOUT_BOOTTIME
    const auto until = [](const sys::kernel_timespec& at, std::uint32_t entries = 1) {
      return request{.code = opcode::timeout,
                     .fd = -1,
                     .address = address_of(&at),
                     .length = entries,
                     .op_flags = by_boot_until};
    };
    const sys::kernel_timespec past{.seconds = 0, .nanoseconds = 0};
    note(a, "in the past", b.run(until(past)));
    const sys::kernel_timespec negative{.seconds = -1, .nanoseconds = 0};
    note(a, "before the boot", b.run(until(negative)));
    note(a, "two times", b.run(until(past, 2)));
    const auto soon = b.kernel().time_since_boot() + std::chrono::milliseconds(2);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(soon);
    const sys::kernel_timespec at{.seconds = seconds.count(),
                                  .nanoseconds = (soon - seconds).count()};
    note(a, "in time", b.run(until(at)));
    note(a, "not before", b.kernel().time_since_boot() >= soon);
    const sys::kernel_timespec never{.seconds = std::int64_t{1} << 32U, .nanoseconds = 0};
    b.start(until(never), 7);
    b.start({.code = opcode::async_cancel, .address = 7}, 8);
    note(a, "the cancel", b.result_of(8));
    note(a, "what it cancels", b.result_of(7));
  });
}

TEST(conformance, registered_buffers) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", std::string(5000, 'x'));
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    std::vector<std::byte> memory(8192);
    std::array<iovec, 3> table = {iovec{memory.data(), 4096}, iovec{nullptr, 0},
                                  iovec{memory.data() + 4096, 4096}};
    const auto fixed = [&](std::uint16_t index, std::size_t at, std::uint32_t bytes) {
      request r = transfer(opcode::read_fixed, fd, memory.data() + at, bytes, 0);
      r.buf_index = index;
      return b.run(r);
    };
    auto& k = b.kernel();
    note(a, "nothing registered", fixed(0, 0, 10));
    note(a, "unregister nothing", k.unregister_buffers());
    note(a, "register nothing", k.register_buffers(std::span(table).first(0)));
    std::array<iovec, 1> bad = {iovec{memory.data(), 0}};
    note(a, "no length", k.register_buffers(bad));
    bad[0] = {memory.data(), (std::size_t{1} << 30U) + 1};
    note(a, "over 1 GiB", k.register_buffers(bad));
    bad[0] = {reinterpret_cast<void*>(std::uintptr_t(-4096)), 8192};
    note(a, "wraps around", k.register_buffers(bad));
    note(a, "after failures", k.unregister_buffers());
    note(a, "register", k.register_buffers(table));
    note(a, "twice", k.register_buffers(table));
    note(a, "inside", fixed(0, 100, 1000));
    note(a, "to the end", fixed(2, 4096, 4096));
    note(a, "one byte too long", fixed(0, 0, 4097));
    note(a, "before", fixed(2, 4095, 10));
    note(a, "two neighbours", fixed(0, 4000, 200));
    note(a, "empty entry", fixed(1, 0, 10));
    note(a, "beyond the table", fixed(3, 0, 10));
    note(a, "nothing at the end", fixed(0, 4096, 0));
    note(a, "unregister", k.unregister_buffers());
    note(a, "unregister twice", k.unregister_buffers());
    note(a, "afterwards", fixed(0, 0, 10));
    ::close(fd);
  });
}

TEST(conformance, the_file_table) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "some bytes");
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 64> buf{};
    const auto read = [&](int index) {
      request r = transfer(opcode::read, index, buf.data(), 64, 0);
      r.sqe_flags = detail::sqe_fixed_file;
      return b.run(r);
    };
    auto& k = b.kernel();
    note(a, "no table", read(0));
    note(a, "update without one", k.update_file(0, fd));
    note(a, "register", k.register_files(4));
    note(a, "twice", k.register_files(4));
    note(a, "empty entry", read(1));
    note(a, "update", k.update_file(1, fd));
    note(a, "update beyond", k.update_file(4, fd));
    note(a, "update with a closed one", k.update_file(2, 9999));
    ::close(fd);
    note(a, "read through the table", read(1));
    note(a, "clear", k.update_file(1, -1));
    note(a, "read afterwards", read(1));
    note(a, "beyond the table", read(4));
  });
}

TEST(conformance, files_without_a_descriptor) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "some bytes");
  const std::string none = (dir.path() / "none").string();
  same_on_both([&](bench& b, answers& a) {
    std::array<char, 64> buf{};
    const auto open = [&](const std::string& name, std::uint32_t index, std::uint32_t flags = 0) {
      return b.run({.code = opcode::openat,
                    .fd = AT_FDCWD,
                    .address = reinterpret_cast<std::uintptr_t>(name.c_str()),
                    .op_flags = flags,
                    .file_index = index});
    };
    const auto close = [&](std::uint32_t index, int fd = 0) {
      return b.run({.code = opcode::close, .fd = fd, .file_index = index});
    };
    const auto read = [&](int index) {
      request r = transfer(opcode::read, index, buf.data(), 64, 0);
      r.sqe_flags = detail::sqe_fixed_file;
      return b.run(r);
    };
    auto& k = b.kernel();
    note(a, "open without a table", open(path, 1));
    note(a, "close without a table", close(1));
    note(a, "register", k.register_files(4));
    note(a, "open", open(path, 1));
    note(a, "read", read(0));
    note(a, "missing", open(none, 2));
    note(a, "missing, read", read(1));
    note(a, "close-on-exec", open(path, 2, O_CLOEXEC));
    note(a, "beyond the table", open(path, 5));
    note(a, "over another", open(path, 1));
    note(a, "close with a descriptor too", close(1, 1));
    note(a, "close", close(1));
    note(a, "read afterwards", read(0));
    note(a, "close twice", close(1));
    note(a, "close beyond the table", close(5));
    note(a, "open again", open(path, 1));
    note(a, "clear", k.update_file(0, -1));
    note(a, "close what was cleared", close(1));
  });
}

TEST(conformance, names) {
  const test::temp_dir dir;
  int round = 0;
  same_on_both([&](bench& b, answers& a) {
    const std::string base = (dir.path() / std::to_string(++round)).string();
    const std::string other = base + ".other";
    const auto call = [&](opcode code, const std::string& first, std::uint32_t length = 0,
                          std::uint32_t flags = 0) {
      return b.run({.code = code,
                    .fd = AT_FDCWD,
                    .address = address_of(first.c_str()),
                    .length = length,
                    .op_flags = flags});
    };
    const auto call_two = [&](opcode code, const std::string& first, const std::string& second,
                              std::uint32_t length = 0, std::uint32_t flags = 0) {
      return b.run({.code = code,
                    .fd = AT_FDCWD,
                    .offset = address_of(second.c_str()),
                    .address = address_of(first.c_str()),
                    .length = length,
                    .op_flags = flags});
    };
    note(a, "open what is not there", call(opcode::openat, base, 0, O_RDONLY));
    const int fd = call(opcode::openat, base, 0600, O_RDWR | O_CREAT | O_CLOEXEC);
    note(a, "opened", fd >= 0 ? 1 : fd);
    note(a, "create again", call(opcode::openat, base, 0600, O_RDWR | O_CREAT | O_EXCL));
    note(a, "allocate",
         b.run({.code = opcode::fallocate, .fd = fd, .offset = 0, .address = 3000, .length = 0}));
    const auto advise = [&](int file, std::uint64_t bytes, std::uint32_t length,
                            std::uint32_t use) {
      return b.run({.code = opcode::fadvise,
                    .fd = file,
                    .address = bytes,
                    .length = length,
                    .op_flags = use});
    };
    note(a, "advise", advise(fd, 0, 3000, POSIX_FADV_WILLNEED));
    note(a, "advise of less than nothing", advise(fd, ~std::uint64_t{0}, 0, POSIX_FADV_WILLNEED));
    note(a, "advise what is none", advise(fd, 0, 0, 99));
    alignas(4096) static std::array<std::byte, 4096> page;
    const auto advise_memory = [&](const std::byte* first, std::uint32_t use) {
      return b.run(
          {.code = opcode::madvise, .address = address_of(first), .length = 4096, .op_flags = use});
    };
    note(a, "advise on memory", advise_memory(page.data(), MADV_WILLNEED));
    note(a, "advise on a part of a page", advise_memory(page.data() + 1, MADV_WILLNEED));
    note(a, "advise on memory what is none", advise_memory(page.data(), 99));
    note(a, "advise on no memory", advise_memory(nullptr, MADV_WILLNEED));
    struct statx about{};
    request info{.code = opcode::statx,
                 .fd = fd,
                 .offset = address_of(&about),
                 .address = address_of(""),
                 .length = STATX_SIZE,
                 .op_flags = AT_EMPTY_PATH};
    note(a, "statx", b.run(info));
    note(a, "size", static_cast<long>(about.stx_size));
    note(a, "close", b.run({.code = opcode::close, .fd = fd}));
    note(a, "close again", b.run({.code = opcode::close, .fd = fd}));
    note(a, "hard link",
         call_two(opcode::linkat, base, other, static_cast<std::uint32_t>(AT_FDCWD)));
    note(a, "rename without replacing",
         call_two(opcode::renameat, base, other, static_cast<std::uint32_t>(AT_FDCWD), 1));
    note(a, "unlink", call(opcode::unlinkat, other));
    note(a, "symlink",
         b.run({.code = opcode::symlinkat,
                .fd = AT_FDCWD,
                .offset = address_of(other.c_str()),
                .address = address_of(base.c_str())}));
    note(a, "unlink the link", call(opcode::unlinkat, other));
    note(a, "mkdir", call(opcode::mkdirat, other, 0700));
    note(a, "mkdir again", call(opcode::mkdirat, other, 0700));
    note(a, "unlink a directory", call(opcode::unlinkat, other));
    note(a, "rmdir", call(opcode::unlinkat, other, 0, AT_REMOVEDIR));
    note(a, "unlink the file", call(opcode::unlinkat, base));
  });
}

}  // namespace
}  // namespace carousel
