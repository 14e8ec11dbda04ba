#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <thread>

#include "support/temp_dir.hpp"

namespace carousel::test {

/// The file system of fuse_fault.c at a directory of its own, for as long as this object lives.
/// why_not() says when it is not there. Its end answers every read that hangs with an error.
class fuse_mount {
 public:
  fuse_mount() {
    const std::string program = CAROUSEL_FAULT_DIR "/fuse_fault";
    if (!std::filesystem::exists("/dev/fuse")) {
      why_not_ = "there is no /dev/fuse";
    } else if (!std::filesystem::exists(program)) {
      why_not_ = "the program fuse_fault was not built: libfuse3 is missing";
    } else {
      mount(program);
    }
  }
  fuse_mount(const fuse_mount&) = delete;
  fuse_mount& operator=(const fuse_mount&) = delete;
  ~fuse_mount() {
    if (daemon_ <= 0) return;
    ::kill(daemon_, SIGKILL);
    waitpid(daemon_, nullptr, 0);
    if (umount2(path("").c_str(), MNT_DETACH) != 0) {
      const std::string command = "fusermount3 -uz " + path("").string();
      (void)!std::system(command.c_str());
    }
  }

  [[nodiscard]] const char* why_not() const noexcept { return why_not_; }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return dir_.path() / name;
  }

 private:
  void mount(std::string program) {
    std::string foreground = "-f";
    std::string where = dir_.path().string();
    const std::array<char*, 4> arguments = {program.data(), foreground.data(), where.data(),
                                            nullptr};
    if (posix_spawn(&daemon_, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
      why_not_ = "fuse_fault could not be started";
      return;
    }
    for (int tries = 0; tries < 2000; ++tries) {
      if (std::filesystem::exists(path("ok"))) return;
      if (waitpid(daemon_, nullptr, WNOHANG) == daemon_) {
        daemon_ = 0;
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    why_not_ = "mounting a FUSE file system is not permitted";
  }

  temp_dir dir_;
  pid_t daemon_ = 0;
  const char* why_not_ = nullptr;
};

}  // namespace carousel::test
