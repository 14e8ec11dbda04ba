#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carousel/result.hpp"
#include "copy/copy_options.hpp"
#include "message.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// A file beside the copy as long as the job makes files there, ".carousel-mpi-" and the number of
/// the job, which the temporary names of its files have too. A rank that does not see it is on
/// another file system. A job that was killed leaves it, and the next one of the same command
/// removes what that one has left without a final name.
///
/// A job is dead when its rank 0 is not there any more, which is known on its own machine as long
/// as that runs, among the processes that its rank 0 was one of; or when nobody has touched the
/// mark for some minutes by the clock of the file system.
class job_mark {
 public:
  /// Of a rank that is told the rest.
  job_mark() = default;
  /// At rank 0. Where no file can be made there is none, and the copy says why.
  [[nodiscard]] static job_mark make(const tool::copy_options& options);

  /// For the other ranks.
  [[nodiscard]] message shared() const;
  void take(const message& what);
  /// A sentence, where this process does not see what rank 0 sees.
  [[nodiscard]] std::optional<std::string> what_is_not_seen() const;

  [[nodiscard]] bool has_name(std::string_view name) const noexcept { return name == name_; }
  /// What dead jobs have left in the directory. Error: there is no descriptor to read it with.
  [[nodiscard]] carousel::result<> clean(int directory) const;
  /// Now and then, at rank 0.
  void touch() const;
  /// No file has a temporary name any more. Of other ranks it is not.
  void remove();
  /// Nor those of dead jobs, for all directories that they may have left some in were cleaned.
  void remove_dead();

 private:
  struct seen_source {
    std::string path;
    std::uint64_t inode;
  };
  void find_dead(const std::string& key, const struct stat& own);
  [[nodiscard]] std::string path() const;

  std::string directory_;  ///< absolute; empty: there is no mark
  std::uint32_t number_ = 0;
  std::string name_;  ///< in the directory
  std::vector<std::uint32_t> dead_;
  std::vector<seen_source> sources_;
  bool own_ = false;
};

}  // namespace carousel_mpi
