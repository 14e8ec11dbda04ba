#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/copier.hpp"
#include "copy/copy_share.hpp"
#include "copy/descriptors.hpp"
#include "mailbox.hpp"
#include "places.hpp"
#include "talk.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// Large files, in parts. The rank that met the file makes the copy under a temporary name and
/// waits for all of its parts, and it alone gives the copy its attributes and its name; the parts
/// are written, or compared, by whoever asks rank 0 for one, by the names of both files. A part
/// that was written was closed before anybody is told, as file systems with close-to-open
/// consistency want it.
class part_copier {
 public:
  part_copier(mailbox& box, places& where, const tool::copy_options& options,
              tool::copy_report& report, std::uint64_t part_bytes);
  void set_copier(tool::copier& copier) noexcept { copier_ = &copier; }

  // The rank that waits.

  carousel::task<carousel::result<tool::copied_content>> copy(
      tool::copy_share::open_content content, tool::content_progress& progress);
  carousel::task<carousel::result<bool>> compare(tool::copy_share::open_content content);
  /// A part of one of its files is there.
  void take_done(message_reader& what);

  // The rank that writes.

  /// Asks for a part, copies it, tells its owner, and asks again; until it is aborted.
  carousel::task<> copy_parts();
  void take_part(file_part part);
  [[nodiscard]] bool busy() const noexcept { return part_.has_value(); }
  /// Asks for no more.
  void leave() noexcept { out_ = true; }

 private:
  /// What becomes of a part.
  struct outcome {
    std::int32_t error = 0;   ///< an errno
    bool ends_early = false;  ///< the source is shorter than it was
    bool differs = false;
    std::uint64_t offset = 0;
    tool::content_progress::step step = tool::content_progress::step::reading;
    tool::chosen_way way = {};
  };
  struct waiting {
    std::size_t left = 0;
    outcome worst = {};
    carousel::event all;
  };

  /// Those parts that have some of the data.
  carousel::task<carousel::result<outcome>> share_out(tool::copy_share::open_content content,
                                                      std::vector<tool::extent> data,
                                                      bool compares);
  struct tries {
    tool::descriptor_line::stay stay = {};
    bool settles = false;  ///< with as few descriptors as it takes
  };
  carousel::task<outcome> copy_in_line(const file_part& part);
  carousel::task<outcome> copy(const file_part& part, tries& all);
  carousel::task<outcome> write(const file_part& part, tool::content_ends ends, bool settles);
  carousel::task<outcome> compare(const file_part& part, tool::content_ends ends);

  mailbox& box_;
  places& places_;
  const tool::copy_options& options_;
  tool::copy_report& report_;
  std::uint64_t part_bytes_;
  tool::copier* copier_ = nullptr;
  std::unordered_map<std::uint64_t, std::shared_ptr<waiting>> tickets_;
  std::uint64_t last_ticket_ = 0;
  std::optional<file_part> part_;  ///< the one that is copied here
  carousel::event came_;
  bool out_ = false;
};

}  // namespace carousel_mpi
