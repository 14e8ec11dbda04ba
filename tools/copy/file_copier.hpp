#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/attributes.hpp"
#include "copy/buffers.hpp"
#include "copy/content.hpp"
#include "copy/copy_options.hpp"
#include "copy/copy_share.hpp"
#include "copy/file_job.hpp"
#include "copy/landing.hpp"
#include "copy/quick_copy.hpp"
#include "copy/rate_limit.hpp"
#include "copy/target_plan.hpp"

namespace carousel::tool {

/// A file that is to be copied, with all that was decided about it.
struct file_order {
  const file_job* job;  ///< stays as it is until the copy has ended, with its directories open
  file from;            ///< its source, open for reading
  struct stat about;
  target_plan plan;
  bool tells_identity = false;
  bool settles = false;         ///< with what the descriptors that there are allow
  copy_share* share = nullptr;  ///< copies its content, where others can open the copy
};

/// What became of it. What there is to say is in the report of the job.
struct file_outcome {
  /// Nothing was done, and it is worth another try: no descriptor is left.
  std::error_code not_begun = {};
  bool landed = false;
  bool came_meanwhile = false;  ///< -n: something has the name, and stays
  copied_content content = {};
  std::string hash = {};                  ///< for a manifest
  std::vector<identity> identities = {};  ///< of the copy, if they were asked for
};

/// Small files of one directory that are copied one after the other, in the order of the walk.
struct file_bundle {
  const std::vector<file_job>* jobs;  ///< as that of a file_order; one at least
};
/// What became of each; nothing: the file is as it was, and takes the way of a file_order.
using bundle_outcome = std::vector<std::optional<copied_content>>;

/// Copies single files: content, attributes and the final name. Each thread that copies has one of
/// its own, with buffers of its own; what they share is the limit and the count of bytes.
class file_copier {
 public:
  file_copier(const copy_options& options, copy_buffers buffers, rate_limit& limit,
              std::atomic<std::uint64_t>& bytes)
      : options_(options),
        attributes_{options.attributes(), options.archive},
        buffers_(std::move(buffers)),
        limit_(limit),
        bytes_(bytes) {}

  [[nodiscard]] task<file_outcome> copy(file_order order);
  /// Those that a quick_copy copies.
  [[nodiscard]] task<bundle_outcome> copy(file_bundle bundle);
  [[nodiscard]] copy_buffers& buffers() noexcept { return buffers_; }

 private:
  /// Both ends of one file, open.
  struct open_file {
    const file_job& job;
    file from;
    landing to;
    struct stat about;
    copy_share* share;
    [[nodiscard]] copy_share::open_content shared() const {
      return {job, {from, to.opened(), about}, to.temporary()};
    }
  };

  result<landing> make_landing(const file_order& order);
  result<landing> write_in_place(const file_job& job, std::string_view why);
  task<bool> fill(open_file& ends, const file_order& order, fixed_buf lease,
                  content_progress& progress, file_outcome& outcome);
  /// Both read again.
  task<result<bool>> compare(open_file& ends, fixed_buf lease, std::uint64_t size);
  task<bool> has_changed(open_file& ends, std::uint64_t copied);
  task<bool> verify(open_file& ends, fixed_buf lease, std::uint64_t size);
  task<bool> verify_by_name(open_file& ends, std::uint64_t size);
  task<bool> land(open_file& ends, const file_order& order, file_outcome& outcome);

  const copy_options& options_;
  attribute_options attributes_;
  copy_buffers buffers_;
  refused_reflink refused_;
  rate_limit& limit_;
  std::atomic<std::uint64_t>& bytes_;
};

/// The hash of an open file, with a sentence for the job where it cannot be read; empty then. As
/// hash_content().
[[nodiscard]] task<fixed_buf> take_hash(const file_job& job, file content, hash_kind kind,
                                        fixed_buf lease, std::string& hash,
                                        std::optional<std::uint64_t> end = {});

}  // namespace carousel::tool
