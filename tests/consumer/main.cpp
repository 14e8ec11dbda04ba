#include <carousel/carousel.hpp>

#include <cstdio>

int main() {
  std::printf("carousel %d.%d.%d\n", CAROUSEL_VERSION_MAJOR, CAROUSEL_VERSION_MINOR,
              CAROUSEL_VERSION_PATCH);
  const int answer = carousel::start([]() -> carousel::task<int> { co_return 42; });
  return answer == 42 ? 0 : 1;
}
