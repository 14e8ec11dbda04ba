#include "work_unit.hpp"

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <utility>

namespace carousel_mpi {

void put(message_writer& to, const spot& where) { to.put(where.operand).put(where.path); }

spot take_spot(message_reader& from) {
  spot where;
  where.operand = from.take<std::uint32_t>();
  where.path = from.take<std::string>();
  return where;
}

void put(message_writer& to, const named_file& file) {
  put(to, file.where);
  to.put(file.name).put(file.target_name).put(file.inode).put(file.type);
  to.put(file.was_free).put(file.follow);
}

named_file take_named_file(message_reader& from) {
  named_file file;
  file.where = take_spot(from);
  file.name = from.take<std::string>();
  file.target_name = from.take<std::string>();
  file.inode = from.take<std::uint64_t>();
  file.type = from.take<std::uint32_t>();
  file.was_free = from.take<bool>();
  file.follow = from.take<bool>();
  return file;
}

void put(message_writer& to, const file_part& part) {
  put(to, part.where);
  to.put(part.name).put(part.temporary).put(part.inode).put(part.size);
  to.put(part.seconds).put(part.nanoseconds).put(part.begin).put(part.end);
  to.put(part.compares).put(part.follow).put(part.owner).put(part.not_for).put(part.ticket);
}

file_part take_file_part(message_reader& from) {
  file_part part;
  part.where = take_spot(from);
  part.name = from.take<std::string>();
  part.temporary = from.take<std::string>();
  part.inode = from.take<std::uint64_t>();
  part.size = from.take<std::int64_t>();
  part.seconds = from.take<std::int64_t>();
  part.nanoseconds = from.take<std::int64_t>();
  part.begin = from.take<std::uint64_t>();
  part.end = from.take<std::uint64_t>();
  part.compares = from.take<bool>();
  part.follow = from.take<bool>();
  part.owner = from.take<std::int32_t>();
  part.not_for = from.take<std::int32_t>();
  part.ticket = from.take<std::uint64_t>();
  return part;
}

message packed(const work_unit& unit) {
  message_writer to;
  to.put(unit.what).put(unit.not_for);
  put(to, unit.where);
  to.put(unit.name).put(unit.was_free).put(static_cast<std::uint64_t>(unit.files.size()));
  for (const carousel::directory_entry& file : unit.files) to.put(file.name).put(file.inode);
  for (const named_file& file : unit.names) put(to, file);
  return to.take();
}

std::int32_t not_for_of(const message& unit) {
  message_reader from(unit);
  (void)from.take<work_unit::kind>();
  return from.take<std::int32_t>();
}

std::size_t files_of(const message& unit) {
  message_reader from(unit);
  if (from.take<work_unit::kind>() != work_unit::kind::files) return 0;
  (void)from.take<std::int32_t>();
  (void)take_spot(from);
  (void)from.take<std::string>();
  (void)from.take<bool>();
  return from.take<std::uint64_t>();
}

message cut_files_of(message& unit, std::size_t left) {
  work_unit here = unpacked(unit);
  work_unit rest{.what = here.what, .where = here.where};
  const auto first = here.files.begin() + static_cast<std::ptrdiff_t>(left);
  rest.files.assign(std::move_iterator(first), std::move_iterator(here.files.end()));
  here.files.erase(first, here.files.end());
  unit = packed(here);
  return packed(rest);
}

work_unit unpacked(const message& text) {
  message_reader from(text);
  work_unit unit;
  unit.what = from.take<work_unit::kind>();
  unit.not_for = from.take<std::int32_t>();
  unit.where = take_spot(from);
  unit.name = from.take<std::string>();
  unit.was_free = from.take<bool>();
  for (auto left = from.take<std::uint64_t>(); left != 0; --left) {
    auto name = from.take<std::string>();
    unit.files.push_back(
        {std::move(name), from.take<std::uint64_t>(), std::filesystem::file_type::regular});
  }
  while (!from.empty()) unit.names.push_back(take_named_file(from));
  return unit;
}

}  // namespace carousel_mpi
