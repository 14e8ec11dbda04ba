#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "carousel/carousel.hpp"
#include "file_mark.hpp"
#include "open_file.hpp"
#include "read_progress.hpp"
#include "ring_refusal.hpp"

namespace carousel_rocksdb {

/// What a thread reads before RocksDB asks for it: of files that the thread reads directly and in
/// order, the next pieces, each in a lease. All of it is the thread's own, the ring too; another
/// thread that reads the same file knows nothing of it, and shares nothing with it.
///
/// A stream begins when some reads have followed one another, and keeps twice as much in flight
/// with each read, up to all the leases there are. One that ends before any of it was of use makes
/// this object more cautious: the next must be twice as long before it counts as one.
///
/// What a piece brings counts only if the file has the same mark as before the piece was begun. Its
/// error counts for nothing, for nobody has asked: who asks reads again.
///
/// A piece in flight does not keep its file open. The kernel has had the request when serve()
/// returns, and keeps what it needs; so RocksDB may close and remove a file whose pieces wait here.
/// The ring is one that does not defer completions: the kernel lets go of the file when the piece
/// is read, whatever the thread does meanwhile.
class read_ahead {
 public:
  /// Leases, of piece_bytes_max each: all that a thread reads ahead at any time.
  static constexpr std::size_t pieces_max = 4;
  static constexpr std::size_t piece_bytes_max = std::size_t{256} << 10U;
  /// A longer read keeps the disk at work by itself.
  static constexpr std::size_t read_bytes_max = piece_bytes_max * 2;
  /// Of the leases.
  static constexpr std::size_t alignment = 4096;

  read_ahead() = default;
  read_ahead(const read_ahead&) = delete;
  read_ahead& operator=(const read_ahead&) = delete;
  ~read_ahead() = default;

  /// So many reads in a row may be the beginning of a stream.
  static constexpr unsigned reads_in_a_row_min = 2;
  /// Gives a read what is there of it already, and begins what comes after it. `reads_before` have
  /// led up to it without a gap. What the read still misses then is to be asked for by calls.
  void serve(const open_file& file, read_progress& asked, unsigned reads_before) noexcept;

 private:
  struct piece {
    std::uint64_t offset;
    std::size_t bytes;  ///< of what was asked for
    /// While it is in flight, as far as this thread knows.
    std::optional<carousel::join_handle<carousel::buf_result<std::size_t, carousel::fixed_buf>>>
        reading;
    /// With what it has brought. Empty when it is neither in flight nor has brought anything.
    std::optional<carousel::fixed_buf> lease;

    [[nodiscard]] std::uint64_t end() const noexcept { return offset + bytes; }
  };
  struct stream {
    std::uint64_t file = 0;  ///< no file has this number
    std::uint64_t next = 0;  ///< where its next read begins
    std::size_t window = 0;  ///< so many bytes behind that are to be here or in flight
    std::uint64_t served_at = 0;
    std::optional<file_mark> mark;  ///< from before the oldest of the pieces was begun
    std::vector<piece> pieces;      ///< in order, without a gap
    bool useful = false;            ///< a piece of it was asked for
  };

  [[nodiscard]] stream* find(std::uint64_t file, std::uint64_t offset) noexcept;
  [[nodiscard]] stream* begin_stream(std::uint64_t file);
  [[nodiscard]] bool has_means();
  [[nodiscard]] bool is_stale(const stream& s) const noexcept;
  [[nodiscard]] std::optional<carousel::fixed_buf> free_lease();

  /// As far as pieces have come.
  void give_what_is_here(stream& s, read_progress& asked) noexcept;
  /// 0: nothing is to be begun now.
  [[nodiscard]] static std::size_t next_bytes(const stream& s, const open_file& file) noexcept;
  carousel::task<> go_on(stream& s, const open_file& file, read_progress& asked);
  void begin_pieces(stream& s, const open_file& file);
  [[nodiscard]] bool all_has_gone_out();
  void forget(stream& s) noexcept;

  std::optional<carousel::runtime> ring_;
  std::optional<carousel::fixed_buf_pool> pool_;
  ring_refusal refusal_;  ///< of one of them
  std::array<stream, pieces_max> streams_;
  std::uint64_t serves_ = 0;
  unsigned caution_ = 0;
};

}  // namespace carousel_rocksdb
