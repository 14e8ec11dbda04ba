#include <carousel/carousel.hpp>

// error: remote_runtime::spawn() takes a callable without parameters

carousel::task<int> sum_up(carousel::remote_channel<int> from);

auto use(const carousel::remote_runtime& there, const carousel::remote_channel<int>& numbers) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return there.spawn(sum_up, numbers);
#else
  return there.spawn([numbers] { return sum_up(numbers); });
#endif
}
