// The live track alone (nrid.md R-024): what must wait, what must not, and that nothing which came in time is late.
#include <gtest/gtest.h>

#include "nrid/track.h"

namespace nrid {
namespace {

Sighting sample(int64_t second) {
  Sighting out;
  out.sampled = out.signed_at = at_second(second);
  out.location.emplace();
  out.location->latitude_e7 = 473'900'000 + static_cast<int32_t>(second % 1000) * 90;
  out.location->longitude_e7 = 85'400'000;
  return out;
}

class TrackTest : public ::testing::Test {
 protected:
  // Each sample arrives at its second plus `delay`.
  void arrive(int64_t second, Duration delay = {}) {
    const Tick now = Tick{second * 1'000'000} + delay;
    track.release(now, out);
    track.add(sample(second), now, out);
  }
  Track track{seconds(2), 50};
  std::vector<Sighting> out;
};

// Found by the simulation (30 % loss, reordering): with every other sample lost the usual gap looked like two seconds, so
// that a sample left before the one between, which came half a second later and was called late.
TEST_F(TrackTest, many_lost_samples_do_not_teach_it_to_overtake_one_that_is_only_late) {
  for (int64_t second = 100; second <= 120; second += 2) arrive(second);
  arrive(122);
  out.clear();
  arrive(124);
  ASSERT_EQ(out.size(), 1u) << "123 may still come";
  arrive(123, milliseconds(1500));
  ASSERT_EQ(out.size(), 3u);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(out[static_cast<size_t>(i)].sampled, at_second(122 + i));
    EXPECT_FALSE(out[static_cast<size_t>(i)].late);
  }
}

TEST_F(TrackTest, a_full_track_of_one_a_second_waits_for_nothing) {
  for (int64_t second = 100; second <= 110; ++second) arrive(second);
  out.clear();
  arrive(111);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].sampled, at_second(111));
}

// Found by the simulation: a gateway that heard no Heartbeat sends again what its provider may not have heard, and every
// position was in the history twice.
TEST_F(TrackTest, a_position_that_comes_again_long_after_is_no_second_point) {
  for (int64_t second = 100; second <= 400; ++second) arrive(second);
  out.clear();
  track.add(sample(150), Tick{401'000'000}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_FALSE(out[0].location);
}

TEST_F(TrackTest, what_it_remembers_is_bounded) {
  for (int64_t second = 0; second < static_cast<int64_t>(3 * Track::kMomentsKept / 10); ++second) arrive(1'780'000'000 + second);
  out.clear();
  track.add(sample(1'780'000'000), Tick{1'780'004'000'000'000}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(out[0].location && out[0].late) << "forgotten, so it is history once more";
}

TEST_F(TrackTest, what_is_older_than_the_first_is_remembered_too) {
  arrive(1000);
  track.flush(out);
  for (const bool again : {false, true}) {
    for (const int64_t second : {990, 500, 1}) {
      out.clear();
      track.add(sample(second), Tick{1'001'000'000}, out);
      ASSERT_EQ(out.size(), 1u);
      EXPECT_EQ(out[0].location.has_value(), !again) << second;
    }
  }
}

TEST_F(TrackTest, a_clock_that_runs_ahead_does_not_make_it_forget) {
  for (int64_t second = 5000; second <= 5100; ++second) arrive(second);
  Sighting ahead = sample(5000 + 1800);
  ahead.signed_at = at_second(5100);
  track.add(std::move(ahead), Tick{5'100'000'000}, out);
  out.clear();
  track.add(sample(5050), Tick{5'101'000'000}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_FALSE(out[0].location) << "it was heard";
}

TEST_F(TrackTest, a_long_silence_is_one_step) {
  arrive(1000);
  arrive(100'000);
  arrive(100'001);
  track.flush(out);
  ASSERT_EQ(out.size(), 3u);
  for (const Sighting& each : out) EXPECT_TRUE(each.location && !each.late);
}

}  // namespace
}  // namespace nrid
