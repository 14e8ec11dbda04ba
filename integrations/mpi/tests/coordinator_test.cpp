// What rank 0 gives out, with itself as the only rank that asks.

#include "coordinator.hpp"

#include <gtest/gtest.h>
#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox.hpp"
#include "message.hpp"
#include "talk.hpp"
#include "work_unit.hpp"

namespace {

using carousel_mpi::coordinator;
using carousel_mpi::mailbox;
using carousel_mpi::message;
using carousel_mpi::message_reader;
using carousel_mpi::message_writer;
using carousel_mpi::need;
using carousel_mpi::talk;
using carousel_mpi::unpacked;
using carousel_mpi::work_unit;

constexpr std::size_t threads = 16;

struct coordinator_of_one : testing::Test {
  void tell(talk about, const message& what) {
    message_reader rest(what);
    ASSERT_TRUE(zero.take(0, about, rest));
  }
  /// In units of 64, as a walk meets them.
  void meets(std::size_t files) {
    message_writer given;
    for (std::size_t i = 0; i < files;) {
      work_unit unit{.what = work_unit::kind::files, .where = {0, "/wide"}};
      for (; i < files && unit.files.size() < 64; ++i)
        unit.files.push_back({std::to_string(i), i, std::filesystem::file_type::regular});
      given.put(std::string_view(packed(unit)));
    }
    tell(talk::gives, given.take());
  }
  /// The files that it gets for asking.
  std::vector<std::uint64_t> asks() {
    tell(talk::asks, message_writer().put(need::now).take());
    zero.go_on();
    std::vector<std::uint64_t> got;
    (void)box.look([&](int, message_reader what) {
      if (what.take<talk>() != talk::units) return;
      while (!what.empty()) {
        const work_unit unit = unpacked(what.take<message>());
        EXPECT_EQ(unit.where.path, "/wide");
        for (const auto& file : unit.files) {
          EXPECT_EQ(file.name, std::to_string(file.inode));
          got.push_back(file.inode);
        }
      }
    });
    return got;
  }

  mailbox box{MPI_COMM_WORLD};
  coordinator zero{box, threads};
};

TEST_F(coordinator_of_one, gives_each_file_of_a_large_directory_once_and_fewer_as_fewer_are_left) {
  constexpr std::size_t files = 3200;
  meets(files);
  std::vector<std::uint64_t> all;
  for (std::vector<std::uint64_t> got = asks(); !got.empty(); got = asks()) {
    const std::size_t left = files - all.size();
    EXPECT_LE(got.size(), std::max<std::size_t>(left / (2 * threads), 4)) << left << " are left";
    all.insert(all.end(), got.begin(), got.end());
  }
  ASSERT_EQ(all.size(), files);
  for (std::size_t i = 0; i < files; ++i) ASSERT_EQ(all[i], i);
}

TEST_F(coordinator_of_one, counts_what_is_given_back_too) {
  meets(640);
  for (std::size_t i = 0; i < 10; ++i) (void)asks();
  meets(640);
  EXPECT_GT(asks().size(), 20U) << "of more than 1000";
}

TEST_F(coordinator_of_one, gives_what_it_could_not_get_to_to_it_again_if_nobody_else_is_left) {
  work_unit unit{.what = work_unit::kind::files, .not_for = 0, .where = {0, "/wide"}};
  unit.files.push_back({"7", 7, std::filesystem::file_type::regular});
  tell(talk::gives, message_writer().put(std::string_view(packed(unit))).take());
  EXPECT_EQ(zero.waiting(), 1U);
  EXPECT_EQ(asks(), std::vector<std::uint64_t>{7});
  EXPECT_EQ(zero.waiting(), 0U);
}

TEST_F(coordinator_of_one, says_what_is_left_when_no_rank_is) {
  std::size_t left = 0;
  zero.gives_up = [&](const std::vector<work_unit>& units) {
    for (const work_unit& one : units) left += one.files.size();
  };
  meets(640);
  tell(talk::is_out, message());
  EXPECT_TRUE(asks().empty());
  EXPECT_EQ(left, 640U);
  EXPECT_EQ(zero.waiting(), 0U);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const int failed = RUN_ALL_TESTS();
  MPI_Finalize();
  return failed;
}
