#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "mailbox.hpp"
#include "talk.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// What rank 0 does beside its own share: it has what the others can spare and gives it to those
/// who ask, first to those who have nothing, and says when the next phase of the copy begins: what
/// has one name, what has several, the attributes of directories from the deepest to the highest,
/// and the end.
///
/// A phase is over when nothing is left here and each rank has said that it has finished whatever
/// was sent to it. Messages of one rank come in order, so what it gave came before that.
class coordinator {
 public:
  /// `threads` copy small files in each rank.
  coordinator(mailbox& box, std::size_t threads);

  /// Whether the message was one for it.
  bool take(int from, talk about, message_reader& what);
  /// Gives out what there is, and begins the next phase if it is time.
  void go_on();

  [[nodiscard]] std::size_t waiting() const noexcept {
    return pool_.size() + returned_.size() + parts_.size();
  }
  /// Called when no rank is left that could go on, with what nobody copies.
  std::function<void(const std::vector<work_unit>& left)> gives_up = [](const auto&) {};

 private:
  enum class phase : std::uint8_t { files, links, ends, over };
  struct rank_state {
    std::uint64_t sent = 0;  ///< messages with work
    bool idle = false;
    need units = need::none;
    need part = need::none;
    bool out = false;
  };

  template <class Give>
  void give_in_turn(need rank_state::* asked, std::size_t left_min, const Give& give);
  void add(message unit);
  [[nodiscard]] bool suits(std::size_t rank, std::int32_t not_for) const;
  [[nodiscard]] message take_next();
  [[nodiscard]] message next_units();
  [[nodiscard]] std::optional<message> next_returned(std::size_t to);
  [[nodiscard]] std::optional<message> next_part(std::size_t to);
  void give_units();
  void give_parts();
  void stop_if_all_are_out();
  void give_up();
  void say_what_is_wanted();
  [[nodiscard]] want wanted() const;
  [[nodiscard]] bool is_quiet() const noexcept;
  void begin_links();
  void end_directories(std::int64_t depth);
  void tell_all(const message& what);

  mailbox& box_;
  std::vector<rank_state> ranks_;
  std::size_t next_ = 0;          ///< rank to be given something, in turn
  std::size_t copying_;           ///< threads of all ranks
  std::deque<message> pool_;      ///< units, as the messages have them
  std::size_t files_ = 0;         ///< in units of files there
  std::deque<message> returned_;  ///< units that a rank could not get to
  std::deque<file_part> parts_;
  std::unordered_map<std::uint64_t, std::vector<named_file>> names_;  ///< by their inode
  phase now_ = phase::files;
  want wants_ = want::met;
  bool gave_up_ = false;
  std::size_t ends_awaited_ = 0;  ///< ranks
  std::int64_t deepest_ = -1;
};

}  // namespace carousel_mpi
