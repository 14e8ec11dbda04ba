#pragma once

namespace carousel::tool {

/// SIGINT and SIGTERM are noted; the second one ends the process.
void note_interruptions();
/// The signal that came, or 0.
int interrupted() noexcept;

}  // namespace carousel::tool
