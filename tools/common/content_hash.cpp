#include "common/content_hash.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace carousel::tool {
namespace {

struct free_sha {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
struct free_xxh {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

/// Nothing here fails but for want of memory.
void must(bool done) {
  if (!done) throw std::bad_alloc();
}

std::string in_hexadecimal(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

struct content_hash::state {
  std::unique_ptr<EVP_MD_CTX, free_sha> sha;
  std::unique_ptr<XXH3_state_t, free_xxh> xxh;
};

content_hash::content_hash(hash_kind kind) : state_(std::make_unique<state>()) {
  if (kind == hash_kind::xxh128) {
    state_->xxh.reset(XXH3_createState());
    must(state_->xxh && XXH3_128bits_reset(state_->xxh.get()) == XXH_OK);
    return;
  }
  state_->sha.reset(EVP_MD_CTX_new());
  must(state_->sha && EVP_DigestInit_ex(state_->sha.get(), EVP_sha256(), nullptr) == 1);
}

content_hash::content_hash(content_hash&&) noexcept = default;
content_hash& content_hash::operator=(content_hash&&) noexcept = default;
content_hash::~content_hash() = default;

void content_hash::add(std::span<const std::byte> data) {
  if (state_->xxh)
    must(XXH3_128bits_update(state_->xxh.get(), data.data(), data.size()) == XXH_OK);
  else
    must(EVP_DigestUpdate(state_->sha.get(), data.data(), data.size()) == 1);
}

void content_hash::add_zeros(std::uint64_t bytes) {
  static constexpr std::array<std::byte, 65536> zeros{};
  while (bytes != 0) {
    const std::uint64_t some = std::min<std::uint64_t>(bytes, zeros.size());
    add(std::span(zeros).first(some));
    bytes -= some;
  }
}

std::string content_hash::finish() {
  if (state_->xxh) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxh.get()));
    return in_hexadecimal(canonical.digest);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  must(EVP_DigestFinal_ex(state_->sha.get(), digest.data(), &size) == 1);
  return in_hexadecimal(std::span(digest).first(size));
}

std::optional<hash_kind> hash_kind_of(std::string_view word) noexcept {
  if (word == "sha256") return hash_kind::sha256;
  if (word == "xxh128") return hash_kind::xxh128;
  return std::nullopt;
}

}  // namespace carousel::tool
