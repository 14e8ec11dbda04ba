#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "loop/runtime_access.hpp"
#include "sys/kernel.hpp"

namespace carousel::test {

/// What a test does between a runtime and the real kernel.
struct meddling {
  unsigned enters = 0;
  unsigned pauses = 0;
  unsigned submits = 0;      ///< of the enter that is: requests
  unsigned waits_for = 0;    ///< of the enter that is: completions
  unsigned file_tables = 0;  ///< that were asked for
  bool has_file_table = true;
  /// Called for each enter with its number from 1; a value is what enter answers without the
  /// kernel.
  std::function<std::optional<int>(unsigned)> refuse;
  /// Operations that the kernel does not execute, and what it answers to them: as a ring with
  /// restrictions does (-EACCES), or one that does not know them (-EINVAL).
  std::map<detail::opcode, int> refused;
  std::set<detail::opcode> unknown;  ///< operations that the kernel says it does not have
  /// What a registration of buffers answers where the kernel says this.
  std::map<int, int> registers;
  /// Completions that are put behind those of the kernel after the next enter.
  std::vector<sys::cqe> forged;
  std::vector<sys::cqe> seen;  ///< all that the kernel gave
};

/// The real kernel with a test in front of it. Its pauses take no time but on its own clock.
class meddling_kernel final : public sys::kernel {
 public:
  explicit meddling_kernel(std::shared_ptr<meddling> m)
      : m_(std::move(m)), real_(sys::make_linux_kernel()) {}

  result<sys::ring_view> setup(sys::ring_size size) override {
    auto view = real_->setup(size);
    if (!view) return view;
    real_view_ = *view;
    view->cq_head = &head_;
    view->cq_tail = &tail_;
    view->cq_entries = cq_entries;
    view->cqes = cqes_.data();
    return view;
  }
  bool supports(std::uint8_t opcode) const noexcept override {
    return !m_->unknown.contains(detail::opcode{opcode}) && real_->supports(opcode);
  }
  bool has_nosignal() const noexcept override { return real_->has_nosignal(); }
  bool memlock_binds() const noexcept override { return real_->memlock_binds(); }
  int register_buffers(std::span<const iovec> buffers) noexcept override {
    const int answer = real_->register_buffers(buffers);
    const auto told = m_->registers.find(answer);
    return told != m_->registers.end() ? told->second : answer;
  }
  int unregister_buffers() noexcept override { return real_->unregister_buffers(); }
  int register_files(unsigned count) noexcept override {
    ++m_->file_tables;
    return m_->has_file_table ? real_->register_files(count) : -EMFILE;
  }
  int update_file(unsigned index, int fd) noexcept override {
    return real_->update_file(index, fd);
  }
  int register_eventfd(int fd) noexcept override { return real_->register_eventfd(fd); }
  std::chrono::steady_clock::time_point now() const noexcept override {
    return real_->now() + paused_;
  }
  void pause(std::chrono::nanoseconds duration) noexcept override {
    ++m_->pauses;
    paused_ += duration;
  }

 private:
  static constexpr std::uint32_t cq_entries = 1U << 14U;

  int enter_indirect(unsigned to_submit, unsigned min_complete, unsigned flags,
                     const std::chrono::nanoseconds* timeout) noexcept override {
    ++m_->enters;
    m_->submits = to_submit;
    m_->waits_for = min_complete;
    if (m_->refuse) {
      if (const std::optional<int> answer = m_->refuse(m_->enters)) return *answer;
    }
    swap_refused();
    const int done = real_->enter(to_submit, min_complete, flags, timeout);
    std::uint32_t head = *real_view_.cq_head;
    const std::uint32_t tail = std::atomic_ref(*real_view_.cq_tail).load();
    for (; head != tail; ++head) {
      sys::cqe real = real_view_.cqes[head & (real_view_.cq_entries - 1)];
      if (const auto told = answers_.find(real.user_data); told != answers_.end()) {
        real.res = told->second;
        answers_.erase(told);
      }
      m_->seen.push_back(real);
      put(real);
    }
    std::atomic_ref(*real_view_.cq_head).store(head);
    for (const sys::cqe& forged : std::exchange(m_->forged, {})) put(forged);
    return done;
  }
  /// The kernel gets an operation that does nothing in the place of one that is refused.
  void swap_refused() {
    const std::uint32_t tail = *real_view_.sq_tail;
    for (std::uint32_t at = *real_view_.sq_head; at != tail; ++at) {
      detail::request& entry = real_view_.sqes[at & (real_view_.sq_entries - 1)];
      const auto found = m_->refused.find(entry.code);
      if (found == m_->refused.end()) continue;
      answers_[entry.user_data] = found->second;
      const std::uint64_t name = entry.user_data;
      entry = detail::request{};  // a nop
      entry.user_data = name;
    }
  }
  void put(const sys::cqe& one) noexcept { cqes_[tail_++ & (cq_entries - 1)] = one; }

  std::shared_ptr<meddling> m_;
  std::unique_ptr<sys::kernel> real_;
  sys::ring_view real_view_;
  std::map<std::uint64_t, int> answers_;  ///< to operations that were refused
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::array<sys::cqe, cq_entries> cqes_{};
  std::chrono::nanoseconds paused_{0};
};

/// A runtime with a test between it and the kernel.
inline runtime make_meddled(const std::shared_ptr<meddling>& m, runtime_options options = {}) {
  return detail::runtime_access::make(std::make_unique<meddling_kernel>(m), options).value();
}

}  // namespace carousel::test
