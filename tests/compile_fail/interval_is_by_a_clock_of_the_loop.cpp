#include <carousel/carousel.hpp>

#include <chrono>

// error: an interval is by std::chrono::steady_clock or carousel::boottime_clock

#ifdef CAROUSEL_EXPECT_FAILURE
using clock_of_it = std::chrono::system_clock;
#else
using clock_of_it = carousel::boottime_clock;
#endif

auto use() { return carousel::every<clock_of_it>(std::chrono::seconds(1)); }
