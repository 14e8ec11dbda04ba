#pragma once

#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/content.hpp"
#include "copy/name_claims.hpp"
#include "copy/place.hpp"

namespace carousel::tool {

struct file_job;

/// The share that this process has of a copy on which several work: what it is asked about may be
/// handed over to any of them. Without one a copier does everything itself.
///
/// All is called by the thread that walks, and nothing is kept of what it is given by reference.
class copy_share {
 public:
  /// A directory of the source, by its names in a place.
  struct named_directory {
    const std::string& name;
    const std::string& target_name;
    const claim& claimed;
    bool follow;           ///< the name may be a symbolic link to it
    bool is_last = false;  ///< nothing is left in the place behind it
  };
  /// A file that is written where it has a temporary name, which others can open.
  struct open_content {
    const file_job& job;
    content_ends ends;
    const std::string& temporary;
  };

  copy_share() = default;
  copy_share(const copy_share&) = delete;
  copy_share& operator=(const copy_share&) = delete;
  virtual ~copy_share() = default;

  /// A directory was entered whose counterpart at the target was there before. Error:
  /// there is no descriptor to look at it with.
  virtual result<> finds(const place& where) = 0;

  /// Whether a directory of the source is one that the copy makes, whoever makes it, where links
  /// are followed. `by_link`: its name is a link, so it may be anywhere below such a one too.
  /// Error: there is no descriptor to find out.
  [[nodiscard]] virtual result<bool> leads_to_copy(const place& where, bool by_link) = 0;

  /// Whether the name of an entry is of what the share itself has made, which is nobody's to copy.
  [[nodiscard]] virtual bool owns_name(std::string_view name) const noexcept = 0;

  // Whether it is somebody else's from now on. Then nothing more is done about it here.

  /// What the command line names and is no directory.
  virtual bool takes_operand(const file_job& job, const struct stat& about) = 0;

  /// A directory and what is below it.
  virtual bool takes_directory(const std::shared_ptr<place>& where, const named_directory& it) = 0;
  /// Regular files in a directory that the copy has made; one of `in_all` entries.
  virtual bool takes_files(const std::shared_ptr<place>& where, std::size_t in_all,
                           std::vector<directory_entry>& files) = 0;
  /// A name of a file that has several.
  virtual bool takes_name(const file_job& job, const struct stat& about) = 0;
  /// What makes a directory whole, its attributes: all that was done there by this process is
  /// finished.
  virtual bool takes_end(const std::shared_ptr<place>& where) = 0;

  /// Whether the content of such a file is copied by copy_content().
  [[nodiscard]] virtual bool takes_content(const struct stat& about) const = 0;
  /// Errors: as those of tool::copy_content(), with the progress told. Descriptors that were
  /// missing were waited for.
  virtual task<result<copied_content>> copy_content(open_content content,
                                                    content_progress& progress) = 0;
  /// Whether both are the same when they are read again.
  virtual task<result<bool>> verify_content(open_content content) = 0;

  /// What others hand over; until nobody has anything left.
  virtual task<> work() = 0;
  /// How long operations that are in the kernel may go on after an interruption.
  [[nodiscard]] virtual std::chrono::milliseconds interruption_grace() const noexcept = 0;
};

}  // namespace carousel::tool
