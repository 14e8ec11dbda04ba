#pragma once

#include <cstdint>
#include <system_error>

#include "places.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// Whether this rank still gets to the files. One whose storage is gone fails at once, sooner than
/// the others do their work, so what it cannot go to is for another rank, and after some failures
/// in a row it shall have nothing more.
class storage_watch {
 public:
  explicit storage_watch(places& where) noexcept : places_(where) {}

  /// Something of the copy was reached.
  void reached() noexcept { failures_ = 0; }
  /// Something there was not. Whether another rank may try, which none has done before: the error
  /// may be this rank's alone.
  [[nodiscard]] bool is_for_others(const spot& where, const std::error_code& why,
                                   std::int32_t not_for);

  [[nodiscard]] bool is_lost() const noexcept { return failures_ >= failures_max; }
  /// Of the last failure.
  [[nodiscard]] const std::error_code& why() const noexcept { return why_; }

 private:
  static constexpr int failures_max = 3;

  places& places_;
  int failures_ = 0;
  std::error_code why_;
};

}  // namespace carousel_mpi
