#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/content_hash.hpp"
#include "copy/backup.hpp"
#include "copy/durable.hpp"
#include "copy/reflink.hpp"
#include "copy/sparse_wish.hpp"

namespace carousel::tool {

/// Which symbolic links are followed.
enum class follow_wish : std::uint8_t {
  as_cp,  ///< none where directories are copied, else those that are named
  never,
  named,  ///< on the command line
  always,
};

/// What counts as finished by an earlier run.
enum class resume_wish : std::uint8_t {
  never,
  by_time,     ///< what has the type, the size, the permissions and the time that a copy would have
  by_content,  ///< what has the content
};

struct copy_options {
  std::vector<std::string> sources;
  std::string destination;
  std::optional<std::string> into;       ///< -t: the destination, a directory to copy into
  std::optional<std::string> list = {};  ///< a file that names more sources; "-": stdin
  bool list_has_nuls = false;            ///< behind each name, in place of the end of a line

  bool recursive = false;
  bool archive = false;
  bool preserve = false;    ///< owner, permissions and times
  bool hard_links = false;  ///< kept; -a does
  follow_wish follow = follow_wish::as_cp;
  bool no_clobber = false;   ///< what exists is kept
  bool update = false;       ///< what exists is kept unless it is older
  bool interactive = false;  ///< it is asked before anything is replaced
  backup_wish backups = {};  ///< of what is replaced
  bool one_file_system = false;
  bool parents = false;        ///< the copy of SRC is below DST by its whole name
  bool remove_extras = false;  ///< from directories of the target: what no source has
  bool dry_run = false;
  resume_wish resume = resume_wish::never;
  std::uint64_t bytes_per_second = 0;          ///< at most; 0: as many as there come
  std::optional<std::string> manifest_file{};  ///< gets the hashes of all files
  hash_kind hash = hash_kind::sha256;          ///< in it
  std::vector<std::string> excluded = {};      ///< patterns
  bool force = false;    ///< a file that can be neither followed nor written to is replaced
  bool as_file = false;  ///< -T: the destination is never a directory to copy into
  sync_wish sync = sync_wish::none;
  bool verify = false;
  reflink_wish reflink = reflink_wish::automatic;
  sparse_wish sparse = sparse_wish::automatic;

  bool compare = false;
  bool json = false;
  bool verbose = false;
  bool quiet = false;     ///< no progress on a terminal
  bool progress = false;  ///< elsewhere too
  bool statistics = false;

  std::size_t buffers = 32;
  std::size_t buffer_bytes = std::size_t{1} << 20U;

  std::optional<std::size_t> threads = {};  ///< that copy; nothing: one for each processor

  [[nodiscard]] bool has_backups() const noexcept {
    return backups.how != backup_wish::control::none;
  }
  [[nodiscard]] bool directories() const noexcept { return recursive || archive; }
  [[nodiscard]] bool attributes() const noexcept { return preserve || archive; }
  [[nodiscard]] bool keeps_hard_links() const noexcept { return hard_links || archive; }
  [[nodiscard]] bool follows_links() const noexcept { return follow == follow_wish::always; }
  [[nodiscard]] bool follows_named_links() const noexcept {
    return follow == follow_wish::as_cp ? !directories()
                                        : follow == follow_wish::named || follows_links();
  }
};

}  // namespace carousel::tool
