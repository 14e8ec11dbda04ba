#include <fcntl.h>
#include <unistd.h>

#include "open/files.hpp"

namespace bench {
namespace {

/// What a program without a ring does: three calls per file.
class plain_calls final : public reader {
 public:
  void run(std::uint64_t count, small_files& files) override {
    for (std::uint64_t i = 0; i < count; ++i) {
      const unsigned file = files.next();
      const int fd = ::open(files.paths()[file].c_str(), O_RDONLY | O_CLOEXEC);
      if (fd < 0) fail_errno(files.paths()[file]);
      files.check(::pread(fd, memory_.data(), small_files::bytes, 0), memory_.data(), file);
      ::close(fd);
    }
  }

 private:
  pages memory_{small_files::bytes};
};

}  // namespace

std::unique_ptr<reader> open_by_calls() { return std::make_unique<plain_calls>(); }

}  // namespace bench
