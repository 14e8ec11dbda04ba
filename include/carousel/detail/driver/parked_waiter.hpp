#pragma once

#include <cstdio>

#include "carousel/detail/base/waiter.hpp"

namespace carousel::detail {

struct parked_tag;

/// A waiter that stands in a list which may outlive the runtime: a pool's. The runtime keeps it in a second list, so that it
/// can take it out when it ends and name it when nothing goes on.
struct parked_waiter : scoped_waiter, list_hook<parked_tag> {
  void (*write_reason)(const parked_waiter&, std::FILE*) = nullptr;
  void describe(std::FILE* out) const { write_reason(*this, out); }
};

}  // namespace carousel::detail
