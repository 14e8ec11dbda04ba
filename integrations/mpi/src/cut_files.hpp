#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/copier.hpp"
#include "copy/copy_share.hpp"
#include "mailbox.hpp"
#include "part_outcome.hpp"
#include "places.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// The large files of this rank, which it has cut into parts for all: it has made each copy, under
/// a temporary name, waits for all of its parts, whoever writes or compares them (part_copier), and
/// alone gives the copy its attributes and its name.
class cut_files {
 public:
  cut_files(mailbox& box, places& where, const tool::copy_options& options,
            std::uint64_t part_bytes);
  void set_copier(tool::copier& copier) noexcept { copier_ = &copier; }

  /// Errors: as those of tool::copy_content(), with the progress told.
  carousel::task<carousel::result<tool::copied_content>> copy(
      tool::copy_share::open_content content, tool::content_progress& progress);
  /// Whether both are the same when they are read again.
  carousel::task<carousel::result<bool>> compare(tool::copy_share::open_content content);
  /// A part of one of the files is there.
  void take_done(message_reader& what);

 private:
  struct waiting {
    std::size_t left = 0;
    part_outcome worst = {};
    carousel::event all;
  };

  /// Those parts that have some of the data.
  carousel::task<carousel::result<part_outcome>> share_out(tool::copy_share::open_content content,
                                                           std::vector<tool::extent> data,
                                                           bool compares);

  mailbox& box_;
  places& places_;
  const tool::copy_options& options_;
  std::uint64_t part_bytes_;
  tool::copier* copier_ = nullptr;
  std::unordered_map<std::uint64_t, std::shared_ptr<waiting>> tickets_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace carousel_mpi
