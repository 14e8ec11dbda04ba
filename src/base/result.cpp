#include <cerrno>
#include <string>

#include "carousel/result.hpp"

namespace carousel {
namespace {

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "carousel"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::not_registered:
        return "the buffer's collection is not registered with a runtime; call register_buffers() "
               "first";
      case errc::already_registered:
        return "a collection is already registered here; call unregister_buffers() on it first";
      case errc::busy: return "operations in flight still use it; wait for them and try again";
      case errc::wrong_runtime: return "the buffer's collection is registered with another runtime";
      case errc::stale_buffer:
        return "the kernel may still write into this memory since a runtime ended before its "
               "operations; it is never used again";
      case errc::no_such_capacity:
        return "no buffer of the pool has this capacity; ask for a capacity the pool was made with";
      case errc::too_many_buffers:
        return "a collection has at most 16,384 buffers, the kernel's limit";
      case errc::bad_buffer:
        return "a collection needs at least one buffer, and each needs 1 byte to 1 TiB of writable "
               "memory that the kernel can lock; why_plain() of the pool says which of them it did "
               "not take, and why";
      case errc::pool_closed: return "the pool is closed";
      case errc::timed_out: return "the time is up";
      case errc::canceled: return "the operation was cancelled";
      case errc::end_of_file:
        return "the file, the connection or the stream ended before what was asked for";
      case errc::write_zero: return "the file accepted no more bytes";
      case errc::misaligned:
        return "O_DIRECT: the address, the length or the offset is not a multiple of the file "
               "system's alignment (see "
               "file_info::direct_memory_alignment and direct_offset_alignment)";
      case errc::not_supported: return "this kernel or this file does not support the operation";
      case errc::shut_down: return "the runtime has ended";
      case errc::io_uring_disabled:
        return "io_uring is switched off on this system; run: sysctl -w kernel.io_uring_disabled=0";
      case errc::io_uring_denied:
        return "io_uring_setup: EPERM (1) or EACCES (13): a seccomp filter or security module "
               "(often a container's default profile) denies it; allow io_uring_setup, "
               "io_uring_enter and io_uring_register";
      case errc::kernel_too_old:
        return "the kernel has no io_uring, or one older than Linux 5.11 (io_uring_setup: EINVAL, "
               "22), or a seccomp filter pretends so (ENOSYS, 38)";
      case errc::memlock_limit:
        return "RLIMIT_MEMLOCK is too small; raise it with `ulimit -l`, LimitMEMLOCK= of the "
               "systemd unit, or a line "
               "\"USER hard memlock KIBIBYTES\" in /etc/security/limits.conf";
      case errc::closed: return "the channel is closed";
      case errc::no_child:
        return "the process has ended, but how is not to be known: it is no child of this one, or "
               "somebody else has collected it with wait(), or the kernel has, as SIGCHLD is "
               "ignored";
      case errc::chain_broken:
        return "an operation of the same chain was refused, failed, or moved fewer bytes than its "
               "buffer has, so this one was not started; its own result says which";
      case errc::no_worker:
        return "the kernel dropped the operation although nobody cancelled it: it could not start "
               "a worker thread; raise the number of processes with `ulimit -u` or TasksMax= of "
               "the systemd unit";
    }
    return "unknown carousel error";
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<errc>(value)) {
      case errc::busy: return std::errc::device_or_resource_busy;
      case errc::bad_buffer: return std::errc::bad_address;
      case errc::timed_out: return std::errc::timed_out;
      case errc::canceled: return std::errc::operation_canceled;
      case errc::misaligned: return std::errc::invalid_argument;
      case errc::too_many_buffers: return std::errc::argument_list_too_long;
      case errc::no_such_capacity: return std::errc::invalid_argument;
      case errc::not_supported: return std::errc::not_supported;
      case errc::io_uring_disabled:
      case errc::io_uring_denied: return std::errc::operation_not_permitted;
      case errc::kernel_too_old: return std::errc::function_not_supported;
      case errc::memlock_limit: return std::errc::not_enough_memory;
      case errc::no_worker: return std::errc::resource_unavailable_try_again;
      case errc::no_child: return std::errc::no_child_process;
      case errc::chain_broken: return std::errc::operation_canceled;
      default: return {value, *this};
    }
  }
};

}  // namespace

const std::error_category& carousel_category() noexcept {
  static const category instance;
  return instance;
}

namespace detail {

std::error_code kernel_error(int negative_errno) noexcept {
  const int value = -negative_errno;
  if (value == ECANCELED) return errc::canceled;
  if (negative_errno == unasked_cancel) return errc::no_worker;
  if (negative_errno == broken_chain) return errc::chain_broken;
  if (negative_errno < refused_enter) return refusal_of(negative_errno);
  // ERESTARTSYS to ERESTART_RESTARTBLOCK: a cancelled open of a FIFO leaks them.
  if (value >= 512 && value <= 516) return std::make_error_code(std::errc::interrupted);
  return {value, std::generic_category()};
}

failure_code failure(std::error_code error) noexcept {
  if (error.category() == carousel_category()) return error.value();
  if (error.category() == std::generic_category()) return -error.value();
  return result_of(error);
}

}  // namespace detail
}  // namespace carousel
