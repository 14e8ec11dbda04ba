#pragma once

namespace carousel_rocksdb {

/// How many forks lie between the process that loaded this library and this one. A ring and a
/// thread that were there before the last of them are not to be used any more.
[[nodiscard]] unsigned fork_count() noexcept;

}  // namespace carousel_rocksdb
