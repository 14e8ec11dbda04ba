#include <cerrno>
#include <cstring>
#include <string>

#include "carousel/result.hpp"

// Errors of the system calls that every operation needs: each errno has a sentence of its own, with
// the call, the name and the number.

namespace carousel::detail {
namespace {

[[nodiscard]] std::string name_and_number(int error) {
  const char* const name = ::strerrorname_np(error);
  const std::string number = std::to_string(error);
  return name != nullptr ? std::string(name) + " (" + number + ")" : "error " + number;
}

[[nodiscard]] std::string reason(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return "a seccomp filter or security module (often a container's default profile) denies it, "
             "though not io_uring_setup; allow io_uring_setup, io_uring_enter and "
             "io_uring_register";
    case ENOSYS:
      return "a seccomp filter pretends that this kernel, which has made a ring, does not know the "
             "call; allow io_uring_setup, io_uring_enter and io_uring_register";
    case EAGAIN: return "the kernel has no memory for requests";
    case EBUSY: return "the kernel holds completions back until there is room for them";
    case ENOMEM:
      return "the kernel has no memory for it: free some, or raise the memory limit of the "
             "container";
    case EMFILE: return "the process has no descriptor left; raise the limit with `ulimit -n`";
    case ENFILE: return "the system has no descriptor left; raise fs.file-max with sysctl";
    default: return std::generic_category().message(error);
  }
}

/// The values are the kernel's errno.
class refused_call final : public std::error_category {
 public:
  explicit constexpr refused_call(const char* call) noexcept : call_(call) {}
  const char* name() const noexcept override { return call_; }
  std::string message(int error) const override {
    return std::string(call_) + ": " + name_and_number(error) + ": " + reason(error);
  }
  std::error_condition default_error_condition(int error) const noexcept override {
    return std::generic_category().default_error_condition(error);
  }

 private:
  const char* call_;
};

struct refused_calls {
  refused_call enter{"io_uring_enter"};
  refused_call registering{"io_uring_register"};
  refused_call setup{"io_uring_setup"};
};
[[nodiscard]] const refused_calls& refused() noexcept {
  static const refused_calls all;
  return all;
}

}  // namespace

std::error_code refusal_of(int code) noexcept {
  if (code < refused_setup) return {refused_setup - code, refused().setup};
  if (code < refused_register) return {refused_register - code, refused().registering};
  return {refused_enter - code, refused().enter};
}

int result_of(std::error_code refusal) noexcept {
  const std::error_category& of = refusal.category();
  if (of == refused().setup) return refused_setup - refusal.value();
  if (of == refused().registering) return refused_register - refusal.value();
  if (of == refused().enter) return refused_enter - refusal.value();
  return -refusal.default_error_condition().value();
}

}  // namespace carousel::detail
