// Blocks of a file, which a runtime of the program's own reads, become the values of a database on
// Carousel, and are read back. The database has a Carousel inside that is not the program's.

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "carousel/rocksdb.hpp"

using namespace carousel;

namespace {

constexpr std::size_t block_bytes = 4096;
constexpr int blocks = 200;

std::string block_of(int i) {
  std::string text(block_bytes, '\0');
  for (std::size_t at = 0; at < text.size(); ++at)
    text[at] = static_cast<char>('a' + (at * 7 + static_cast<std::size_t>(i) * 31) % 26);
  return text;
}

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

task<> put_blocks(rocksdb::DB& into, const char* path) {
  const auto pool = or_throw(fixed_buf_pool::make({{.capacity = block_bytes, .count = 4}}));
  or_throw(pool.register_buffers());
  const file in = or_throw(co_await file::open(path));
  for (std::uint64_t i = 0;; ++i) {
    fixed_buf lease = or_throw(co_await pool.next(block_bytes));
    auto [n, block] = or_throw(co_await in.read_fixed_at(std::move(lease), i * block_bytes));
    if (n == 0) co_return;
    const auto* const text = reinterpret_cast<const char*>(block.bytes().data());
    check(into.Put({}, std::to_string(i), rocksdb::Slice(text, n)));
  }
}

using database = std::unique_ptr<rocksdb::DB>;

database opened(const rocksdb::Options& options, const std::string& name) {
  rocksdb::DB* made = nullptr;
  check(rocksdb::DB::Open(options, name, &made));
  return database(made);
}

/// How many of the blocks are what they were.
int right_blocks(rocksdb::DB& in, const rocksdb::ReadOptions& how) {
  std::vector<std::string> names;
  for (int i = 0; i < blocks; ++i) names.push_back(std::to_string(i));
  const std::vector<rocksdb::Slice> keys(names.begin(), names.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  in.MultiGet(how, in.DefaultColumnFamily(), keys.size(), keys.data(), values.data(),
              statuses.data());
  int right = 0;
  for (int i = 0; i < blocks; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (statuses[at].ok() && values[at].ToString() == block_of(i)) ++right;
  }
  return right;
}

int right_in_order(rocksdb::DB& in, const rocksdb::ReadOptions& how) {
  const std::unique_ptr<rocksdb::Iterator> at(in.NewIterator(how));
  int right = 0;
  for (at->SeekToFirst(); at->Valid(); at->Next())
    right += at->value().ToString() == block_of(std::stoi(at->key().ToString())) ? 1 : 0;
  check(at->status());
  return right;
}

}  // namespace

int main() try {
  const std::string name = "database";
  {
    std::ofstream out("blocks", std::ios::binary);
    for (int i = 0; i < blocks; ++i) out << block_of(i);
  }
  const auto env = rocksdb::NewCompositeEnv(make_rocksdb_file_system());
  rocksdb::Options options;
  options.env = env.get();
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  check(rocksdb::DestroyDB(name, options));
  {
    const database db = opened(options, name);
    start([&] { return put_blocks(*db, "blocks"); });
    check(db->Flush({}));
    check(db->CompactRange({}, nullptr, nullptr));
  }
  const database db = opened(options, name);
  rocksdb::ReadOptions ahead;
  ahead.async_io = true;
  ahead.verify_checksums = true;
  const int at_once = right_blocks(*db, ahead);
  const int in_order = right_in_order(*db, ahead);
  std::printf("%d and %d of %d blocks\n", at_once, in_order, blocks);
  return at_once == blocks && in_order == blocks ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
