#pragma once

#include "carousel/detail/io/close_call.hpp"

namespace carousel {

/// What close() of a file or a socket returns. Awaited: result<>.
using close_operation = detail::operation<detail::close_call>;

}  // namespace carousel
