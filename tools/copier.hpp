#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "carousel/carousel.hpp"

namespace carousel::tool {

struct copy_options {
  bool recursive = false;
  bool preserve = false;  ///< owner, permissions and times; without it: mode & ~umask
  bool sync = false;
  bool verify = false;
  bool quiet = false;  ///< no progress on a terminal
  std::size_t buffers = 32;
  std::size_t buffer_size = std::size_t{1} << 20U;
};

struct copy_report {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t links = 0;
  std::uint64_t bytes = 0;
  bool fixed = false;
  std::vector<std::string> errors;
};

/// Copies trees. A lease of the pool is the permit of one file: as many files are in flight as there are buffers, each is
/// read into and written from its own lease, and a large one borrows more only when they are free.
class copier {
 public:
  using path = std::filesystem::path;

  copier(copy_options options, fixed_buf_pool pool);
  /// Sources into `target`, as cp(1) names them.
  task<> run(std::vector<path> sources, path target);
  copy_report& report() noexcept { return report_; }

 private:
  struct finished_directory {
    path target;
    struct stat about;
  };

  task<> copy_one(path source, path target, bool follow);
  task<> copy_directory(path source, path target, struct stat about);
  task<> copy_file(path source, path target, fixed_buf lease);
  void copy_link(const path& source, const path& target, const struct stat& about);
  task<> show_progress();
  void finish_directory(const finished_directory& d);
  bool refuse_same(const path& target, const struct stat& source, const path& named);
  void fail(const char* what, const path& where, const std::error_code& why);
  void refuse(const path& where, const std::string& why);

  copy_options options_;
  fixed_buf_pool pool_;
  copy_report report_;
  unsigned umask_;
  std::vector<join_handle<void>> tasks_;
  std::vector<finished_directory> directories_;
};

}  // namespace carousel::tool
