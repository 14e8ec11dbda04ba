#include "copy/manifest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/last_error.hpp"
#include "common/manifest_line.hpp"
#include "common/naming.hpp"
#include "copy/target_plan.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t pending_bytes = std::size_t{64} << 10U;

}  // namespace

std::expected<manifest, std::string> manifest::make(const std::string& path) {
  const split_name parts = split(path);
  const auto cannot = [&](const std::error_code& why) {
    return std::unexpected(fmt::format("cannot make {}: {}", shell_quoted(path), why.message()));
  };
  const std::string& at = parts.directory;
  const int fd = ::open(at.empty() ? "." : at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cannot(last_error());
  auto where = directory::from_fd(fd);
  const identities none;
  const target_plan plan =
      plan_for_target(fd, parts.name.c_str(), {.source = {}, .just_made = none});
  if (plan.next == target_plan::step::refuse)
    return std::unexpected(
        fmt::format("{} {}", shell_quoted(path), plan.why.sentence(shell_quoted(path))));
  const bool in_place = plan.next == target_plan::step::write_in_place;
  auto made = in_place ? landing::in_place(fd, parts.name)
                       : landing::make(fd, parts.name, 0666, early_access::by_mode);
  if (!made) return cannot(made.error());
  return manifest(std::move(where), std::move(*made));
}

void manifest::add(std::string_view hash, std::string_view name) {
  pending_ += manifest_text(hash, name);
  if (pending_.size() >= pending_bytes) write();
}

void manifest::write() {
  std::string_view rest = pending_;
  while (!rest.empty() && !error_) {
    const ssize_t n =
        ::pwrite(made_.opened().fd(), rest.data(), rest.size(), static_cast<off_t>(written_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error_ = n < 0 ? last_error() : make_error_code(errc::write_zero);
    } else {
      written_ += static_cast<std::uint64_t>(n);
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  pending_.clear();
}

task<result<>> manifest::finish(sync_wish wish) {
  write();
  if (error_) co_return std::unexpected(error_);
  auto done = co_await make_content_durable(made_.opened(), wish);
  if (done) done = co_await made_.publish(if_exists::replace);
  if (done && wish == sync_wish::full) done = co_await make_names_durable(where_);
  co_return done;
}

}  // namespace carousel::tool
