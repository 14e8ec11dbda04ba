// fio, which measures itself: only its rate and its CPU time while it transfers count, not its
// start. It does not read the stamps of our file; it says itself whether a transfer failed or was
// short.

#include <fmt/format.h>
#include <stdio.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "transfer/engine.hpp"

namespace bench {
namespace {

class fio final : public engine {
 public:
  explicit fio(plan p) : plan_(std::move(p)) {}

  void run(std::uint64_t count, work& w) override {
    const char* kind = plan_.writes ? (plan_.sequential ? "write" : "randwrite")
                                    : (plan_.sequential ? "read" : "randread");
    // Without --norandommap and with number_ios beyond one lap fio would stop at the end of the
    // file.
    const std::string command = fmt::format(
        "fio --name=bench --filename='{}' --rw={} --bs={} --iodepth={} --size={} --direct={} "
        "--io_size={} --ioengine=io_uring --fixedbufs=1 --registerfiles=1 --nonvectored=1 "
        "--norandommap --randrepeat=1 --invalidate=0 --overwrite=1 --allow_file_create=0 "
        "--gtod_reduce=1 --iodepth_batch_complete_max={} --output-format=json 2>&1",
        plan_.path, kind, plan_.block, plan_.depth, plan_.span, plan_.direct ? 1 : 0,
        count * plan_.block, plan_.depth);
    const std::string said = output_of(command);
    const std::size_t begin = said.find('{');
    const auto report = nlohmann::json::parse(
        begin == std::string::npos ? said : said.substr(begin), nullptr, false);
    if (report.is_discarded()) fail("fio did not report: " + said);
    const auto& job = report["jobs"][0];
    const auto& side = job[plan_.writes ? "write" : "read"];
    const auto done = side["total_ios"].get<std::uint64_t>();
    if (job["error"].get<int>() != 0 || side["short_ios"].get<std::uint64_t>() != 0 || done < count)
      fail(fmt::format("fio did {} of {} transfers, error {}", done, count,
                       job["error"].get<int>()));
    const double seconds = static_cast<double>(count) / side["iops"].get<double>();
    const double busy = job["usr_cpu"].get<double>() + job["sys_cpu"].get<double>();
    figures_ = {.seconds = seconds, .cpu_seconds = seconds * busy / 100};
    if (plan_.writes) w.write_file();
  }
  [[nodiscard]] std::optional<slice> own_figures() const override { return figures_; }

 private:
  static std::string output_of(const std::string& command) {
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) fail_errno("cannot start fio");
    std::string text;
    char block[4096];
    for (std::size_t n = 0; (n = std::fread(block, 1, sizeof block, pipe)) > 0;)
      text.append(block, n);
    if (::pclose(pipe) != 0) fail("fio failed: " + text);
    return text;
  }

  plan plan_;
  slice figures_;
};

}  // namespace

std::unique_ptr<engine> by_fio(const plan& p) { return std::make_unique<fio>(p); }

}  // namespace bench
