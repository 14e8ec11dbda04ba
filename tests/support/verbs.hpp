#pragma once

#include <chrono>

#include "support/bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

namespace carousel::test::verbs {

// What tests of verbs are written with: operations that nobody serves, and the time after which
// they are stopped.

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::error_of;
using test::pipe_pair;
using test::room;
using test::run;
using test::small;
using test::text_of;

inline constexpr milliseconds soon{2};

}  // namespace carousel::test::verbs
