// A database on Carousel, in a program that links it.

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "carousel/rocksdb.hpp"

int main() {
  const auto env = rocksdb::NewCompositeEnv(carousel::make_rocksdb_file_system());
  rocksdb::Options options;
  options.env = env.get();
  options.create_if_missing = true;
  options.use_direct_reads = false;
  const std::string name = "database";
  (void)rocksdb::DestroyDB(name, options);

  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, name, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (status.ok()) status = db->Put({}, "one", "1");
  if (status.ok()) status = db->Put({}, "two", "2");
  if (status.ok()) status = db->Flush({});
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  std::vector<std::string> values;
  (void)db->MultiGet({}, {"one", "two"}, &values);
  return values == std::vector<std::string>{"1", "2"} ? 0 : 1;
}
