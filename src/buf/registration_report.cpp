#include "carousel/buf/registration_report.hpp"

#include <sys/resource.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "buf/memory_kind.hpp"
#include "carousel/detail/buf/buf_collection.hpp"
#include "driver/ring_driver.hpp"

// What to say about a registration that the kernel refuses.

namespace carousel::detail {
namespace {

constexpr std::size_t registrable_bytes_before_7_2 = std::size_t{1} << 30U;

/// What the kernel answers when it will not register, as opposed to memory that it cannot.
[[nodiscard]] bool is_refusal(std::error_code error) noexcept {
  return error == std::errc::not_enough_memory || error == std::errc::operation_not_permitted ||
         error == std::errc::permission_denied || error == std::errc::function_not_supported ||
         error == std::errc::operation_not_supported || error == std::errc::invalid_argument;
}

[[nodiscard]] rlim_t memlock_limit_bytes() noexcept {
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return limit.rlim_cur;
}
[[nodiscard]] std::optional<std::uint64_t> finite(rlim_t limit) noexcept {
  return limit != RLIM_INFINITY ? std::optional<std::uint64_t>(limit) : std::nullopt;
}

[[nodiscard]] std::string how_to_raise_memlock(std::uint64_t needed) {
  const std::string kib = std::to_string((needed + 1023) / 1024 + 1024);
  return "to raise it: ulimit -l " + kib +
         ", or LimitMEMLOCK= of the systemd unit, or a line \"USER hard memlock " + kib +
         "\" in /etc/security/limits.conf";
}

/// A buffer that the kernel does not take.
struct refused_buffer {
  std::size_t index;
  std::size_t bytes;
  std::string kind;  ///< of its memory, if it is one that no kernel takes

  refused_buffer(std::size_t at, const iovec& buffer)
      : index(at),
        bytes(buffer.iov_len),
        kind(unregistrable_kind({static_cast<const std::byte*>(buffer.iov_base), bytes})) {}
  /// Another kernel may take it.
  [[nodiscard]] bool is_only_too_large() const noexcept {
    return kind.empty() && bytes > registrable_bytes_before_7_2;
  }
  [[nodiscard]] std::string sentence(std::error_code error) const {
    std::string text = "the kernel does not register buffer " + std::to_string(index);
    if (!kind.empty())
      return text + ", whose memory is " + kind + "; take private anonymous memory, as make() does";
    if (!is_only_too_large()) return text + ", whose memory it cannot lock: " + error.message();
    return text + ", which has " + std::to_string(bytes) +
           " bytes: before Linux 7.2 a registered buffer has at most 1 GiB, from then on 1 TiB";
  }
};

/// The first that no kernel takes; the first that is too large, if that is all that is wrong.
[[nodiscard]] std::optional<refused_buffer> find_refused(buffer_table& kernel,
                                                         std::span<const iovec> table) {
  const std::optional<std::size_t> at = kernel.first_refused(table);
  if (!at) return std::nullopt;
  refused_buffer first(*at, table[*at]);
  if (!first.is_only_too_large()) return first;
  // Behind it the kernel has not looked.
  std::vector<iovec> others(table.begin(), table.end());
  for (std::size_t i = *at; i < others.size(); ++i) {
    if (others[i].iov_len <= registrable_bytes_before_7_2) continue;
    if (refused_buffer large(i, others[i]); !large.is_only_too_large()) {
      others.resize(i);
      first = std::move(large);
      break;
    }
    others[i] = {};  // as one that is not there
  }
  if (const auto small = kernel.first_refused(others)) return refused_buffer(*small, table[*small]);
  return first;
}

}  // namespace

/// A page is charged for each buffer that touches it; a huge page once, and whole.
std::uint64_t collection_registration::locked_bytes() const {
  const bool huge = whole_.options().huge == huge_pages::transparent;
  const std::uint64_t step = huge ? std::uint64_t{2} << 20U : std::uint64_t{4} << 10U;
  struct range {
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::vector<range> touched;
  touched.reserve(whole_.entries().size());
  for (const buf_entry& e : whole_.entries()) {
    if (e.quarantined) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(e.data);
    touched.push_back(
        {.begin = begin / step * step, .end = (begin + e.capacity + step - 1) / step * step});
  }
  std::ranges::sort(touched, {}, &range::begin);
  std::uint64_t locked = 0;
  std::uint64_t counted_to = 0;
  for (const auto& [begin, end] : touched) {
    const std::uint64_t first = huge ? std::max(begin, counted_to) : begin;
    if (end > first) locked += end - first;
    counted_to = std::max(counted_to, end);
  }
  return locked;
}

std::string collection_registration::memlock_report() const {
  const std::uint64_t needed = locked_bytes();
  std::string text = "registering these buffers locks up to " + std::to_string(needed) + " bytes; ";
  const rlim_t limit = memlock_limit_bytes();
  if (limit == RLIM_INFINITY) return text + "RLIMIT_MEMLOCK sets no limit here";
  return text + "RLIMIT_MEMLOCK allows " + std::to_string(limit) +
         " bytes to all programs of the user together, rings included; " +
         how_to_raise_memlock(needed);
}

registration_report collection_registration::why_plain() const {
  if (refusal_ != nullptr) return *refusal_;
  registration_report none;
  none.wanted_bytes = locked_bytes();
  if (with() == nullptr || ring_driver::of(*with()).memlock_binds())
    none.allowed_bytes = finite(memlock_limit_bytes());
  none.outcome = outcome();
  none.message = none.outcome == registration::fixed
                     ? "the kernel holds these buffers; it has refused nothing"
                     : "the kernel has refused nothing: register_buffers() asks it";
  return none;
}

/// Remembers why; no error: the collection goes on as a plain one.
std::error_code collection_registration::refused(std::error_code error, driver& io,
                                                 std::span<const iovec> table) {
  if (error.category() == carousel_category()) return error;  // the kernel was not even asked
  const bool memlock_binds = ring_driver::of(io).memlock_binds();
  const bool memlock = error == std::errc::not_enough_memory && memlock_binds;
  const bool bad_memory = error == std::errc::bad_address || error == std::errc::value_too_large;
  bool goes_on = is_refusal(error) && !whole_.options().strict;

  auto told = std::make_unique<registration_report>();
  told->refused = error;
  told->wanted_bytes = locked_bytes();
  if (memlock_binds) told->allowed_bytes = finite(memlock_limit_bytes());
  told->message = memlock ? memlock_report() : error.message();
  // Before Linux 6.5 it is said of a mapped file as well as of all registration.
  const bool may_be_a_file = error == std::errc::operation_not_supported;
  auto bad = bad_memory || may_be_a_file ? find_refused(ring_driver::of(io).buffers(), table)
                                         : std::nullopt;
  if (bad && may_be_a_file && bad->kind.empty()) bad.reset();
  if (bad) {
    told->buffer_index = bad->index;
    told->message = bad->sentence(error);
    goes_on = bad->is_only_too_large() && !whole_.options().strict;
  }
  told->outcome = goes_on ? registration::plain : registration::none;
  refusal_ = std::move(told);

  if (goes_on) return {};
  if (bad_memory || bad) return errc::bad_buffer;
  return memlock ? make_error_code(errc::memlock_limit) : error;
}

}  // namespace carousel::detail
