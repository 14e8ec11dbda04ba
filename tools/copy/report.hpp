#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "carousel/buf/pool_options.hpp"
#include "copy/attribute_table.hpp"
#include "copy/content_way.hpp"
#include "copy/file_report.hpp"

namespace carousel::tool {

/// What a copy has done, and what went wrong. What is said goes out in the order of the walk,
/// whichever file is finished first: a sentence waits until all that stands before it has ended. Of
/// the thread that walks, but for `bytes`.
class copy_report {
 public:
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t special_files = 0;       ///< FIFOs, sockets and device nodes
  std::uint64_t hard_links = 0;          ///< further names of files that were copied
  std::uint64_t skipped = 0;             ///< kept, because -n or -u says so
  std::uint64_t excluded = 0;            ///< directories count once, whatever is in them
  std::uint64_t removed = 0;             ///< names that no source has
  std::atomic<std::uint64_t> bytes = 0;  ///< of any thread
  std::uint64_t sizes = 0;               ///< of the files; holes and what was shared are no bytes
  registration buffers = registration::none;  ///< of the large ones; none: they were not needed

  /// The next step of the walk, whose end() must come.
  [[nodiscard]] std::shared_ptr<file_report> begin();
  /// Nothing more is said of it. Some errors of the target end the copy.
  void end(file_report& step);
  /// Steps that wait for one before them, or have not ended.
  [[nodiscard]] std::size_t pending() const noexcept { return steps_.size(); }
  /// Whatever has been said, of steps that nobody will end too.
  void publish_all();

  // As in a step of its own, which ends with it.

  void fail(std::string_view what, std::string_view where, const std::error_code& why);
  void fail_at_target(std::string_view what, std::string_view where, const std::error_code& why);
  void refuse(std::string_view where, std::string_view why);
  void note(std::string text);
  void tell(std::string_view from, std::string_view to, std::string_view how);
  void tell(std::string_view name, std::string_view how);

  /// The content of one more file is there.
  void count(const chosen_way& way, std::uint64_t copied) { contents_[way].add(copied); }
  [[nodiscard]] bool failed() const noexcept { return errors_ != 0; }
  /// Nothing more is to be begun: a signal came, or the target takes nothing.
  [[nodiscard]] bool over() const noexcept;

  /// Whether what is done, or would be, is to be told of each name.
  bool names_each = false;
  /// Nothing is touched, and all figures are of what would be done.
  bool dry_run = false;

  /// Others do what is left when the target of this process takes nothing: all errors are said, and
  /// not that it has stopped.
  bool has_others = false;

  /// Called before anything is written to the terminal.
  std::function<void()> before_output = [] {};
  /// Called with each error, and the path that it is about; says it.
  std::function<void(std::string_view where, std::string_view sentence)> on_error = say_error;
  /// Called with what is told of each name, a line; says it.
  std::function<void(std::string_view line)> on_line = say_line;
  /// Called with each note; says it.
  std::function<void(std::string_view sentence)> on_note = say_note;
  /// Called with the hash and the name of each file for a manifest.
  std::function<void(std::string_view hash, std::string_view name)> on_listed = [](auto, auto) {};

  /// Members of the one JSON object.
  [[nodiscard]] nlohmann::json object(double seconds) const;
  /// A line on stdout, and one for each way in which content was copied.
  void print(double seconds) const;
  /// More of them: how fast it was, and what it took of the machine.
  void print_statistics(double seconds) const;
  [[nodiscard]] nlohmann::json statistics(double seconds) const;

 private:
  struct amount {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    void add(std::uint64_t more) noexcept {
      ++files;
      bytes += more;
    }
  };
  static void say_error(std::string_view where, std::string_view sentence);
  static void say_line(std::string_view line);
  static void say_note(std::string_view sentence);
  template <class Say>
  void at_once(Say say);
  void publish(file_report& step);
  void publish(file_report::statement& said);
  void add_error(std::string_view where, std::string sentence, bool aloud);
  void add_note(std::string text);

  std::deque<std::shared_ptr<file_report>> steps_;  ///< from the first that has not ended
  std::uint64_t errors_ = 0;
  std::uint64_t target_errors_ = 0;       ///< of those that end the copy
  std::uint64_t target_errors_told_ = 0;  ///< of those, what was published
  std::map<chosen_way, amount> contents_;
  std::vector<std::string> first_errors_;
  std::vector<std::string> notes_;
};

}  // namespace carousel::tool
