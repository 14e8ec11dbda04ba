#pragma once

#include <carousel/carousel.hpp>

#include <filesystem>
#include <utility>

namespace carousel::test {

/// An existing file, open for reading and writing.
inline task<file> open_both(std::filesystem::path path) {
  auto opened = co_await file::open(path, open_options{}.read(true).write(true));
  co_return std::move(opened).value();
}

/// The same of one that is made if it is not there.
inline task<file> open_new(std::filesystem::path path) {
  auto opened = co_await file::open(path, open_options{}.read(true).write(true).create(true));
  co_return std::move(opened).value();
}

}  // namespace carousel::test
