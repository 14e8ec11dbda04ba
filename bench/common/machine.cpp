#include "common/machine.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

namespace bench {
namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20U;

double seconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double seconds_of(timeval t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

}  // namespace

void fail(const std::string& why) {
  std::fprintf(stderr, "%s: %s; there is no rate to print\n", program_invocation_short_name,
               why.c_str());
  std::_Exit(1);
}

void fail_errno(const std::string& what) {
  fail(what + ": " + std::generic_category().message(errno));
}

void pin_to_this_cpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) fail_errno("cannot pin to a CPU");
}

double now_seconds() { return seconds_of(CLOCK_MONOTONIC); }
double process_cpu_seconds() {
  rusage children{};
  getrusage(RUSAGE_CHILDREN, &children);
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID) + seconds_of(children.ru_utime) +
         seconds_of(children.ru_stime);
}

double machine_cpu_seconds() {
  std::ifstream stat("/proc/stat");
  std::string name;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double waiting = 0;
  double interrupts = 0;
  double soft_interrupts = 0;
  stat >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> soft_interrupts;
  if (!stat) fail("cannot read /proc/stat");
  return (user + nice + system + interrupts + soft_interrupts) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

pages::pages(std::size_t bytes, bool huge)
    : bytes_((bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes) {
  data_ = static_cast<std::byte*>(std::aligned_alloc(huge_page_bytes, bytes_));
  if (data_ == nullptr) fail("no memory");
  madvise(data_, bytes_, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  std::memset(data_, 0, bytes_);
}

pages::~pages() { std::free(data_); }

}  // namespace bench
