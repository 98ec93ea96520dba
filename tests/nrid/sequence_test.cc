// The programs of tests/fuzz/corpus/sequence as tests: each reaches what its name says, and the laws of sequence.h hold.
#include "tests/nrid/sequence.h"

#include <filesystem>
#include <fstream>

namespace nrid::testing {
namespace {

Reached run_file(const std::string& name) {
  const auto path = std::filesystem::path(NRID_VECTORS) / "../fuzz/corpus/sequence" / name;
  std::ifstream in(path, std::ios::binary);
  const Buffer octets((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_GT(octets.size(), kInstructionSize) << path;
  Reached reached;
  Sequence(octets.at(0)).run(Bytes(octets).subspan(1), reached);
  return reached;
}

TEST(Sequence, every_program_of_the_corpus_holds_the_laws) {
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(NRID_VECTORS) / "../fuzz/corpus/sequence")) {
    SCOPED_TRACE(file.path().string());
    EXPECT_GT(run_file(file.path().filename()).instructions, 0u);
    ++count;
  }
  EXPECT_GE(count, 12u);
}

TEST(Sequence, programs_reach_what_their_names_say) {
  const Reached flight = run_file("flight");
  EXPECT_EQ(flight.active, 1u);
  EXPECT_EQ(flight.ended, 1u);
  EXPECT_EQ(flight.proven, 1u);
  const Reached lost = run_file("lost_recovered");
  EXPECT_EQ(lost.lost, 1u);
  EXPECT_EQ(lost.recovered, 1u);
  EXPECT_EQ(run_file("abandoned").abandoned, 1u);
  const Reached again = run_file("closed_linger_again");
  EXPECT_EQ(again.ended, 1u);
  EXPECT_EQ(again.started, 2u);
  EXPECT_EQ(again.duplicate, 1u);
  EXPECT_EQ(run_file("parked_key_comes").parked, 2u);
  EXPECT_GE(run_file("moved_copies").duplicate, 2u);
  EXPECT_EQ(run_file("restart_journal").restarts, 1u);
  EXPECT_GE(run_file("schc_mutated").schc, 5u);
  EXPECT_EQ(run_file("revoked_ended_by_sp").ended_by_sp, 1u);
  EXPECT_GE(run_file("redirected").redirected, 1u);
}

}  // namespace
}  // namespace nrid::testing
