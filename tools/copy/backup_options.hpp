#pragma once

#include <string>

#include "common/command_line.hpp"
#include "copy/backup.hpp"

namespace carousel::tool {

// -b, --backup and -S, which set what they are given.

[[nodiscard]] option short_backup(backup_wish& wish);
[[nodiscard]] option backup_option(backup_wish& wish);
[[nodiscard]] option suffix_option(backup_wish& wish);

/// What a backup's name ends with unless -S says so. Before there are threads.
[[nodiscard]] std::string suffix_of_environment();

}  // namespace carousel::tool
