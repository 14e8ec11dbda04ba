#pragma once

#include "carousel/config.hpp"

// What verbs do not take, each in one sentence.

#define CAROUSEL_NO_BUFFER                                                                         \
  "this is no buffer: an operation owns its buffer, whose bytes stay where they are when it "      \
  "moves; give it a fixed_buf, a std::vector of bytes or owned_bytes by std::move, or specialise " \
  "carousel::buf_traits; std::string, std::array, std::span and pointers will not do: a text is "  \
  "std::vector<char>(text.begin(), text.end())"
#define CAROUSEL_NO_LEASE                                                                 \
  "fixed operations take a lease, or a slice of one, by std::move: std::move(lease), or " \
  "pool.try_next(bytes).value(); for any other buffer there is the verb without `fixed`"
