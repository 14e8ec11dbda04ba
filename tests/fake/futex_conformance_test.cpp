#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>

#include "fake/two_kernels.hpp"
#include "support/linux_version.hpp"

// Requests wait at words, and are woken, alike on both kernels.

namespace carousel {
namespace {

using namespace fake::words;

constexpr std::uint64_t all_bits = 0xffffffff;

request at(opcode code, const std::atomic<std::uint32_t>& word, std::uint64_t value,
           std::int32_t flags = 2 | 128, std::uint64_t mask = all_bits) {
  return {
      .code = code, .fd = flags, .offset = value, .address = address_of(&word), .address3 = mask};
}

TEST(futex_conformance, a_wait_ends_with_a_wake_a_cancel_or_at_once) {
  if (test::linux_is_before(6, 7)) GTEST_SKIP() << "there are no waits at words";
  same_on_both([](bench& b, answers& a) {
    std::atomic<std::uint32_t> word{7};
    note(a, "another value", b.run(at(opcode::futex_wait, word, 8)));
    note(a, "no bits", b.run(at(opcode::futex_wait, word, 7, 2 | 128, 0)));
    note(a, "nobody waits", b.run(at(opcode::futex_wake, word, 1)));
    for (std::uint64_t name = 1; name <= 3; ++name) b.start(at(opcode::futex_wait, word, 7), name);
    note(a, "submitted", b.enter(0));
    note(a, "wake nobody", b.run(at(opcode::futex_wake, word, 0)));
    note(a, "wake one of others", b.run(at(opcode::futex_wake, word, 1, 2)));
    note(a, "wake one", b.run(at(opcode::futex_wake, word, 1)));
    note(a, "the first", b.result_of(1));
    note(a, "cancel", b.run({.code = opcode::async_cancel, .address = 2}));
    note(a, "the second", b.result_of(2));
    note(a, "wake more than there are", b.run(at(opcode::futex_wake, word, 10)));
    note(a, "the third", b.result_of(3));
  });
}

TEST(futex_conformance, a_wake_does_not_look_at_the_word) {
  if (test::linux_is_before(6, 7)) GTEST_SKIP() << "there are no waits at words";
  same_on_both([](bench& b, answers& a) {
    std::atomic<std::uint32_t> word{1};
    b.start(at(opcode::futex_wait, word, 1), 1);
    note(a, "submitted", b.enter(0));
    word = 2;
    note(a, "wake", b.run(at(opcode::futex_wake, word, 1)));
    note(a, "woken", b.result_of(1));
  });
}

}  // namespace
}  // namespace carousel
