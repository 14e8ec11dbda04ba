#pragma once

#include <carousel/result.hpp>
#include <carousel/task.hpp>

namespace carousel::tool {

/// SIGHUP, SIGINT and SIGTERM are noted; the second of a kind ends the process. Those that whoever
/// started the program has ignored (nohup, the background jobs of a shell) stay ignored. A file
/// that would exceed RLIMIT_FSIZE is an error of the write, not a signal.
void handle_signals();
/// The signal that came, or 0.
int interrupted() noexcept;
/// Waits until one has come, on any thread. Errors: what the runtime says of the descriptor that it
/// waits with, canceled.
task<result<>> interruption();

}  // namespace carousel::tool
