#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "carousel/carousel.hpp"
#include "coordinator.hpp"
#include "copy/copier.hpp"
#include "copy/copy_share.hpp"
#include "cut_files.hpp"
#include "job_mark.hpp"
#include "mailbox.hpp"
#include "own_unit.hpp"
#include "part_copier.hpp"
#include "places.hpp"
#include "storage_watch.hpp"
#include "talk.hpp"
#include "unit_copier.hpp"
#include "unit_queue.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

/// What this rank does of the copy. It begins units one after the other, its own and those that
/// rank 0 sends, and asks for more when it begins the last; what it meets and others could do it
/// keeps in a short queue, and gives away what is in it when rank 0 says that it has little.
///
/// pump() brings messages in and out as long as the copy runs. All in the thread of MPI.
class worker : public tool::copy_share {
 public:
  struct settings {
    const tool::copy_options& options;
    std::uint64_t part_bytes;  ///< of large files, copied by one rank at a time
    job_mark& mark;
  };
  /// `zero` is what rank 0 does beside; null elsewhere.
  worker(mailbox& box, const settings& how, tool::copy_report& report, coordinator* zero);
  void set_copier(tool::copier& copier);
  /// At rank 0: whether all that was to be copied is, so far as is known.
  std::function<bool()> all_is_well = [] { return false; };
  /// Is told of messages that are for neither it nor the coordinator.
  std::function<void(int from, talk about, message_reader& what)> other = [](auto, auto, auto&) {};

  /// Until it is aborted.
  carousel::task<> pump();

  [[nodiscard]] double busy_seconds() const noexcept { return busy_.count(); }
  /// Of a processor, for messages, those of the coordinator too.
  [[nodiscard]] double message_seconds() const noexcept { return with_messages_.count(); }

  // copy_share

  carousel::result<> finds(const tool::place& where) override;
  carousel::result<bool> leads_to_copy(const tool::place& where, bool by_link) override;
  [[nodiscard]] bool owns_name(std::string_view name) const noexcept override {
    return how_.mark.has_name(name);
  }
  bool takes_operand(const tool::file_job& job, const struct stat& about) override;
  bool takes_directory(const std::shared_ptr<tool::place>& from,
                       const named_directory& it) override;
  bool takes_files(const std::shared_ptr<tool::place>& where, std::size_t in_all,
                   std::vector<carousel::directory_entry>& files) override;
  bool takes_name(const tool::file_job& job, const struct stat& about) override;
  bool takes_end(const std::shared_ptr<tool::place>& where) override;
  [[nodiscard]] bool takes_content(const struct stat& about) const override;
  carousel::task<carousel::result<tool::copied_content>> copy_content(
      open_content content, tool::content_progress& progress) override;
  carousel::task<carousel::result<bool>> verify_content(open_content content) override;
  carousel::task<> work() override;
  [[nodiscard]] std::chrono::milliseconds interruption_grace() const noexcept override;

 private:
  enum class phase : std::uint8_t { files, links, over };

  void take(int from, message_reader& what);
  [[nodiscard]] bool over() const noexcept;
  void be_out();
  void say_given_up(const std::vector<work_unit>& left);
  [[nodiscard]] bool shares() const noexcept;
  void meet(own_unit one);
  void meet_operands();
  void ask(need how_much);
  void give();
  void leave_names();
  void tell_idle();
  bool pass_messages();
  void count_time();
  [[nodiscard]] work_unit for_others(own_unit one);
  carousel::task<> end_directories(std::int64_t depth);

  mailbox& box_;
  settings how_;
  tool::copy_report& report_;
  coordinator* zero_;
  tool::copier* copier_ = nullptr;
  places places_;
  storage_watch watch_;
  unit_copier units_;
  cut_files cut_;
  part_copier parts_;

  phase now_ = phase::files;
  unit_queue queue_;
  want wants_ = want::met;
  need asked_ = need::none;
  bool waits_ = false;  ///< for units
  bool out_ = false;
  std::uint64_t received_ = 0;  ///< messages with work
  std::optional<std::uint64_t> told_idle_;
  std::optional<std::int64_t> ends_due_;
  carousel::event came_;

  std::unordered_set<const tool::place*> late_;  ///< others make something in them
  std::map<std::int64_t, std::vector<std::shared_ptr<tool::place>>> ends_;  ///< by depth
  std::vector<named_file> names_;     ///< to be left with rank 0
  std::vector<named_file> operands_;  ///< to be met as one unit

  std::chrono::steady_clock::time_point looked_;
  std::chrono::duration<double> busy_{};
  std::chrono::duration<double> with_messages_{};
};

}  // namespace carousel_mpi
