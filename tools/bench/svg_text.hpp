#pragma once

#include <string>
#include <string_view>

namespace carousel::tool::bench {

struct svg_point {
  double x;
  double y;
};

/// Text that stands for itself inside of XML, in elements and in attributes; what XML cannot have
/// becomes a question mark.
[[nodiscard]] std::string svg_escaped(std::string_view text);

/// A <text> element of a class of the picture's style; `anchor` is start, middle or end.
[[nodiscard]] std::string svg_text(svg_point at, std::string_view text, const char* style,
                                   const char* anchor);

}  // namespace carousel::tool::bench
