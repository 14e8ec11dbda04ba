#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/copier.hpp"
#include "copy/report.hpp"
#include "own_unit.hpp"
#include "places.hpp"
#include "storage_watch.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// Has units copied by the copier of this rank, one after the other, in the places that they name.
/// What cannot be gone to is in the report, unless another rank may try.
class unit_copier {
 public:
  /// `follows`: links to directories are copied as what they lead to.
  unit_copier(places& where, bool follows, storage_watch& watch, tool::copy_report& report) noexcept
      : places_(where), follows_(follows), watch_(watch), report_(report) {}
  void set_copier(tool::copier& copier) noexcept { copier_ = &copier; }

  /// Gets what another rank may try.
  std::function<void(const work_unit& one)> gives_back = [](const work_unit&) {};

  /// Until all of it is begun.
  carousel::task<> run(own_unit one);

 private:
  carousel::task<carousel::result<std::shared_ptr<tool::place>>> go_to(const spot& where,
                                                                       tool::handles& open);
  carousel::task<> run_directory(own_unit one, std::shared_ptr<tool::place> where);
  carousel::task<> copy_names(work_unit unit);
  void cannot_go(own_unit one, std::string_view what, const std::string& path,
                 const std::error_code& why);

  places& places_;
  bool follows_;
  storage_watch& watch_;
  tool::copy_report& report_;
  tool::copier* copier_ = nullptr;
};

}  // namespace carousel_mpi
