#include "storage_watch.hpp"

#include "copy/lost_storage.hpp"

namespace carousel_mpi {

/// A directory that is broken by itself says nothing of the others: what the command line names is
/// asked too.
bool storage_watch::is_for_others(const spot& where, const std::error_code& why,
                                  std::int32_t not_for) {
  if (!tool::is_lost_storage(why)) return false;
  tool::handles open;
  const auto highest = places_.at({where.operand, where.path.empty() ? "" : "/"}, open);
  if (!highest && tool::is_lost_storage(highest.error())) {
    ++failures_;
    why_ = why;
  }
  return not_for == nobody;
}

}  // namespace carousel_mpi
