#pragma once

#include <memory>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/copier.hpp"
#include "copy/report.hpp"
#include "own_unit.hpp"
#include "places.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// Has units copied by the copier of this rank, one after the other, in the places that they name.
/// What cannot be gone to is in the report.
class unit_copier {
 public:
  /// `follows`: links to directories are copied as what they lead to.
  unit_copier(places& where, bool follows, tool::copy_report& report) noexcept
      : places_(where), follows_(follows), report_(report) {}
  void set_copier(tool::copier& copier) noexcept { copier_ = &copier; }

  /// Until all of it is begun.
  carousel::task<> run(own_unit one);

 private:
  carousel::task<carousel::result<std::shared_ptr<tool::place>>> go_to(const spot& where,
                                                                       tool::handles& open);
  carousel::task<> run_directory(own_unit one, std::shared_ptr<tool::place> where);
  carousel::task<> copy_names(std::vector<named_file> names);

  places& places_;
  bool follows_;
  tool::copy_report& report_;
  tool::copier* copier_ = nullptr;
};

}  // namespace carousel_mpi
