#pragma once

#include <deque>

#include "carousel/carousel.hpp"
#include "copy/content.hpp"
#include "copy/copier.hpp"
#include "copy/descriptors.hpp"
#include "mailbox.hpp"
#include "part_outcome.hpp"
#include "places.hpp"
#include "storage_watch.hpp"
#include "talk.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// Parts of large files, by the names of both files, whichever rank has cut them (cut_files). A
/// part that was written was closed before anybody is told, as file systems with close-to-open
/// consistency want it.
class part_copier {
 public:
  part_copier(mailbox& box, places& where, const tool::copy_options& options, storage_watch& watch,
              tool::copy_report& report);
  void set_copier(tool::copier& copier) noexcept { copier_ = &copier; }

  /// Asks for a part, copies it, tells its owner, and asks again; until it is aborted.
  carousel::task<> copy_parts();
  void take_part(file_part part);
  [[nodiscard]] bool busy() const noexcept { return busy_ || !parts_.empty(); }
  /// Asks for no more, and begins none.
  void leave() noexcept { out_ = true; }

 private:
  struct tries {
    tool::descriptor_line::stay stay = {};
    bool settles = false;  ///< with as few descriptors as it takes
    bool reached = false;  ///< both files
  };
  void ask(need how_much);
  carousel::task<part_outcome> copy_in_line(const file_part& part, tries& all);
  void give_back(const file_part& part);
  carousel::task<part_outcome> copy(const file_part& part, tries& all);
  carousel::task<part_outcome> write(const file_part& part, tool::content_ends ends, bool settles);
  carousel::task<part_outcome> compare(const file_part& part, tool::content_ends ends);

  mailbox& box_;
  places& places_;
  const tool::copy_options& options_;
  storage_watch& watch_;
  tool::copy_report& report_;
  tool::copier* copier_ = nullptr;
  std::deque<file_part> parts_;  ///< to be copied here; one at the most
  bool busy_ = false;            ///< with a part
  need asked_ = need::none;
  carousel::event came_;
  bool out_ = false;
};

}  // namespace carousel_mpi
