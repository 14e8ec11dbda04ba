#pragma once

#include <memory>
#include <string>

#include "copy/name_claims.hpp"
#include "copy/place.hpp"
#include "copy/walk.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// A unit that is in this rank's hands. One that was met here has its place and, for some, that
/// place's descriptors; one that has come from rank 0 has what the message says.
struct own_unit {
  work_unit unit;
  std::shared_ptr<tool::place> where = nullptr;
  tool::handles open = {};
  tool::claim claimed = {};
  bool follow = false;
  std::string target_name = {};
};

}  // namespace carousel_mpi
