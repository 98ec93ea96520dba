// Many flights and several nodes: storms and loads of two providers (resilience.md T39, T40), nodes of one DET (nrid.md R-111).
#include "tests/nrid/town.h"

namespace nrid::testing {
namespace {

using gateway::straight_flight;
using Kind = FlightEventKind;

TEST(PeerNodes, T39_a_crowded_provider_sheds_slowly_down_to_load_low_and_never_over_the_peers) {
  for (const uint64_t capacity_b : {100u, 8u}) {
    TownOptions o;
    o.capacity_a = 20;
    o.capacity_b = capacity_b;
    Town town(o);
    for (int i = 0; i < 18; ++i) town.fly(straight_flight(300));  // crowded is above 18
    town.run(seconds(10));
    EXPECT_EQ(town.a.server->operations(), 18u);
    town.fly(straight_flight(300), true);
    ASSERT_EQ(town.drones.size(), 19u);
    // Two more come over from the other side, by command, which knows no load.
    for (int i = 0; i < 2; ++i) town.fly(straight_flight(300), true);
    town.run(seconds(31));
    for (size_t i = 19; i < 21; ++i) EXPECT_TRUE(town.b.recorder->host().redirect(town.drones[i]->ua.det, town.a.sp.det).ok());
    town.run(seconds(28));
    EXPECT_EQ(town.a.server->operations(), 20u);
    EXPECT_EQ(town.a.count(Counter::redirect_sent), 0u) << "30 s are not over";
    uint64_t before = 20;
    for (int second = 0; second < 40; ++second) {
      town.run(seconds(1));
      EXPECT_LE(before - town.a.server->operations(), 2u);  // one token a second, and one that moves over the second's edge
      before = town.a.server->operations();
      EXPECT_LE(town.b.server->operations(), capacity_b);
    }
    // Down to 70 % of 20; the small peer takes for load no more than 70 % of its 8.
    EXPECT_EQ(town.a.server->operations(), capacity_b == 100u ? 14u : 16u);
    EXPECT_EQ(town.b.server->operations(), capacity_b == 100u ? 7u : 5u);
    for (const World* world : {&town.a, &town.b}) EXPECT_EQ(Town::count(*world, Kind::lost), 0u);
  }
}

TEST(PeerNodes, T40_what_came_from_a_peer_does_not_go_back_to_it_for_load) {
  TownOptions o;
  o.capacity_a = 1;
  o.capacity_b = 2;
  o.redirect.load_low = 1;
  Town town(o);
  town.fly(straight_flight(300));
  town.run(seconds(10));
  ASSERT_EQ(town.b.server->operations(), 1u);
  town.fly(straight_flight(300), true);   // B is full now, and A empty
  town.run(seconds(120));
  EXPECT_EQ(town.drones[0]->gateway->status(town.a.clock.now()).sp, town.b.sp.det);
  EXPECT_EQ(Town::count(town.b, Kind::moved), 1u) << "the one that started at B";
  EXPECT_EQ(town.drones[1]->gateway->status(town.a.clock.now()).sp, town.a.sp.det);
  for (const auto& drone : town.drones) EXPECT_EQ(drone->count("redirect_loop"), 0u);
}

TEST(PeerNodes, R111_of_two_nodes_of_one_det_the_one_that_heard_last_owns_the_timer) {
  TownOptions o;
  o.twins = true;
  Town town(o);
  Drone& drone = town.fly(straight_flight(300));
  town.run(seconds(6));
  town.anycast = true;  // every other datagram goes to the second node
  const uint64_t before = town.a.count(Counter::heartbeat_timed) + town.b.count(Counter::heartbeat_timed);
  town.run(seconds(60));
  const uint64_t timed = town.a.count(Counter::heartbeat_timed) + town.b.count(Counter::heartbeat_timed) - before;
  EXPECT_GE(timed, 8u);
  EXPECT_LE(timed, 14u);  // 12 from one node, not 24 from two
  EXPECT_EQ(drone.count("sp_lost"), 0u);
  std::set<uint64_t> ids;
  for (const World* world : {&town.a, &town.b}) {
    EXPECT_EQ(Town::count(*world, Kind::lost), 0u);
    for (const FlightEvent& event : world->recorder->events) ids.insert(event.operation);
  }
  EXPECT_EQ(ids.size(), 1u);
}

// The key rotation of a provider (T12), as its peers see it.
struct Rotation {
  Rotation() { town.run(seconds(6)); }
  void holds(World& world, std::vector<const Party*> parties) {
    Config config = *world.server->config();
    config.identities.clear();
    for (const Party* party : parties) config.identities.push_back({party->det, {std::shared_ptr<void>(), &party->signer}});
    world.server->reload(std::move(config));
  }
  // What A may send to: B under the DET of `b`.
  void list(const Party& b) {
    const auto table = parse_as(town.a.sp, town.hda(), signed_document(town.hda(), town.hda(), {{&town.a.sp, "\"198.51.100.1\""}, {&b, "\"198.51.100.2\""}}));
    ASSERT_TRUE(table.ok()) << table.text();
    town.a.server->set_peers(std::make_shared<const PeerTable>(*table));
  }
  Town town;
  Party next{33};
};

TEST(PeerNodes, R094_T12_a_peer_answers_for_the_dets_that_it_holds_now) {
  Rotation r;
  Drone& first = r.town.fly(straight_flight(200));
  Drone& second = r.town.fly(straight_flight(200));
  r.town.run(seconds(6));
  ModuleHost& host = r.town.a.recorder->host();
  r.list(r.next);
  EXPECT_NE(host.redirect(first.ua.det, r.next.det).text().find("has not been heard"), std::string::npos) << "not its DET yet";
  r.holds(r.town.b, {&r.next, &r.town.b.sp});
  ASSERT_TRUE(host.redirect(first.ua.det, r.next.det).ok());
  r.town.run(seconds(6));
  EXPECT_EQ(first.gateway->status(r.town.a.clock.now()).sp, r.next.det);
  EXPECT_EQ(Town::detail(r.town.a, Kind::moved), "to " + to_text(r.next.det) + ", heard there");
  r.list(r.town.b.sp);  // a list of before the rotation
  ASSERT_TRUE(host.redirect(second.ua.det, r.town.b.sp.det).ok());
  r.town.run(seconds(30));  // flights leave one by one (T39)
  EXPECT_EQ(second.gateway->status(r.town.a.clock.now()).sp, r.town.b.sp.det);
  EXPECT_EQ(r.town.b.server->operations(), 2u);
  EXPECT_TRUE(r.town.seat_a->same(r.next.det, r.town.b.sp.det));
  r.holds(r.town.b, {&r.next});
  EXPECT_FALSE(r.town.seat_a->same(r.next.det, r.town.b.sp.det));
  EXPECT_FALSE(r.town.seat_a->load(r.town.b.sp.det).has_value());
  EXPECT_EQ(r.town.seat_a->load(r.next.det)->operations, 2u);
}

TEST(PeerNodes, R093_T12_news_are_of_a_det_that_the_teller_holds) {
  Rotation r;
  Drone& drone = r.town.fly(straight_flight(200));
  r.town.run(seconds(6));
  std::vector<PeerNews> heard;
  const auto listener = r.town.bus.seat();
  listener->join({[](const Det&) { return false; }, [] { return PeerLoad(); }, [](const Reservation&) { return false; }, [&](const PeerNews& news) { heard.push_back(news); }});
  r.holds(r.town.a, {&r.next, &r.town.a.sp});
  r.town.run(seconds(6));
  ASSERT_FALSE(heard.empty());
  for (const PeerNews& news : heard) EXPECT_EQ(news.sp, r.town.a.sp.det) << "that its gateway addresses";
  heard.clear();
  r.holds(r.town.a, {&r.next});
  ASSERT_TRUE(r.town.a.recorder->host().end_operation(drone.ua.det, "policy").ok());
  r.town.run(seconds(1));
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.back().sp, r.next.det);
  EXPECT_EQ(heard.back().kind, PeerNews::Kind::ended);
  listener->leave();
}

TEST(PeerNodes, R111_a_node_that_dies_leaves_its_lease_and_a_loss_is_told_once) {
  TownOptions o;
  o.twins = true;
  Town town(o);
  town.fly(straight_flight(300));
  town.run(seconds(10));
  town.anycast = true;
  town.run(seconds(2));
  town.anycast = false;      // all to the first node from here on
  town.run(seconds(20));
  EXPECT_EQ(Town::count(town.b, Kind::lost), 0u) << "the other one hears it";
  town.a_deaf = town.b_deaf = true;
  town.run(seconds(60));
  EXPECT_EQ(Town::count(town.a, Kind::lost), 1u);
  EXPECT_EQ(Town::count(town.b, Kind::lost), 0u);
  EXPECT_EQ(Town::detail(town.b, Kind::moved), "to another node of this provider");
}

TEST(PeerNodes, R111_the_lease_of_a_dead_node_runs_out_after_two_periods) {
  TownOptions o;
  o.twins = true;
  Town town(o);
  town.fly(straight_flight(300));
  town.run(seconds(10));
  town.anycast = true;
  town.run(seconds(3));
  town.anycast = false;
  town.run(seconds(8));      // the owner has renewed its lease at least once
  town.a_stopped = true;     // the owner dies, and the aircraft's packets with it
  town.run(seconds(19));
  EXPECT_EQ(Town::count(town.b, Kind::lost), 0u) << "2P of the lease and R periods are not over";
  town.run(seconds(7));
  EXPECT_EQ(Town::count(town.b, Kind::lost), 1u);
}

}  // namespace
}  // namespace nrid::testing
