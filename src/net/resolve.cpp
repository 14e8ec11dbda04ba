#include "carousel/net/resolve.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "carousel/buf/io_buf.hpp"
#include "carousel/fs/file.hpp"
#include "driver/signal_event.hpp"

namespace carousel {
namespace {

class resolver_errors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int value) const override { return ::gai_strerror(value); }
  std::error_condition default_error_condition(int value) const noexcept override {
    switch (value) {
      case EAI_AGAIN: return std::errc::resource_unavailable_try_again;
      case EAI_MEMORY: return std::errc::not_enough_memory;
      default: return {value, *this};
    }
  }
};

std::error_code resolver_error(int value, int system_error) noexcept {
  static const resolver_errors category;
  if (value == EAI_SYSTEM) return detail::kernel_error(-system_error);
  return {value, category};
}

/// What the thread and the task share: whoever releases it last ends it.
struct question {
  std::string host;
  std::string service;
  result<std::vector<socket_address>> answer;
  std::atomic<bool> answered = false;  ///< from then on the answer is the task's
  int signal;                          ///< a duplicate of the task's eventfd

  question(std::string h, std::string s, int fd) noexcept
      : host(std::move(h)), service(std::move(s)), signal(fd) {}
  question(const question&) = delete;
  question& operator=(const question&) = delete;
  ~question() { ::close(signal); }
};

result<std::vector<socket_address>> ask(const question& q) {
  const auto or_null = [](const std::string& s) { return s.empty() ? nullptr : s.c_str(); };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // else each address comes once for each type
  hints.ai_flags = q.host.empty() ? AI_PASSIVE : 0;
  addrinfo* list = nullptr;
  // It wants one of them at least.
  const char* const service = q.host.empty() && q.service.empty() ? "0" : or_null(q.service);
  const int failed = ::getaddrinfo(or_null(q.host), service, &hints, &list);
  if (failed != 0) return std::unexpected(resolver_error(failed, errno));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(list, ::freeaddrinfo);
  std::vector<socket_address> found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const auto address = socket_address::from(one->ai_addr, one->ai_addrlen);
    if (address && std::ranges::find(found, *address) == found.end()) found.push_back(*address);
  }
  return found;
}

void answer(const std::shared_ptr<question>& q) noexcept {
  try {
    q->answer = ask(*q);
  } catch (const std::bad_alloc&) {
    q->answer = std::unexpected(std::make_error_code(std::errc::not_enough_memory));
  }
  q->answered.store(true, std::memory_order_release);
  detail::signal_event(q->signal);
}

/// Signals of the process are for its own threads.
result<> start_thread(const std::shared_ptr<question>& q) {
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::error_code error;
  try {
    std::thread(answer, q).detach();
  } catch (const std::system_error& e) {
    error = e.code();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error) return std::unexpected(error);
  return {};
}

}  // namespace

task<result<std::vector<socket_address>>> resolve(std::string host, std::string service) {
  const int fd = ::eventfd(0, EFD_CLOEXEC);
  if (fd < 0) co_return std::unexpected(detail::kernel_error(-errno));
  const file answered = file::from_fd(fd);
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) co_return std::unexpected(detail::kernel_error(-errno));
  const auto q = std::make_shared<question>(std::move(host), std::move(service), copy);
  const result<> started = start_thread(q);
  if (!started) co_return std::unexpected(started.error());
  const auto signal = co_await answered.read(std::vector<std::byte>(sizeof(std::uint64_t)));
  if (!signal.res) co_return std::unexpected(signal.res.error());
  CAROUSEL_ASSERT(q->answered.load(std::memory_order_acquire),
                  "a resolver's thread signals when it has answered");
  co_return std::move(q->answer);
}

}  // namespace carousel
