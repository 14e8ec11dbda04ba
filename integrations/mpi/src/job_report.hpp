#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/report.hpp"
#include "mailbox.hpp"
#include "talk.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// What all ranks have done and said, at rank 0. Errors are kept until the end and said in the
/// order of their paths, which does not depend on who was where when.
class job_report {
 public:
  explicit job_report(int ranks);

  void take(int from, talk about, message_reader& what);
  void add_error(std::string where, std::string sentence);
  void add_note(std::string sentence);
  /// What one of them has done in the end, as summary_of() has it.
  void add_summary(int rank, const std::string& summary);
  /// Set when all summaries are here.
  carousel::event complete;

  [[nodiscard]] bool failed() const noexcept { return errors_ != 0; }
  [[nodiscard]] std::uint64_t files() const noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept;

  /// All errors, on stderr.
  void say_errors();
  void print(double seconds) const;
  /// More of them: how fast it was, what it took of the machines, and what ranks had to say.
  void print_statistics(double seconds) const;
  struct json_wishes {
    bool statistics;
  };
  void print_json(double seconds, int status, json_wishes wishes) const;

 private:
  struct error {
    std::string where;
    std::string sentence;
    friend auto operator<=>(const error&, const error&) = default;
  };
  struct figures {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::uint64_t sum(const char* name) const;
  [[nodiscard]] bool is_dry_run() const;
  [[nodiscard]] nlohmann::json statistics(double seconds) const;
  [[nodiscard]] std::vector<nlohmann::json> contents() const;
  [[nodiscard]] std::size_t slowest() const;

  std::vector<error> errors_kept_;
  std::uint64_t errors_ = 0;
  std::vector<std::string> notes_;
  std::vector<nlohmann::json> summaries_;  ///< by rank
  std::vector<figures> now_;               ///< by rank, while it runs
  std::size_t complete_ = 0;
};

/// Has what a rank's report says go to rank 0.
void send_what_is_said(tool::copy_report& report, mailbox& box);
/// What a rank knows of its own work.
struct rank_work {
  double seconds;       ///< since the job began
  double busy_seconds;  ///< with something to do
  double message_seconds;
  mailbox::traffic messages;
};
[[nodiscard]] std::string summary_of(const tool::copy_report& report, const rank_work& work);

}  // namespace carousel_mpi
