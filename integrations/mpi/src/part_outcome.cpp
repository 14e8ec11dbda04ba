#include "part_outcome.hpp"

namespace carousel_mpi {
namespace {

int badness(const part_outcome& of) noexcept {
  if (of.error != 0 || of.ends_early || of.differs) return 2;
  return of.way.why_not_direct == tool::no_direct::descriptors ? 1 : 0;
}

}  // namespace

bool part_outcome::outweighs(const part_outcome& other) const noexcept {
  const int own = badness(*this);
  const int its = badness(other);
  return own == its ? own < 2 || offset < other.offset : own > its;
}

void put(message_writer& to, const part_outcome& done) {
  to.put(done.error).put(done.ends_early).put(done.differs).put(done.offset).put(done.step);
  to.put(done.way.taken).put(done.way.reflink_error).put(done.way.why_not_direct);
}

part_outcome take_part_outcome(message_reader& from) {
  part_outcome done;
  done.error = from.take<std::int32_t>();
  done.ends_early = from.take<bool>();
  done.differs = from.take<bool>();
  done.offset = from.take<std::uint64_t>();
  done.step = from.take<tool::content_progress::step>();
  done.way.taken = from.take<tool::content_way>();
  done.way.reflink_error = from.take<int>();
  done.way.why_not_direct = from.take<tool::no_direct>();
  return done;
}

}  // namespace carousel_mpi
