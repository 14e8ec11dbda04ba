#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace carousel::tool::bench {

struct options {
  std::string path;
  bool cached = false;  ///< through the page cache
  bool direct = false;  ///< with O_DIRECT, or not at all; neither: O_DIRECT where it is possible
  std::vector<std::size_t> blocks = {4096, 65536, 1048576};  ///< in bytes
  std::vector<unsigned> depths = {1, 32};
  unsigned rounds = 31;  ///< that count; one before them does not
  double seconds = 25;   ///< of measuring, all together
  std::uint64_t seed = 1;
  bool json = false;
  std::optional<std::string> plot;  ///< the SVG file to write
};

/// The options and the operand of `carousel bench`, which is argv[0]. Otherwise the exit status:
/// help, or what is wrong, was printed.
[[nodiscard]] std::expected<options, int> take_options(int argc, char** argv);

}  // namespace carousel::tool::bench
