#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "carousel/buf/pool_options.hpp"
#include "copy/attribute_table.hpp"
#include "copy/content_way.hpp"

namespace carousel::tool {

/// What a copy has done, and what went wrong: each sentence goes to stderr when it is known.
class copy_report {
 public:
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t special_files = 0;  ///< FIFOs, sockets and device nodes
  std::uint64_t hard_links = 0;     ///< further names of files that were copied
  std::uint64_t skipped = 0;        ///< kept, because -n or -u says so
  std::uint64_t excluded = 0;       ///< directories count once, whatever is in them
  std::uint64_t removed = 0;        ///< names that no source has
  std::uint64_t bytes = 0;
  std::uint64_t sizes = 0;  ///< of the files; holes and what was shared are no bytes
  registration buffers = registration::none;  ///< of the large ones; none: they were not needed

  /// "cannot WHAT 'WHERE': WHY."
  void fail(std::string_view what, std::string_view where, const std::error_code& why);
  /// The same of a name at the target. One that has no room, may not be written to or fails will do
  /// so for each file that is left: after some such errors the copy is over, and those of the files
  /// in flight are counted only.
  void fail_at_target(std::string_view what, std::string_view where, const std::error_code& why);
  /// "'WHERE' WHY."
  void refuse(std::string_view where, std::string_view why);
  /// What was not kept of a copy. `name` puts its path together, that of the source or of the
  /// target, if somebody is to read it.
  void lose(const attribute_losses& lost, const std::function<std::string(bool of_source)>& name);
  /// The content of one more file is there.
  void count(const chosen_way& way, std::uint64_t copied) { contents_[way].add(copied); }
  /// Not an error; said once.
  void note(std::string text);
  [[nodiscard]] bool failed() const noexcept { return errors_ != 0; }
  /// Nothing more is to be begun: a signal came, or the target takes nothing.
  [[nodiscard]] bool over() const noexcept;

  /// Whether what is done, or would be, is to be told of each name.
  bool names_each = false;
  /// On stdout: "'FROM' -> 'TO': HOW", and "'NAME': HOW".
  void tell(std::string_view from, std::string_view to, std::string_view how);
  void tell(std::string_view name, std::string_view how);
  /// Nothing is touched, and all figures are of what would be done.
  bool dry_run = false;

  /// Called before anything is written to the terminal.
  std::function<void()> before_output = [] {};

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
  void error(std::string sentence, bool aloud = true);

  std::uint64_t errors_ = 0;
  std::uint64_t target_errors_ = 0;  ///< of those that end the copy
  std::map<chosen_way, amount> contents_;
  std::vector<std::string> first_errors_;
  std::vector<std::string> notes_;
};

}  // namespace carousel::tool
