#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temp_dir.hpp"

namespace carousel::test {

/// A root directory with what the kernel of a machine that does not exist would tell there.
class made_up_machine : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  /// Which file systems of control groups there are, and in which groups the process is.
  void machine(const std::string& mounts, const std::string& groups) const {
    write("proc/self/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + mounts);
    write("proc/self/cgroup", groups);
  }
  [[nodiscard]] std::filesystem::path root() const { return dir_.path(); }

 private:
  temp_dir dir_;
};

}  // namespace carousel::test
