#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy/engine.hpp"

namespace bench {
namespace {

class cp final : public copier {
 public:
  explicit cp(copy_files files) : files_(std::move(files)) {}

  void run(work&) override {
    char name[] = "cp";
    char* arguments[] = {name, files_.from.data(), files_.to.data(), nullptr};
    pid_t child = 0;
    int status = 0;
    if (::posix_spawnp(&child, "cp", nullptr, nullptr, arguments, environ) != 0)
      fail("cannot run cp");
    if (::waitpid(child, &status, 0) != child || status != 0) fail("cp failed");
    if (::fdatasync(files_.out) != 0) fail_errno("fdatasync");
  }

 private:
  copy_files files_;
};

}  // namespace

std::unique_ptr<copier> copy_by_cp(const copy_files& files) { return std::make_unique<cp>(files); }

}  // namespace bench
