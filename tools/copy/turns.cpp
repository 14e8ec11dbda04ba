#include "copy/turns.hpp"

namespace carousel::tool {

turns::turn turns::begin() {
  line_.emplace_back();
  return {*this, first_ + line_.size() - 1};
}

task<> turns::turn::come() {
  for (;;) {
    const bool came = co_await come_or_be_disturbed();
    if (came) co_return;
  }
}

task<bool> turns::turn::come_or_be_disturbed() {
  if (is_here()) co_return true;
  event told;
  of_->at(number_).waits = &told;
  const auto waited = co_await told.wait();
  if (of_ != nullptr) of_->at(number_).waits = nullptr;
  co_return !waited || is_here();
}

void turns::disturb() noexcept {
  for (const entry& e : line_) {
    if (e.waits != nullptr) e.waits->set();
  }
}

void turns::turn::pass() noexcept {
  turns* const of = std::exchange(of_, nullptr);
  if (of == nullptr) return;
  of->at(number_) = {nullptr, true};
  if (number_ != of->first_) return;
  while (!of->line_.empty() && of->line_.front().passed) {
    of->line_.pop_front();
    ++of->first_;
  }
  if (!of->line_.empty() && of->line_.front().waits != nullptr) of->line_.front().waits->set();
}

}  // namespace carousel::tool
