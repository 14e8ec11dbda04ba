#include "bench/svg_text.hpp"

#include <fmt/format.h>

namespace carousel::tool::bench {

std::string svg_escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    std::size_t taken = 1;
    switch (text.front()) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: {
        const bool noncharacter =
            text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf");
        if (noncharacter) taken = 3;
        const bool control = static_cast<unsigned char>(text.front()) < 0x20;
        safe += noncharacter || control ? '?' : text.front();
      }
    }
    text.remove_prefix(taken);
  }
  return safe;
}

std::string svg_text(svg_point at, std::string_view text, const char* style, const char* anchor) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' class='{}' text-anchor='{}'>{}</text>\n", at.x,
                     at.y, style, anchor, svg_escaped(text));
}

}  // namespace carousel::tool::bench
