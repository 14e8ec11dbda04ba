#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace carousel_rocksdb {

/// Memory that RocksDB is given together with what was read into it, as RocksDB 8.4 and later have
/// it. Whoever has it at last frees it, in any thread and at any time: the deleter is the check-in
/// of a lease.
using handed_memory = std::unique_ptr<void, std::function<void(void*)>>;

/// At least so many bytes, at a multiple of 4096: a lease of the one pool that all threads have in
/// common, or memory of its own where no lease is free or large enough. Throws std::bad_alloc.
[[nodiscard]] handed_memory hand_over(std::size_t bytes);

/// Whether requests can be given memory: RocksDB 7.8's cannot.
template <class Request>
concept takes_memory =
    requires(Request& asked, handed_memory memory) { asked.fs_scratch = std::move(memory); };

/// Where the bytes of a request are to go: the memory that RocksDB has brought, or, where it brings
/// none because it wants to be given some, memory that belongs to the request from now on. Throws
/// std::bad_alloc.
template <class Request>
[[nodiscard]] char* memory_of(Request& asked) {
  if constexpr (takes_memory<Request>) {
    if (asked.scratch == nullptr && asked.len != 0) {
      asked.fs_scratch = hand_over(asked.len);
      return static_cast<char*>(asked.fs_scratch.get());
    }
  }
  return asked.scratch;
}

}  // namespace carousel_rocksdb
