#include "copy/turns.hpp"

namespace carousel::tool {

turns::turn turns::begin() {
  line_.emplace_back();
  return {*this, first_ + line_.size() - 1};
}

task<> turns::turn::come() {
  if (of_ == nullptr || number_ == of_->first_) co_return;
  event came;
  of_->at(number_).waits = &came;
  (void)co_await came.wait();
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
