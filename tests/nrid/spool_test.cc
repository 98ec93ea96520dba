// Store and forward: what is kept, what is sent again and when, and that the server takes it for what it is.
#include "nrid/spool.h"

#include "tests/nrid/both_ends.h"

namespace nrid::testing {
namespace {

SourcePack pack_at(int64_t second) {
  SourcePack out;
  out.pack = {static_cast<uint8_t>(second)};
  out.sampled = at_second(kNow + second);
  out.location = rid::Location();
  return out;
}

class Spooled : public ::testing::Test {
 protected:
  std::vector<int64_t> drain() {
    std::vector<int64_t> out;
    for (int i = 0; i < 10'000; ++i) {
      if (const SourcePack* pack = spool.due(now)) {
        out.push_back(pack->sampled.seconds() - kNow);
        spool.took(now);
      }
      now.tick = now.tick + milliseconds(50);
    }
    return out;
  }
  SpoolPolicy policy{5, seconds(1500), milliseconds(250)};
  Spool spool{policy};
  Now now{at_second(kNow + 10), Tick{1'000'000'000}};
};

TEST_F(Spooled, AShortPauseCountsAsHeard) {
  for (int i = 0; i < 4; ++i) spool.sent(pack_at(i), true);
  spool.heard(false);
  EXPECT_EQ(spool.waiting(), 0U);
}

TEST_F(Spooled, ALongOneIsSentAgainInOrderAndPaced) {
  for (int i = 0; i < 4; ++i) spool.sent(pack_at(i), true);
  spool.heard(true);
  const Tick began = now.tick;
  EXPECT_EQ(spool.waiting(), 4U);
  size_t sent = 0;
  while (spool.waiting() != 0) {
    if (spool.due(now) != nullptr) {
      spool.took(now);
      ++sent;
      EXPECT_EQ(spool.due(now), nullptr) << "not two at once";
    }
    now.tick = now.tick + milliseconds(10);
  }
  EXPECT_EQ(sent, 4U);
  EXPECT_GE((now.tick - began).us, milliseconds(750).us);
}

TEST_F(Spooled, WhatCouldNotLeaveIsSentAgainInAnyCase) {
  spool.sent(pack_at(0), true);
  spool.sent(pack_at(1), false);
  spool.sent(pack_at(2), true);
  spool.heard(false);
  EXPECT_EQ(drain(), std::vector<int64_t>{1});
}

TEST_F(Spooled, TheOldestGoesForWantOfRoomAndIsCounted) {
  for (int i = 0; i < 9; ++i) spool.sent(pack_at(i), false);
  spool.heard(true);
  EXPECT_EQ(drain(), (std::vector<int64_t>{4, 5, 6, 7, 8}));
  EXPECT_EQ(spool.counts().dropped_full, 4U);
  EXPECT_EQ(spool.counts().sent, 5U);
}

TEST_F(Spooled, ARepeatedPositionIsKeptOnce) {
  for (int i = 0; i < 4; ++i) spool.sent(pack_at(7), i == 2);
  spool.heard(false);
  EXPECT_EQ(spool.waiting(), 0U) << "one of them left";
}

TEST_F(Spooled, TooOldForItsHourIsDroppedAndCounted) {
  spool.sent(pack_at(0), false);
  spool.sent(pack_at(2), false);
  spool.heard(true);
  now.wall = at_second(kNow + 1501);
  EXPECT_EQ(drain(), std::vector<int64_t>{2});
  EXPECT_EQ(spool.counts().dropped_old, 1U);
}

TEST_F(Spooled, ARelayedWrapperPastItsWindowIsDroppedAndCounted) {
  SourcePack relayed = pack_at(0);
  relayed.location.reset();
  relayed.good_until = at_second(kNow + 5);
  spool.sent(relayed, false);
  relayed.sampled = at_second(kNow + 1);
  relayed.good_until = at_second(kNow + 60);
  spool.sent(relayed, false);
  spool.heard(true);
  EXPECT_EQ(drain(), std::vector<int64_t>{1});
  EXPECT_EQ(spool.counts().dropped_window, 1U);
}

TEST_F(Spooled, SizeZeroKeepsNothing) {
  Spool none(SpoolPolicy{0, seconds(1500), milliseconds(250)});
  none.sent(pack_at(0), false);
  none.heard(true);
  EXPECT_EQ(none.waiting(), 0U);
}

struct FileSide : Side {
  FileSide(World& w, int length) : Side(w, w.gcs), aircraft(identity(), w.ua.signer), gateway({}, continue_on(), carriage(), speaker, straight(length), provider(), parts(aircraft)) {
    gateway.start(world.clock.now());
    fly(world, gateway, seconds(10));
  }
  static GatewayPolicy continue_on() {
    GatewayPolicy policy;
    policy.on_lost_sp = LostAction::continue_;
    return policy;
  }
  Aircraft aircraft;
  Gateway gateway;
};

// How often each position of the flight reached the modules, and how many came late.
void expect_every_position(const World& world, int length, size_t late_min) {
  std::map<int32_t, int> seen;
  size_t late = 0;
  for (const Sighting& sighting : world.recorder->sightings) {
    if (!sighting.location) continue;
    ++seen[(*sighting.location->latitude_e7 - 473'900'000) / 900];
    late += sighting.late ? 1 : 0;
    EXPECT_EQ(sighting.verdict, Verdict::verified);
  }
  for (int t = 1; t < length; ++t) EXPECT_GE(seen[t], 1) << "second " << t;
  EXPECT_GE(late, late_min);
}

TEST(SpoolFlight, APulledPlugLosesNoPositionAndTheServerFlagsThemLate) {
  World world(with_gateway());
  FileSide side(world, 120);
  side.port.unplugged = true;
  fly(world, side.gateway, seconds(30));
  EXPECT_GT(side.gateway.status(world.clock.now()).send_failed, 25U);
  side.port.unplugged = false;
  fly(world, side.gateway, seconds(100));
  EXPECT_EQ(side.gateway.status(world.clock.now()).outcome, Outcome::ended);
  EXPECT_GE(side.gateway.status(world.clock.now()).spool.sent, 28U);
  EXPECT_EQ(side.gateway.status(world.clock.now()).spooled, 0U);
  expect_every_position(world, 120, 25);
  EXPECT_EQ(world.count(Error::rate), 0U);
}

TEST(SpoolFlight, ABlackoutThatNobodyNoticesAtFirstLosesNoPosition) {
  World world(with_gateway());
  FileSide side(world, 150);
  side.port.mute = side.port.deaf = true;
  fly(world, side.gateway, seconds(40));
  EXPECT_TRUE(side.gateway.status(world.clock.now()).sp_lost);
  side.port.mute = side.port.deaf = false;
  fly(world, side.gateway, seconds(120));
  EXPECT_EQ(side.gateway.status(world.clock.now()).outcome, Outcome::ended);
  expect_every_position(world, 150, 30);
  EXPECT_EQ(world.count(Error::rate), 0U);
  EXPECT_EQ(world.recorder->count(FlightEventKind::recovered), 1U);
}

TEST(SpoolFlight, TheLivePositionComesFirstAtItsOwnPace) {
  World world(with_gateway());
  FileSide side(world, 200);
  side.port.unplugged = true;
  fly(world, side.gateway, seconds(60));
  side.port.unplugged = false;
  fly(world, side.gateway, seconds(10));
  // While the spool empties, every second still has its live position within the second.
  size_t live = 0;
  const int64_t since = world.clock.now().wall.seconds() - 5;
  for (const Sighting& sighting : world.recorder->sightings) {
    if (!sighting.late && sighting.sampled.seconds() >= since && sighting.received - sighting.sampled < seconds(2)) ++live;
  }
  EXPECT_GE(live, 2U);
  EXPECT_GT(side.gateway.status(world.clock.now()).spooled, 0U);
}

TEST(SpoolFlight, AFlightThatIsOverWaitsForItsSpoolBeforeItEnds) {
  World world(with_gateway());
  FileSide side(world, 40);
  side.port.unplugged = true;
  fly(world, side.gateway, seconds(25));
  side.port.unplugged = false;
  fly(world, side.gateway, seconds(60));
  EXPECT_EQ(side.gateway.status(world.clock.now()).outcome, Outcome::ended);
  expect_every_position(world, 40, 20);
  EXPECT_EQ(world.count(Error::late_after_end), 0U);
}

}  // namespace
}  // namespace nrid::testing
