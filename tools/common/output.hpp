#pragma once

#include <string_view>

namespace carousel::tool {

// What the program says. A disk that is full, a reader that went away and a terminal that is gone
// are no reason to stop in the middle of the work: what does not get through is remembered, and the
// exit status tells.

/// Before anything is opened or said. A closed stdin, stdout or stderr gets a stand-in that takes
/// nothing, so that no file of the user's is opened in its place and written to; a pipe whose
/// reader went away becomes an error of the write.
void begin_output();

/// To stdout, as it is.
void say(std::string_view text) noexcept;
/// To stderr: "carousel: SENTENCE", with the end of the line.
void complain(std::string_view sentence) noexcept;
/// To stderr, as it is; does not matter when it is lost.
void draw(std::string_view text) noexcept;
/// Whether anybody would see it: stderr is a terminal.
[[nodiscard]] bool can_draw() noexcept;

/// Asks on stderr, and reads the answer from stdin: whether it begins with y. The end of the input
/// is no.
[[nodiscard]] bool agree(std::string_view question) noexcept;

/// At the end of the program, once: the exit status, which is `status` unless that is 0 and
/// something that was said is lost. Then it is 1, with the reason on stderr if it is stdout that
/// was lost.
[[nodiscard]] int end_output(int status) noexcept;

}  // namespace carousel::tool
