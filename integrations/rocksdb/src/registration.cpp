// Makes `carousel://` known to RocksDB when this library is loaded.

#include <rocksdb/utilities/object_registry.h>

#include <memory>
#include <string>
#include <string_view>

#include "file_system.hpp"

namespace carousel_rocksdb {

namespace {

using rocksdb::FileSystem;
using rocksdb::ObjectLibrary;

constexpr std::string_view uri = "carousel://";

FileSystem* made_for(const std::string& asked, std::unique_ptr<FileSystem>* owner,
                     std::string* why_not) {
  if (asked != uri) {
    *why_not = "carousel:// takes nothing after it, and paths are those of this machine: " + asked;
    return nullptr;
  }
  *owner = std::make_unique<file_system>();
  return owner->get();
}

const auto& registered = ObjectLibrary::Default()->AddFactory<FileSystem>(
    ObjectLibrary::PatternEntry("carousel", false).AddSeparator("://", false), made_for);

}  // namespace

}  // namespace carousel_rocksdb
