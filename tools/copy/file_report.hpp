#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "copy/attribute_table.hpp"

namespace carousel::tool {

/// What is to be said of one step of the walk: a file, or the end of a directory. Whoever works on
/// it puts it together, one thread at a time; the report publishes it when all that stands before
/// it in the walk was published.
class file_report {
 public:
  explicit file_report(bool names_each) noexcept : names_each_(names_each) {}

  /// "cannot WHAT 'WHERE': WHY."
  void fail(std::string_view what, std::string_view where, const std::error_code& why);
  /// The same of a name at the target. One that has no room, may not be written to, fails or is
  /// gone will do so for each file that is left.
  void fail_at_target(std::string_view what, std::string_view where, const std::error_code& why);
  /// "'WHERE' WHY."
  void refuse(std::string_view where, std::string_view why);
  /// What was not kept of a copy. `name` puts its path together, that of the source or of the
  /// target, if somebody is to read it.
  void lose(const attribute_losses& lost, const std::function<std::string(bool of_source)>& name);
  /// Not an error; said once for the whole copy.
  void note(std::string text);
  /// Whether what is done, or would be, is to be told of each name.
  [[nodiscard]] bool names_each() const noexcept { return names_each_; }
  /// On stdout: "'FROM' -> 'TO': HOW", and "'NAME': HOW".
  void tell(std::string_view from, std::string_view to, std::string_view how);
  void tell(std::string_view name, std::string_view how);
  /// For the manifest.
  void list(std::string_view hash, std::string name);

 private:
  friend class copy_report;
  enum class kind : std::uint8_t { error, target_error, note, line, listed };
  struct statement {
    kind what;
    std::string text;
    std::string hash = {};   ///< of what is listed
    std::string where = {};  ///< of an error: the path that it is about
  };

  std::vector<statement> said_;
  bool names_each_;
  bool ended_ = false;
};

}  // namespace carousel::tool
