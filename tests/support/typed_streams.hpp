#pragma once

#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/run.hpp"

namespace carousel::test {

// For what all streams do alike.

struct stream_names {
  template <class Stream>
  static std::string GetName(int) {
    return std::is_same_v<Stream, tcp_stream> ? "tcp" : "unix";
  }
};

using stream_types = testing::Types<tcp_stream, unix_stream>;

inline constexpr std::size_t much = std::size_t{8} << 20U;  // more than two sockets take

template <class Stream>
task<std::error_code> write_it(Stream to, std::vector<char> bytes) {
  const auto r = co_await to.write_all(std::move(bytes));
  co_return error_of(r.res);
}

template <class Stream>
task<std::error_code> read_four(Stream from) {
  const auto r = co_await from.read(std::vector<char>(4));
  co_return error_of(r.res);
}

}  // namespace carousel::test
