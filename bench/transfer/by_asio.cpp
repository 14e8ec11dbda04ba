// Asio at its best: the io_uring backend alone (with epoll on, each operation goes through an
// eventfd), registered buffers, and a file object per transfer in flight (one object runs one
// transfer at a time).

#include <unistd.h>

#include <asio.hpp>
#include <optional>

#include "transfer/engine.hpp"

namespace bench {
namespace {

std::int64_t count_of(const asio::error_code& error, std::size_t n) {
  return error ? -error.value() : static_cast<std::int64_t>(n);
}

class asio_files final : public engine {
 public:
  asio_files(const plan& p, int fd, bool coroutines)
      : plan_(p), coroutines_(coroutines), memory_(p.block * p.depth) {
    std::vector<asio::mutable_buffer> buffers;
    for (unsigned i = 0; i < p.depth; ++i) {
      buffers.emplace_back(memory_.data() + i * p.block, p.block);
      files_.emplace_back(context_).assign(::dup(fd));
    }
    registered_.emplace(asio::register_buffers(context_, buffers));
  }

  void run(std::uint64_t count, work& w) override {
    left_ = count;
    work_ = &w;
    for (unsigned i = 0; i < plan_.depth; ++i) {
      if (coroutines_) {
        asio::co_spawn(context_, coroutine(i), [](const std::exception_ptr& failure) {
          if (failure) std::rethrow_exception(failure);
        });
      } else {
        start(i);
      }
    }
    context_.run();
    context_.restart();
  }

 private:
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * plan_.block; }

  template <class Token>
  auto transfer(unsigned i, std::uint64_t offset, Token&& token) {
    if (plan_.writes) {
      work_->stamp(buffer(i), offset);
      return files_[i].async_write_some_at(offset, asio::const_registered_buffer((*registered_)[i]),
                                           std::forward<Token>(token));
    }
    return files_[i].async_read_some_at(offset, (*registered_)[i], std::forward<Token>(token));
  }

  void start(unsigned i) {
    if (left_ == 0) return;
    --left_;
    const std::uint64_t offset = work_->next();
    transfer(i, offset, [this, i, offset](const asio::error_code& error, std::size_t n) {
      work_->check(count_of(error, n), buffer(i), offset);
      start(i);
    });
  }

  asio::awaitable<void> coroutine(unsigned i) {
    while (left_ > 0) {
      --left_;
      const std::uint64_t offset = work_->next();
      const std::size_t n = co_await transfer(i, offset, asio::use_awaitable);
      work_->check(static_cast<std::int64_t>(n), buffer(i), offset);
    }
  }

  plan plan_;
  bool coroutines_;
  pages memory_;
  std::uint64_t left_ = 0;
  work* work_ = nullptr;
  asio::io_context context_{1};
  std::vector<asio::random_access_file> files_;
  std::optional<asio::buffer_registration<std::vector<asio::mutable_buffer>>> registered_;
};

}  // namespace

std::unique_ptr<engine> by_asio(const plan& p, int fd, bool coroutines) {
  return std::make_unique<asio_files>(p, fd, coroutines);
}

}  // namespace bench
