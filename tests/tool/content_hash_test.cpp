#include "common/content_hash.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace carousel::tool {
namespace {

std::string hash_of(hash_kind kind, std::string_view text) {
  content_hash hash(kind);
  hash.add(std::as_bytes(std::span(text)));
  return hash.finish();
}

TEST(content_hash, is_what_others_compute) {
  EXPECT_EQ(hash_of(hash_kind::sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of(hash_kind::sha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of(hash_kind::xxh128, ""), "99aa06d3014798d86001c324468d497f");
}

TEST(content_hash, a_hole_counts_as_zeros) {
  for (const hash_kind kind : {hash_kind::sha256, hash_kind::xxh128}) {
    content_hash with_hole(kind);
    with_hole.add_zeros(200'000);
    with_hole.add(std::as_bytes(std::span(std::string_view("end"))));
    EXPECT_EQ(with_hole.finish(), hash_of(kind, std::string(200'000, '\0') + "end"));
  }
}

TEST(content_hash, pieces_are_the_whole) {
  for (const hash_kind kind : {hash_kind::sha256, hash_kind::xxh128}) {
    content_hash in_pieces(kind);
    for (const char c : std::string_view("some content"))
      in_pieces.add(std::as_bytes(std::span(&c, 1)));
    EXPECT_EQ(in_pieces.finish(), hash_of(kind, "some content"));
  }
}

TEST(content_hash, its_kinds_have_names) {
  EXPECT_EQ(hash_kind_of("sha256"), hash_kind::sha256);
  EXPECT_EQ(hash_kind_of("xxh128"), hash_kind::xxh128);
  EXPECT_EQ(hash_kind_of("md5"), std::nullopt);
}

}  // namespace
}  // namespace carousel::tool
