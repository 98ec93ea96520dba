// Two providers and what moves between them: nrid.md ..R-094, R-110, R-111; resilience.md T39, T40, T42.
#include "tests/nrid/town.h"

namespace nrid::testing {
namespace {

using gateway::straight_flight;
using Kind = FlightEventKind;

TEST(Peers, R090_R093_a_command_moves_a_flight_under_one_operation_id) {
  Town town;
  Drone& drone = town.fly(straight_flight(120));
  town.run(seconds(6));
  ASSERT_EQ(Town::count(town.a, Kind::active), 1u);
  const uint64_t operation = town.a.recorder->events.front().operation;

  ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(30));
  EXPECT_EQ(story(town.a), "started active redirected moved ");
  EXPECT_EQ(Town::detail(town.a, Kind::redirected), "to " + to_text(town.b.sp.det) + ", command: a module asked for it");
  EXPECT_EQ(Town::detail(town.a, Kind::moved), "to " + to_text(town.b.sp.det) + ", heard there");
  EXPECT_EQ(story(town.b), "started active ");
  EXPECT_EQ(town.b.recorder->events.front().operation, operation);
  EXPECT_EQ(town.b.count(Counter::operation_adopted), 1u);
  EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.b.sp.det);
  EXPECT_EQ(town.a.server->operations(), 0u);
  EXPECT_EQ(town.b.server->operations(), 1u);
  EXPECT_LE(gap_ms(town), 2000);
  // Its end is known at both.
  drone.gateway->end(town.a.clock.now(), "landed");
  town.run(seconds(2));
  EXPECT_EQ(Town::count(town.b, Kind::ended), 1u);
  EXPECT_EQ(story(town.a), "started active redirected moved ");
}


// North and back over the border, `half` seconds each way.
Flight zigzag(int half, int length) {
  Flight flight = straight_flight(length);
  for (FlightSample& sample : flight.samples) {
    const int at = static_cast<int>(sample.t_ms / 1000) % (2 * half);
    sample.latitude_e7 = 473'900'000 + 900 * (at < half ? at : 2 * half - at);
  }
  derive_motion(flight);
  return flight;
}

TownOptions border(double latitude) {
  TownOptions out;
  out.region_a = square(8, 47, 9, latitude);
  out.region_b = square(8, latitude, 9, 48);
  return out;
}

TEST(Peers, R075_R094_a_crowded_provider_sends_away_who_starts) {
  TownOptions o;
  o.capacity_a = 1;
  Town town(o);
  Drone& drone = town.fly(straight_flight(60));
  town.run(seconds(20));
  EXPECT_EQ(drone.count("start_ok"), 1u);
  EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.b.sp.det);
  EXPECT_EQ(drone.gateway->status(town.a.clock.now()).redirects, 1u);
  EXPECT_EQ(story(town.a), "started redirected moved ");
  EXPECT_EQ(Town::detail(town.a, Kind::redirected), "to " + to_text(town.b.sp.det) + ", load: more operations here than load_high allows");
  EXPECT_EQ(story(town.b), "started active ");
  EXPECT_EQ(town.a.count(Counter::redirect_sent), 1u);  // in the answer to the first packet
}

TEST(Peers, R075_R094_who_starts_in_the_peers_region_is_sent_there) {
  for (const bool bus : {true, false}) {
    TownOptions o = border(47.3);
    o.bus = bus;
    Town town(o);
    Drone& drone = town.fly(straight_flight(60));
    town.run(seconds(25));
    EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.b.sp.det);
    EXPECT_EQ(story(town.a), "started redirected moved ") << bus;
    EXPECT_EQ(Town::count(town.b, Kind::active), 1u);
  }
}

TEST(Peers, R094_a_flight_over_the_border_moves_after_the_hysteresis_and_stays) {
  Town town(border(47.392));  // reached after 22 s
  Drone& drone = town.fly(straight_flight(200));
  town.run(seconds(50));
  EXPECT_EQ(Town::count(town.a, Kind::redirected), 0u);
  town.run(seconds(15));
  EXPECT_EQ(Town::count(town.a, Kind::moved), 1u);
  EXPECT_EQ(Town::detail(town.a, Kind::redirected), "to " + to_text(town.b.sp.det) + ", region: outside of our region and in the peer's");
  town.run(seconds(120));
  EXPECT_EQ(drone.gateway->status(town.a.clock.now()).redirects, 1u);
  EXPECT_EQ(story(town.b), "started active ");
}

TEST(Peers, T42_zig_zag_along_a_border_makes_at_most_two_redirects_per_crossing_pair) {
  struct { int half; uint64_t redirects_max; } const kRows[] = {{20, 0}, {45, 16}, {100, 8}};
  for (const auto& row : kRows) {
    Town town(border(47.39 + row.half * 9e-5 / 2));
    Drone& drone = town.fly(zigzag(row.half, 900));
    town.run(seconds(800), milliseconds(200));
    EXPECT_LE(drone.gateway->status(town.a.clock.now()).redirects, row.redirects_max) << row.half;
    EXPECT_GE(drone.gateway->status(town.a.clock.now()).redirects, row.redirects_max / 4) << row.half;
    EXPECT_LE(gap_ms(town), 3000) << row.half;
    for (const World* world : {&town.a, &town.b}) EXPECT_EQ(Town::count(*world, Kind::lost), 0u) << row.half;
    EXPECT_EQ(drone.count("redirect_loop"), 0u);
  }
}

TEST(Peers, R092_R093_a_peer_that_the_aircraft_cannot_reach_gets_it_back_and_is_shunned) {
  for (const bool bus : {true, false}) {
    TownOptions o;
    o.bus = bus;
    Town town(o);
    Drone& drone = town.fly(straight_flight(200));
    town.run(seconds(6));
    town.b_deaf = true;
    ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
    town.run(seconds(60));
    EXPECT_EQ(drone.count("redirect_failed"), 1u);
    EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.a.sp.det);
    EXPECT_EQ(story(town.a), "started active redirected ") << bus;
    EXPECT_EQ(town.a.count(Counter::redirect_ignored), 1u);
    EXPECT_EQ(town.a.server->operations(), 1u);
  }
}

TEST(Peers, T40_nobody_is_sent_to_a_provider_that_stands_still) {
  Town town;
  Drone& drone = town.fly(straight_flight(100));
  town.run(seconds(5));
  town.b_stopped = true;
  town.run(seconds(3));
  const Status status = town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det);
  EXPECT_EQ(status.text(), to_text(drone.ua.det) + ": " + to_text(town.b.sp.det) + " has not been heard for over 2 s");
}

TEST(Peers, R093_silence_after_a_redirect_is_a_loss_where_the_hand_off_would_have_been_seen) {
  for (const bool bus : {true, false}) {
    TownOptions o;
    o.bus = bus;
    Town town(o);
    Drone& drone = town.fly(straight_flight(200));
    town.run(seconds(6));
    ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
    town.a_deaf = town.b_deaf = true;  // it crashed
    town.run(seconds(14));
    EXPECT_EQ(story(town.a), "started active redirected ");
    town.run(seconds(7));
    EXPECT_EQ(story(town.a), bus ? "started active redirected lost " : "started active redirected moved ");
  }
}

// Found by the simulation: a command in the last period of a silence began a new row of Heartbeats, and the loss came 5 s late.
TEST(Peers, R084_a_redirect_does_not_delay_the_loss_of_an_aircraft_that_is_silent) {
  Town town;
  Drone& drone = town.fly(straight_flight(200));
  town.run(seconds(6));
  town.a_deaf = town.b_deaf = true;
  town.run(seconds(14));
  ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(6));                    // 20 s after its last report
  EXPECT_EQ(Town::count(town.a, Kind::lost), 1u);
}

// Seen with real processes under load: the last silent period ended before the redirect's R*P s did, and an alarm was raised.
TEST(Peers, R093_without_a_bus_a_silence_that_ends_before_the_redirect_does_is_no_loss) {
  TownOptions o;
  o.bus = false;
  Town town(o);
  Drone& drone = town.fly(straight_flight(200));
  town.run(seconds(6));
  town.a_deaf = town.b_deaf = true;
  town.run(seconds(14));
  ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(6));                    // the third period is over, R*P after the redirect is not
  EXPECT_EQ(story(town.a), "started active redirected moved ");
}

TEST(Peers, R093_without_a_bus_a_redirect_is_over_after_R_P_seconds_and_the_new_provider_has_its_own_id) {
  TownOptions o;
  o.bus = false;
  Town town(o);
  Drone& drone = town.fly(straight_flight(200));
  town.run(seconds(6));
  ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(14));
  EXPECT_EQ(Town::count(town.a, Kind::moved), 0u);
  town.run(seconds(7));
  EXPECT_EQ(story(town.a), "started active redirected moved ");
  EXPECT_EQ(Town::detail(town.a, Kind::moved), "to " + to_text(town.b.sp.det) + ", silent since the redirect, and nothing connects us");
  EXPECT_EQ(story(town.b), "started active ");
  EXPECT_NE(town.a.recorder->events.back().operation, town.b.recorder->events.back().operation);
  const uint64_t timed = town.a.count(Counter::heartbeat_timed);
  town.run(seconds(30));
  EXPECT_EQ(town.a.count(Counter::heartbeat_timed), timed) << "no Heartbeats from who has it no more";
  EXPECT_EQ(drone.count("sp_lost"), 0u);
}

TEST(Peers, R093_a_packet_addressed_to_the_old_provider_makes_it_active_there_again) {
  for (const bool bus : {true, false}) {
    TownOptions o;
    o.bus = bus;
    Town town(o);
    Drone& drone = town.fly(straight_flight(300));
    town.run(seconds(6));
    ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
    town.run(seconds(40));
    ASSERT_TRUE(town.b.recorder->host().redirect(drone.ua.det, town.a.sp.det).ok());
    town.run(seconds(30));
    EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.a.sp.det);
    EXPECT_EQ(story(town.a), "started active redirected moved active ");
    EXPECT_EQ(Town::detail(town.a, Kind::active), "back from " + to_text(town.b.sp.det));
    EXPECT_EQ(story(town.b), "started active redirected moved ");
    EXPECT_EQ(town.a.recorder->events.front().operation, town.a.recorder->events.back().operation);
    EXPECT_EQ(town.a.count(Counter::operation_returned), 1u);
  }
}

TEST(Peers, R093_an_old_packet_does_not_bring_it_back) {
  Town town;
  Drone& drone = town.fly(straight_flight(200));
  town.run(seconds(6));
  const int64_t old_iat = town.a.now_s() - 2;
  ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(3));
  ASSERT_EQ(Town::count(town.a, Kind::moved), 1u);
  town.a.send(coap::Type::non, town.a.uas_cwt(drone.ua, town.a.flight_pack(drone.ua, 77), old_iat), drone.address);
  EXPECT_EQ(town.a.server->operations(), 0u);
  town.run(seconds(5));
  EXPECT_EQ(Town::count(town.a, Kind::active), 1u);
  EXPECT_EQ(Town::count(town.b, Kind::moved), 0u);
}

TEST(Peers, R094_refusals_say_why) {
  TownOptions o;
  o.capacity_b = 1;
  o.b_until = at_second(kNow + 120);
  Town town(o);
  Drone& first = town.fly(straight_flight(300));
  Drone& second = town.fly(straight_flight(300));
  town.run(seconds(3));
  ModuleHost& host = town.a.recorder->host();
  const std::string ua = to_text(second.ua.det) + ": ";
  const std::string peer = to_text(town.b.sp.det);
  EXPECT_EQ(host.redirect(second.ua.det, town.a.sp.det).text(), ua + to_text(town.a.sp.det) + " is this provider itself");
  EXPECT_EQ(host.redirect(second.ua.det, first.ua.det).text(), ua + to_text(first.ua.det) + " is no peer of this provider");
  EXPECT_EQ(host.redirect(town.hda().det, town.b.sp.det).text(), to_text(town.hda().det) + ": no open operation");
  ASSERT_TRUE(host.redirect(first.ua.det, town.b.sp.det).ok());
  town.run(seconds(20));
  EXPECT_EQ(host.redirect(second.ua.det, town.b.sp.det).text(), ua + peer + " has no place left");
  town.run(seconds(40));
  EXPECT_EQ(host.redirect(second.ua.det, town.b.sp.det).text(), ua + peer + " has no endorsement that holds now and a minute on");
}

TEST(Peers, T50_an_endorsement_that_has_run_out_is_never_sent) {
  TownOptions o = border(47.3);  // B's region, and B may not be named
  o.b_until = at_second(kNow + 30);
  Town town(o);
  Drone& drone = town.fly(straight_flight(100));
  town.run(seconds(60));
  EXPECT_EQ(town.a.count(Counter::redirect_sent), 0u);
  EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.a.sp.det);
  EXPECT_EQ(story(town.a), "started active ");
}

TEST(Peers, R094_a_new_list_without_the_peer_ends_a_redirect_under_way) {
  TownOptions o;
  o.bus = false;
  Town town(o);
  Drone& drone = town.fly(straight_flight(200));
  town.run(seconds(6));
  town.b_deaf = true;
  ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(1));
  ASSERT_EQ(town.a.count(Counter::redirect_sent), 1u);
  const auto table = parse_as(town.a.sp, town.hda(), signed_document(town.hda(), town.a.sp, {{&town.a.sp}}));
  ASSERT_TRUE(table.ok()) << table.text();
  town.a.server->set_peers(std::make_shared<const PeerTable>(*table));
  town.run(seconds(30));
  EXPECT_EQ(town.a.count(Counter::redirect_sent), 1u);
  EXPECT_EQ(drone.gateway->status(town.a.clock.now()).sp, town.a.sp.det);
  EXPECT_EQ(story(town.a), "started active redirected ");
}

// What was held up on its way comes to the old provider, whose track waits for what may be before it; the flight ends at the new one.
TEST(Peers, R024_R093_the_end_elsewhere_lets_go_what_the_track_holds) {
  Town town;
  Drone& drone = town.fly(straight_flight(120));
  World& a = town.a;
  town.run(seconds(6));
  ASSERT_TRUE(a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
  town.run(seconds(12));
  ASSERT_EQ(Town::count(a, Kind::moved), 1u);
  a.inject(a.post(coap::Type::non, a.uas_cwt(drone.ua, a.wrapped({a.location(a.clock.now().wall, 471'234'567)}, drone.ua), a.now_s() - 4)));
  town.run(milliseconds(200));
  const auto told = [&] {
    return std::count_if(a.recorder->sightings.begin(), a.recorder->sightings.end(), [](const Sighting& each) { return each.location && each.location->latitude_e7 == 471'234'567; });
  };
  ASSERT_EQ(told(), 0);
  drone.gateway->end(a.clock.now(), "landed");
  town.run(milliseconds(600));
  EXPECT_EQ(Town::count(town.b, Kind::ended), 1u);
  EXPECT_EQ(told(), 1);
  a.pass(seconds(10));
  EXPECT_EQ(a.server->step(a.clock.now()), 0u) << "a timer that is due for ever";
}

TEST(Peers, R093_with_a_third_of_all_datagrams_lost_nothing_is_lost_but_datagrams) {
  int whole = 0;
  for (const uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    Town town;
    town.random = SeededRandom(seed);
    Drone& drone = town.fly(straight_flight(300));
    town.run(seconds(10));
    if (drone.count("start_ok") == 0) continue;
    town.lossy = 30;
    ASSERT_TRUE(town.a.recorder->host().redirect(drone.ua.det, town.b.sp.det).ok());
    town.run(seconds(120));
    if (drone.count("sp_lost") > 0) continue;  // four Heartbeats in a row lost: R-082 has ended the flight
    ++whole;
    for (const World* world : {&town.a, &town.b}) EXPECT_EQ(Town::count(*world, Kind::lost), 0u) << seed;
    EXPECT_EQ(town.a.server->operations() + town.b.server->operations(), 1u) << seed;
    const World& here = drone.gateway->status(town.a.clock.now()).sp == town.a.sp.det ? town.a : town.b;
    EXPECT_EQ(here.server->operations(), 1u) << seed;
    std::set<uint64_t> ids;
    for (const World* world : {&town.a, &town.b}) {
      for (const FlightEvent& event : world->recorder->events) ids.insert(event.operation);
    }
    EXPECT_EQ(ids.size(), 1u) << seed;
  }
  EXPECT_GE(whole, 4);
}

TEST(Peers, R029_a_redirect_counts_in_the_three_times_of_an_unproven_address) {
  Town town;
  World& w = town.a;
  town.run(milliseconds(100));
  const Buffer datagram = w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.inject(datagram, address_of(77));
  w.run();
  ASSERT_TRUE(w.recorder->host().redirect(w.ua.det, town.b.sp.det).ok());
  w.run();
  for (int second = 0; second < 30; ++second) {  // nobody answers
    town.b.pass(seconds(1));
    w.pass(seconds(1));
  }
  size_t out = 0;
  for (const auto& [to, octets] : w.plain_port.sent) out += octets.size();
  EXPECT_GE(w.count(Counter::redirect_sent), 2u);
  EXPECT_GE(w.count(Counter::replies_withheld), 1u);
  EXPECT_LE(out, 3 * datagram.size());
}

// The newest address has no room left for the longer Heartbeat and gets a short one; the one before it, which still sends copies, hears one
// of them, not both.
TEST(Peers, R022_R029_an_old_address_hears_one_heartbeat_a_period) {
  Town town;
  World& w = town.a;
  town.run(milliseconds(100));
  w.send(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), address_of(77));
  w.pass(seconds(1));
  w.send(coap::Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)), address_of(77));  // its ledger has room for more
  w.pass(seconds(1));
  const Buffer newest = w.post(coap::Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 1)));
  w.inject(newest, address_of(78));
  w.run();
  ASSERT_TRUE(w.recorder->host().redirect(w.ua.det, town.b.sp.det).ok());
  w.run();
  w.plain_port.sent.clear();
  std::map<Address, size_t> heard;
  for (int second = 0; second < 14; ++second) {
    w.inject(newest, address_of(77));
    town.b.pass(seconds(1));
    w.pass(seconds(1));
    std::map<Address, size_t> now;
    for (const auto& [to, octets] : w.plain_port.sent) ++now[to];
    w.plain_port.sent.clear();
    for (const auto& [to, count] : now) {
      EXPECT_EQ(count, 1u) << to_text(to) << " in second " << second;
      heard[to] += count;
    }
  }
  EXPECT_GE(w.count(Counter::replies_withheld), 1u);
  EXPECT_GE(heard[address_of(77)], 2u);
  EXPECT_GE(heard[address_of(78)], 2u);
}

}  // namespace
}  // namespace nrid::testing
