#include <carousel/carousel.hpp>

#include <functional>

// error: what spawn() is given moves into the task

carousel::task<> hand_on(const carousel::signal_set& signals);

void use(const carousel::signal_set& signals) {
#ifdef CAROUSEL_EXPECT_FAILURE
  carousel::spawn(hand_on, signals).detach();
#else
  carousel::spawn(hand_on, std::cref(signals)).detach();
#endif
}
