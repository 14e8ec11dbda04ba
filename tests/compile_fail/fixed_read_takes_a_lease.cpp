#include <carousel/carousel.hpp>

#include <utility>
#include <vector>

// error: fixed operations take a lease

#ifdef CAROUSEL_EXPECT_FAILURE
using buffer = std::vector<char>;
#else
using buffer = carousel::fixed_buf;
#endif

auto use(const carousel::file& f, buffer b) { return f.read_fixed_at(std::move(b), 0); }
