#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "carousel/detail/buf/memory_call.hpp"

namespace carousel {

/// How memory is going to be used: advise_memory(). What takes its content away (MADV_DONTNEED,
/// MADV_FREE, MADV_REMOVE) is not among these: registered memory would show the program other pages
/// than the kernel fills.
enum class memory_advice : std::uint8_t {
  normal = MADV_NORMAL,
  random = MADV_RANDOM,             ///< of a mapped file nothing is read ahead
  sequential = MADV_SEQUENTIAL,     ///< more is read ahead
  will_need = MADV_WILLNEED,        ///< what is in a file, or swapped out, is read now
  huge_pages = MADV_HUGEPAGE,       ///< it may become huge pages
  no_huge_pages = MADV_NOHUGEPAGE,  ///< it may not
  cold = 20,                        ///< MADV_COLD: the first to go where memory is short
  page_out = 21,                    ///< MADV_PAGEOUT: written out, or swapped, now
  populate_read = 22,               ///< MADV_POPULATE_READ (Linux 5.14): mapped now, to be read
  populate_write = 23,              ///< MADV_POPULATE_WRITE (Linux 5.14): the same, to be written
  collapse = 25,                    ///< MADV_COLLAPSE (Linux 6.1): made huge pages of now
};

/// What advise_memory() returns, awaited once: result<>.
using advise_memory_operation = detail::operation<detail::memory_call>;

/// madvise(2): tells the kernel how memory of this process will be used, or lets it map or read
/// that now, by a thread of its own. What the memory holds stays as it is, so that the span may be
/// in use meanwhile, also by other operations. It is not kept: where it is unmapped by then the
/// advice is for whatever is mapped there.
///
/// `of` begins at a page, also where it is empty and nothing happens; its end is rounded up to one.
/// A request to stop ends what has not begun. As the last member it may be part of a chain.
///
/// Errors: invalid_argument, the span begins inside a page, the kernel or the memory does not know
/// the advice, memory that may not be read, or not written, is to be populated so, or with kernels
/// before 6.11 the span has 4 GiB or more; not_enough_memory, a part of it is not mapped, before
/// which populate_read and populate_write end, while the rest is advised all the same otherwise, or
/// the kernel has no memory; bad_address, a page to be populated cannot be had, as beyond the end
/// of its file; bad_file_descriptor, will_need where the memory is of no file, in a kernel without
/// swapping; io_error, what will_need reads; device_or_resource_busy and
/// resource_unavailable_try_again, collapse where pages are in use or cannot be had now;
/// errc::not_supported, a kernel built without it; errc::canceled.
advise_memory_operation advise_memory(std::span<const std::byte> of, memory_advice use) noexcept;

}  // namespace carousel
