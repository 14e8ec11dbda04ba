#include "overwriting.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace carousel_rocksdb {

namespace {

struct identity {
  dev_t device;
  ino_t inode;
  bool operator==(const identity&) const = default;
};
constexpr identity all_files{};

/// Never destroyed: RocksDB may close files in destructors that come after all of ours.
struct writers {
  std::mutex lock;
  std::vector<identity> open;
  std::atomic<std::size_t> count = 0;  ///< of those, to be read without the lock
  std::atomic<std::uint64_t> ended = 0;
};
writers& all() {
  static writers& made = *new writers;
  return made;
}

identity identity_of(const std::string& name) noexcept {
  struct stat about{};
  return ::stat(name.c_str(), &about) == 0 ? identity{about.st_dev, about.st_ino} : all_files;
}

void begin(const identity& file) {
  writers& w = all();
  const std::lock_guard own(w.lock);
  w.open.push_back(file);
  w.count = w.open.size();
}

}  // namespace

overwriting::overwriting(const std::string& name) {
  const identity file = identity_of(name);
  device_ = file.device;
  inode_ = file.inode;
  begin(file);
}

overwriting::~overwriting() {
  writers& w = all();
  const std::lock_guard own(w.lock);
  const auto mine = std::ranges::find(w.open, identity{device_, inode_});
  if (mine != w.open.end()) w.open.erase(mine);
  ++w.ended;  // before nobody is said to write
  w.count = w.open.size();
}

std::optional<std::uint64_t> overwriting::ended_before(const struct stat& file) noexcept {
  writers& w = all();
  if (w.count == 0) return w.ended;
  const std::lock_guard own(w.lock);
  const identity asked{file.st_dev, file.st_ino};
  const bool is_written = std::ranges::any_of(
      w.open, [&](const identity& one) { return one == asked || one == all_files; });
  if (is_written) return std::nullopt;
  return w.ended;
}

void overwriting::never_ends(const std::string& name) {
  const identity file = identity_of(name);
  writers& w = all();
  {
    const std::lock_guard own(w.lock);
    if (std::ranges::find(w.open, file) != w.open.end()) return;
  }
  begin(file);
}

}  // namespace carousel_rocksdb
