#include "copy/link_text.hpp"

#include <unistd.h>

#include "common/last_error.hpp"

namespace carousel::tool {

result<std::string> text_of_link(const link_name& link, std::size_t expected) {
  std::string text(expected + 1, '\0');
  for (;;) {
    const ssize_t n = ::readlinkat(link.directory, link.name, text.data(), text.size());
    if (n < 0) return std::unexpected(last_error());
    if (static_cast<std::size_t>(n) < text.size()) {
      text.resize(static_cast<std::size_t>(n));
      return text;
    }
    text.resize(text.size() * 2);  // it has grown, or its size was not told
  }
}

bool lead_to_one(const link_name& one, const link_name& other) {
  constexpr std::size_t usual_length = 127;
  const auto text = text_of_link(one, usual_length);
  if (!text) return false;
  const auto others = text_of_link(other, text->size());
  return others && *others == *text;
}

}  // namespace carousel::tool
