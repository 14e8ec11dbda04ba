#pragma once

#include <functional>
#include <string>
#include <system_error>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Who may open a copy as long as it has a name that is not the final one.
enum class early_access : bool { by_mode, owner_only };
/// Whether a copy has a name before its final one where it need not: others can open it by that.
enum class early_name : bool { if_needed, always };

/// The copy of a file until it is whole. Where the file system can, it has no name at all before
/// that, so that nothing is left of a copy that is killed; elsewhere it has a temporary one beside
/// the final name, which goes away with this object.
class landing {
 public:
  /// `mode` is before the umask. The directory stays open as long as this object lives.
  static result<landing> make(int directory, std::string name, unsigned mode, early_access early,
                              early_name named = early_name::if_needed);
  /// Empties the file that has the name, to be written in place, where no other can be put there.
  /// It has nothing of the promise above: what fails or is killed leaves a part.
  static result<landing> in_place(int directory, std::string name);
  landing(landing&& other) noexcept;
  landing& operator=(landing&&) = delete;
  ~landing();

  /// Open for reading and writing.
  [[nodiscard]] const file& opened() const noexcept { return file_; }
  [[nodiscard]] bool is_in_place() const noexcept { return in_place_; }
  /// Its name in the directory until it gets the final one; empty where it has none.
  [[nodiscard]] const std::string& temporary() const noexcept { return temporary_; }

  /// Gives the file its name, in one step: what had that name before is replaced, a symbolic link
  /// too. With if_exists::fail that is the error file_exists. A file with a temporary name
  /// is closed first, for the errors of that.
  task<result<>> publish(if_exists then);

 private:
  landing(int directory, std::string name, std::string temporary, file made) noexcept;
  [[nodiscard]] result<> link(if_exists then);
  [[nodiscard]] result<> rename_temporary(if_exists then);

  int directory_;
  std::string name_;
  std::string temporary_;  ///< to be removed; empty when there is none
  file file_;
  bool in_place_ = false;
};

/// Renames; what has the other name is replaced, or is the error file_exists.
result<> move_into_place(int directory, const std::string& from, const std::string& to,
                         if_exists then);

/// Makes a name by what is whole in one call: a link, a hard link, a special file. What had the
/// name before is replaced in one step, if it shall be. `make` makes such a thing under the name
/// that it is given, which is free: 0, or -1 and errno.
result<> land_node(const directory& where, const std::string& name, if_exists then,
                   const std::function<int(const char*)>& make);

/// Why a hard link was not made: the file system has none, none to there, or no more of this file.
[[nodiscard]] bool takes_no_link(const std::error_code& why) noexcept;

}  // namespace carousel::tool
