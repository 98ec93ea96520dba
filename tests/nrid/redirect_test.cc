// Who is sent where and why: the choice as a table of cases, its hysteresis, and what a server counts beside it.
#include "nrid/redirect.h"

#include <gtest/gtest.h>

#include <map>

#include "nrid/outflow.h"

namespace nrid {
namespace {

constexpr GeoPoint kHere{473'900'000, 85'400'000}, kThere{473'900'000, 95'400'000}, kNowhere{0, 0};
const Now kNow{at_second(1'780'315'200), Tick{1'000'000'000}};

Det sp(uint8_t number) {
  Det det;
  det.octets = {0x20, 0x01, 0x00, 0x3f, 0xfe, 0x00, 0x0a, 0x05, 0, 0, 0, 0, 0, 0, 0, number};
  return det;
}
Region box(int32_t west_e7, int32_t east_e7) {
  Region out;
  const std::vector<GeoPoint> ring = {{470'000'000, west_e7}, {470'000'000, east_e7}, {480'000'000, east_e7}, {480'000'000, west_e7}, {470'000'000, west_e7}};
  EXPECT_TRUE(out.add_polygon({&ring, 1}).ok());
  return out;
}
Peer peer(uint8_t number, uint64_t capacity, Region region = {}, int priority = 0) {
  Peer out;
  out.sp = sp(number);
  out.capacity = capacity;
  out.region = std::move(region);
  out.priority = priority;
  out.not_before = kNow.wall - seconds(60);
  out.not_after = kNow.wall + seconds(3600);
  return out;
}

struct Scene {
  Scene() {
    table.self = peer(1, 100, box(80'000'000, 90'000'000));
    table.peers = {peer(2, 100, box(90'000'000, 100'000'000)), peer(3, 100), peer(4, 100, box(90'000'000, 100'000'000), 1)};
    for (uint8_t number = 2; number <= 4; ++number) loads[sp(number)] = {10, 0, 100, kNow.tick};
    flight.flying = true;
    flight.at = kHere;
  }
  Choice choose(bool crowded = false, bool shedding = false) const {
    NodeView node{table, crowded, shedding, 0.7, {}, {}};
    node.same = [this](const Det& a, const Det& b) { return a == b || (rotated && *rotated == std::pair(a, b)); };
    node.load = [this](const Peer& one) {
      const auto found = loads.find(one.sp);
      return found == loads.end() ? std::nullopt : std::optional(found->second);
    };
    return choose_peer(flight, node, kNow);
  }
  Det target(bool crowded = false, bool shedding = false) const {
    const Choice choice = choose(crowded, shedding);
    return choice.target == nullptr ? Det() : choice.target->sp;
  }
  PeerTable table;
  std::map<Det, PeerLoad> loads;
  std::optional<std::pair<Det, Det>> rotated;  // one provider's former DET, and its new one
  FlightView flight;
};
class Choosing : public ::testing::Test, public Scene {};

TEST_F(Choosing, InsideOurRegionAndWithRoomItStays) {
  EXPECT_EQ(choose().target, nullptr);
  EXPECT_EQ(choose().reason, RedirectReason::none);
}

TEST_F(Choosing, RegionThenPriorityThenRoom) {
  flight.at = kThere;
  EXPECT_EQ(target(), sp(2));
  EXPECT_EQ(choose().reason, RedirectReason::region);
  table.peers[0].priority = 2;
  EXPECT_EQ(target(), sp(4)) << "the lower priority number";
  table.peers[0].priority = 1;
  loads[sp(4)].operations = 9;
  EXPECT_EQ(target(), sp(4)) << "the more room";
  loads[sp(4)].reserved = 5;
  EXPECT_EQ(target(), sp(2)) << "places that are kept count";
  flight.at = kNowhere;
  EXPECT_EQ(choose().target, nullptr) << "nobody's region";
  flight.at.reset();
  EXPECT_EQ(choose().target, nullptr) << "no position";
  flight.at = kThere;
  table.self.reset();
  EXPECT_EQ(choose().target, nullptr) << "without a region of our own we serve everywhere";
}

TEST_F(Choosing, LoadMovesStartsWhenCrowdedAndFlightsWhenShedding) {
  EXPECT_EQ(choose(true, false).target, nullptr);
  EXPECT_EQ(target(true, true), sp(3)) << "the one that serves everywhere";
  EXPECT_EQ(choose(true, true).reason, RedirectReason::load);
  flight.flying = false;
  EXPECT_EQ(target(true, false), sp(3));
  EXPECT_EQ(choose(false, true).target, nullptr);
  table.peers.push_back(peer(5, 200));
  loads[sp(5)] = {11, 0, 200, kNow.tick};
  EXPECT_EQ(target(true, false), sp(5)) << "5.5 % taken against 10 %";
}

TEST_F(Choosing, RefusalsOfAPeer) {
  struct Row { RedirectRefusal refusal; std::function<void(Scene&)> make; };
  const Row kRows[] = {
      {RedirectRefusal::not_endorsed, [](Scene& c) { c.table.peers[1].not_after = kNow.wall + seconds(59); }},
      {RedirectRefusal::not_endorsed, [](Scene& c) { c.table.peers[1].not_before = kNow.wall + seconds(1); }},
      {RedirectRefusal::absent, [](Scene& c) { c.loads.erase(sp(3)); }},
      {RedirectRefusal::absent, [](Scene& c) { c.loads[sp(3)].alive = kNow.tick - milliseconds(2001); }},
      {RedirectRefusal::full, [](Scene& c) { c.loads[sp(3)].operations = 70; }},
      {RedirectRefusal::full, [](Scene& c) { c.loads[sp(3)].reserved = 60; }},
      {RedirectRefusal::full, [](Scene& c) { c.table.peers[1].capacity = 15; }},
      {RedirectRefusal::shunned, [](Scene& c) { c.flight.came_from = sp(3); }},
      {RedirectRefusal::shunned, [](Scene& c) { c.flight.shunned = sp(3); c.flight.shunned_until = kNow.tick + seconds(1); }},
      {RedirectRefusal::held, [](Scene& c) { c.flight.held_until = kNow.tick + milliseconds(1); }},
  };
  EXPECT_EQ(target(true, true), sp(3));
  for (const Row& row : kRows) {
    Scene fresh;
    row.make(fresh);
    const Choice choice = fresh.choose(true, true);
    EXPECT_EQ(choice.target, nullptr) << info(row.refusal).word;
    EXPECT_EQ(choice.refusal, row.refusal) << info(row.refusal).word << " but " << info(choice.refusal).word;
  }
}

TEST_F(Choosing, ACommandPassesOverHoldDownLoadAndShunning) {
  flight.commanded = sp(3);
  flight.held_until = kNow.tick + seconds(30);
  flight.came_from = flight.shunned = sp(3);
  flight.shunned_until = kNow.tick + seconds(1);
  loads[sp(3)].operations = 99;
  EXPECT_EQ(target(), sp(3));
  EXPECT_EQ(choose().reason, RedirectReason::command);
  loads[sp(3)].operations = 100;
  EXPECT_EQ(choose().refusal, RedirectRefusal::full) << "never over its capacity";
}

TEST_F(Choosing, AWishOfTheRegionMustStandForTheHysteresis) {
  const RedirectSettings settings;
  flight.at = kThere;
  const Choice choice = choose();
  RedirectWish wish;
  EXPECT_FALSE(wish.ripe(choice, flight, settings, kNow.tick));
  EXPECT_FALSE(wish.ripe(choice, flight, settings, kNow.tick + milliseconds(29'999)));
  EXPECT_TRUE(wish.ripe(choice, flight, settings, kNow.tick + seconds(30)));
  EXPECT_FALSE(wish.ripe({}, flight, settings, kNow.tick + seconds(31))) << "inside again";
  EXPECT_FALSE(wish.ripe(choice, flight, settings, kNow.tick + seconds(32)));
  EXPECT_TRUE(wish.ripe(choice, flight, settings, kNow.tick + seconds(62)));
  flight.flying = false;
  RedirectWish start;
  EXPECT_TRUE(start.ripe(choice, flight, settings, kNow.tick)) << "at the start nothing has to wait";
  flight.flying = true;
  flight.at = kHere;
  RedirectWish load;
  EXPECT_TRUE(load.ripe(choose(true, true), flight, settings, kNow.tick)) << "shedding has waited for it";
}

TEST(OutflowLevel, T12_who_sent_an_aircraft_or_did_not_take_it_is_known_by_both_names_while_it_rotates_its_key) {
  Scene scene;
  scene.table.peers = {peer(3, 100)};
  EXPECT_EQ(scene.target(false, true), sp(3));
  scene.flight.came_from = sp(9);
  EXPECT_EQ(scene.target(false, true), sp(3));
  scene.rotated = {sp(9), sp(3)};
  EXPECT_EQ(scene.target(false, true), Det());
  scene.flight.came_from.reset();
  scene.flight.shunned = sp(9);
  scene.flight.shunned_until = kNow.tick + seconds(1);
  EXPECT_EQ(scene.choose(false, true).refusal, RedirectRefusal::shunned);
}

TEST(OutflowLevel, CrowdedAtOnceSheddingAfterTheHysteresisUntilLoadLow) {
  const RedirectSettings settings;
  Outflow outflow;
  const auto level = [&](uint64_t carried, int second) { return outflow.level(carried, 100, settings, kNow.tick + seconds(second)); };
  EXPECT_FALSE(level(90, 0).crowded);
  EXPECT_TRUE(level(91, 1).crowded);
  EXPECT_FALSE(level(91, 30).shedding);
  EXPECT_TRUE(level(91, 31).shedding);
  EXPECT_TRUE(level(71, 40).shedding);
  EXPECT_FALSE(level(71, 40).crowded);
  outflow.leaving(sp(2));
  EXPECT_FALSE(level(71, 41).shedding) << "one of them leaves already";
  EXPECT_EQ(outflow.sent_to(sp(2)), 1u);
  outflow.left(sp(2));
  EXPECT_EQ(outflow.sent_to(sp(2)), 1u);
  outflow.forget(sp(2));
  EXPECT_EQ(outflow.sent_to(sp(2)), 0u);
  outflow.leaving(sp(2));
  outflow.stays(sp(2));
  EXPECT_EQ(outflow.sent_to(sp(2)), 0u);
}

TEST(OutflowLevel, T39_five_percent_of_the_flights_a_second) {
  Outflow outflow;
  const auto taken = [&](uint64_t flights, int tenth) { return outflow.take(flights, kNow.tick + milliseconds(100) * tenth); };
  int sent = 0;
  for (int tenth = 0; tenth < 100; ++tenth) {
    for (int i = 0; i < 50; ++i) sent += taken(1000, tenth) ? 1 : 0;
  }
  EXPECT_GE(sent, 500);
  EXPECT_LE(sent, 550);  // 50 a second for 10 s, and a first burst of one second
  Outflow small;
  EXPECT_TRUE(small.take(2, kNow.tick));
  EXPECT_FALSE(small.take(2, kNow.tick + seconds(9)));
  EXPECT_TRUE(small.take(2, kNow.tick + seconds(11)));
}

TEST(ReservationsOf, APlaceIsKeptUntilItsTimeIsOverOrTheAircraftComes) {
  Reservations places(1000);
  const Tick now = kNow.tick;
  EXPECT_TRUE(places.reserve(sp(10), 8, 10, seconds(15), now));
  EXPECT_TRUE(places.reserve(sp(11), 8, 10, seconds(15), now + seconds(1)));
  EXPECT_FALSE(places.reserve(sp(12), 8, 10, seconds(15), now + seconds(1))) << "8 here and 2 on their way";
  EXPECT_TRUE(places.reserve(sp(11), 8, 10, seconds(15), now + seconds(10))) << "renewed, not counted twice";
  EXPECT_EQ(places.count(now + seconds(14)), 2u);
  EXPECT_EQ(places.count(now + seconds(16)), 1u);
  EXPECT_EQ(places.count(now + seconds(24)), 1u) << "the renewal counts";
  places.arrived(sp(11));
  EXPECT_EQ(places.count(now + seconds(24)), 0u);
  Reservations few(2);
  EXPECT_TRUE(few.reserve(sp(1), 0, 10, seconds(15), now));
  EXPECT_TRUE(few.reserve(sp(2), 0, 10, seconds(15), now));
  EXPECT_FALSE(few.reserve(sp(3), 0, 10, seconds(15), now)) << "a table has a limit";
  for (int i = 0; i < 100; ++i) static_cast<void>(few.reserve(sp(1), 0, 10, seconds(15), now));
  EXPECT_EQ(few.count(now + seconds(16)), 0u);
}

}  // namespace
}  // namespace nrid
