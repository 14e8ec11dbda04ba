#pragma once

#include <sys/xattr.h>

#include <cstdint>
#include <utility>

#include "carousel/detail/fs/attribute_call.hpp"
#include "carousel/fs/file.hpp"
#include "carousel/path_text.hpp"

namespace carousel {

template <class B>
using get_attribute_operation =
    detail::operation<detail::attribute_call<detail::direction::read, B>>;
template <class B>
using set_attribute_operation =
    detail::operation<detail::attribute_call<detail::direction::write, B>>;

/// What becomes of an extended attribute that a file has, or has not, when it is set.
enum class if_attribute : std::uint8_t {
  any = 0,
  is_new = XATTR_CREATE,     ///< one that is there stays: file_exists
  is_there = XATTR_REPLACE,  ///< one that is not there is the error no_message_available
};

/// getxattr(2), fgetxattr(2): the value of an extended attribute ("user.origin"), of an open file
/// or of what a path leads to, symbolic links followed. Awaited: buf_result<std::size_t, B> with
/// the value in the buffer. A buffer without capacity is told how many bytes the value has, and
/// stays empty.
///
/// Name and path are copied, and the buffer comes back on success and on failure. It is done by a
/// thread of the kernel; a request to stop ends what has not begun. io_uring neither lists nor
/// removes attributes.
///
/// Errors: no_message_available, there is none of this name; result_out_of_range, the buffer is too
/// small, or the name is empty or longer than 255 bytes; filename_too_long, a path of 4,096 bytes
/// or more, or a name of more than 255 in it; operation_not_supported, by the file system, or the
/// name has no namespace ("user.") that it knows; errc::not_supported, before Linux 5.19;
/// bad_file_descriptor, canceled, and what else the kernel says. Throws std::bad_alloc.
template <io_buf_mut B>
get_attribute_operation<B> get_attribute(const file& of, path_text name, B into) {
  return get_attribute_operation<B>(
      {{of.hold(), 0}, {std::move(into), detail::path_block(name.text())}});
}
template <io_buf_mut B>
get_attribute_operation<B> get_attribute(path_text path, path_text name, B into) {
  return get_attribute_operation<B>(
      {{{}, 0}, {std::move(into), detail::path_block(name.text(), path.text())}});
}

/// setxattr(2), fsetxattr(2): gives an extended attribute the bytes of the buffer. Awaited:
/// buf_result<void, B>. Errors moreover: file_exists, argument_list_too_long (a value of more than
/// 64 KiB), no_space_on_device, operation_not_permitted.
template <io_buf B>
set_attribute_operation<B> set_attribute(const file& of, path_text name, B value,
                                         if_attribute it = if_attribute::any) {
  return set_attribute_operation<B>({{of.hold(), static_cast<std::uint32_t>(it)},
                                     {std::move(value), detail::path_block(name.text())}});
}
template <io_buf B>
set_attribute_operation<B> set_attribute(path_text path, path_text name, B value,
                                         if_attribute it = if_attribute::any) {
  return set_attribute_operation<B>(
      {{{}, static_cast<std::uint32_t>(it)},
       {std::move(value), detail::path_block(name.text(), path.text())}});
}

}  // namespace carousel
