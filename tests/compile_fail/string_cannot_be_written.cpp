#include <carousel/carousel.hpp>

#include <string>
#include <utility>
#include <vector>

// error: constraints not satisfied

#ifdef CAROUSEL_EXPECT_FAILURE
using buffer = std::string;
#else
using buffer = std::vector<char>;
#endif

auto use(const carousel::file& f, buffer b) { return f.write_all_at(std::move(b), 0); }
