#include <carousel/carousel.hpp>

#include <string>
#include <utility>
#include <vector>

// error: this is no buffer: an operation owns its buffer

#ifdef CAROUSEL_EXPECT_FAILURE
using buffer = std::string;
#else
using buffer = std::vector<char>;
#endif

auto use(const carousel::file& f, buffer b) { return f.write_all_at(std::move(b), 0); }
