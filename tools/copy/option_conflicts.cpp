#include "copy/option_conflicts.hpp"

#include <expected>

namespace carousel::tool {
namespace {

/// Of what a run does beside copying, or in place of it.
taken conflict_of_run(const copy_options& options) {
  if (options.manifest_file && options.manifest_file->empty())
    return std::unexpected("--manifest: the name of FILE is empty");
  if (options.remove_extras && !options.directories())
    return std::unexpected("--delete is for trees: -r or -a is missing");
  if (options.remove_extras && options.backups.how != backup_wish::control::none)
    return std::unexpected("--delete excludes -b: no SRC has the backups of the last run");
  if (options.remove_extras && options.interactive)
    return std::unexpected("--delete excludes -i: nobody is asked before a name is removed");
  if (options.dry_run && options.interactive)
    return std::unexpected("--dry-run excludes -i: nothing is replaced, so nobody is asked");
  if (options.dry_run && options.compare)
    return std::unexpected("--dry-run excludes --compare, which copies");
  if (options.resume == resume_wish::by_time && !options.attributes())
    return std::unexpected(
        "--resume is for -p and -a: without them no copy has the time of SRC; --resume=hash "
        "compares contents");
  if (options.resume != resume_wish::never && (options.update || options.no_clobber))
    return std::unexpected("--resume excludes -u and -n: each says which files are kept");
  return {};
}

/// Of where copies go, and of how each is made.
taken conflict_of_copies(const copy_options& options) {
  if (options.into && options.as_file)
    return std::unexpected(
        "-t excludes -T: one names a directory to copy into, the other says "
        "that there is none");
  if (options.no_clobber && options.backups.how != backup_wish::control::none)
    return std::unexpected("-n excludes -b: what is kept is not replaced");
  if (options.parents && options.as_file)
    return std::unexpected("--parents excludes -T: copies are made in a directory");
  if (options.progress && options.quiet) return std::unexpected("--progress excludes --quiet");
  if (options.verbose && options.json) return std::unexpected("--json excludes -v");
  if (options.reflink == reflink_wish::always && options.sparse != sparse_wish::automatic)
    return std::unexpected("--reflink=always excludes --sparse: holes are shared as they are");
  if (options.list && options.as_file)
    return std::unexpected("--files-from excludes -T: what is named is copied into a directory");
  if (options.list == "-" && options.interactive)
    return std::unexpected("--files-from=- excludes -i: both read stdin");
  if (options.list_has_nuls && !options.list)
    return std::unexpected("-0 is for --files-from, which is missing");
  return {};
}

}  // namespace

taken conflict_of(const copy_options& options) {
  if (auto agree = conflict_of_copies(options); !agree) return agree;
  return conflict_of_run(options);
}

}  // namespace carousel::tool
