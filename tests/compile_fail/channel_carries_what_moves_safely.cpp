#include <carousel/carousel.hpp>

// error: what a channel carries moves without throwing, so that none is lost

struct job {
  job() = default;
#ifdef CAROUSEL_EXPECT_FAILURE
  job(const job&) {}
#else
  job(const job&) noexcept {}
#endif
};

carousel::remote_channel<job> use() { return carousel::remote_channel<job>(1); }
