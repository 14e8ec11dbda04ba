// Makes `carousel://` known to RocksDB when this library is loaded.

#include <rocksdb/env.h>
#include <rocksdb/utilities/object_registry.h>

#include <memory>
#include <string>
#include <string_view>

#include "file_system.hpp"

namespace carousel_rocksdb {

namespace {

using rocksdb::Env;
using rocksdb::FileSystem;
using rocksdb::ObjectLibrary;

constexpr std::string_view uri = "carousel://";

bool is_meant(const std::string& asked, std::string& why_not) {
  if (asked == uri) return true;
  why_not = "carousel:// takes nothing after it, and paths are those of this machine: " + asked;
  return false;
}

FileSystem* file_system_for(const std::string& asked, std::unique_ptr<FileSystem>* owner,
                            std::string* why_not) {
  if (!is_meant(asked, *why_not)) return nullptr;
  *owner = std::make_unique<file_system>();
  return owner->get();
}

/// For programs that take the URI of an env only.
Env* env_for(const std::string& asked, std::unique_ptr<Env>* owner, std::string* why_not) {
  if (!is_meant(asked, *why_not)) return nullptr;
  *owner = rocksdb::NewCompositeEnv(std::make_shared<file_system>());
  return owner->get();
}

ObjectLibrary::PatternEntry pattern() {
  return ObjectLibrary::PatternEntry("carousel", false).AddSeparator("://", false);
}

const auto& registered =
    ObjectLibrary::Default()->AddFactory<FileSystem>(pattern(), file_system_for);
const auto& registered_env = ObjectLibrary::Default()->AddFactory<Env>(pattern(), env_for);

}  // namespace

}  // namespace carousel_rocksdb
