#pragma once

namespace carousel::tool {

/// `carousel check`, which is argv[0]: whether files are what a manifest says. Gives the exit
/// status.
int check_command(int argc, char** argv);

}  // namespace carousel::tool
