#include <carousel/carousel.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

// error: this is no buffer: an operation owns its buffer

#ifdef CAROUSEL_EXPECT_FAILURE
using buffer = std::span<std::byte>;  // does not own what it shows
#else
using buffer = std::vector<std::byte>;
#endif

auto use(const carousel::file& f, buffer b) { return f.read_at(std::move(b), 0); }
