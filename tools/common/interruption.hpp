#pragma once

namespace carousel::tool {

/// SIGINT and SIGTERM are noted; the second one ends the process. A file that would exceed RLIMIT_FSIZE is an error of the
/// write, not a signal.
void handle_signals();
/// The signal that came, or 0.
int interrupted() noexcept;

}  // namespace carousel::tool
