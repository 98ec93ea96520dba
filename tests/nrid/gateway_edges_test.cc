// The gateway at the edges: pings, redirects that are not followed, names in redirects, a silent new provider at the start, flags
// that change quickly, heights that no message can carry.
#include <map>

#include "tests/nrid/gateway_support.h"

namespace nrid::testing::gateway {
namespace {

class TableHosts final : public HostLookup {
 public:
  void ask(const std::string& host) override { asked.push_back(host); }
  std::optional<std::vector<std::array<uint8_t, 16>>> answer(const std::string& host) override {
    if (!known.contains(host)) return std::nullopt;
    return known[host];
  }
  std::vector<std::string> asked;
  std::map<std::string, std::vector<std::array<uint8_t, 16>>> known;
};

class Edges : public ::testing::Test {
 protected:
  cwt::MoveSp move_to(const Party& target, uint8_t last) {
    const Instant now = world.clock.now().wall;
    endorsement = *det::make_endorsement(target.det, target.signer.public_key(), world.hda.det, world.hda.signer, now - seconds(60), now + seconds(3600));
    cwt::MoveSp move;
    move.new_sp = target.det;
    move.address = std::array<uint8_t, 4>{198, 51, 100, last};
    move.endorsement = endorsement;
    return move;
  }
  cwt::MoveSp named(std::string_view uri) {
    cwt::MoveSp move = move_to(world.sp2, 2);
    move.address = uri;
    return move;
  }
  // The same world with a policy domain and somebody who looks names up.
  void with_names(TableHosts& hosts) {
    GatewayPolicy policy;
    policy.redirect_domain = "sp.example";
    const Speaker speaker{world.gw.det, &world.gw.signer, cwt::KidForm::tagged_in_bstr, 10};
    const auto on_event = [this](std::string_view name, std::initializer_list<LogField> fields) { world.events.push_back(log_line(name, fields).substr(6)); };
    world.gateway = std::make_unique<Gateway>(GatewayTimers(), policy, World::carriage(schc::Direction::up), speaker, straight_flight(60),
                                              world.provider(world.sp, 1), Gateway::Parts{*world.aircraft, world.port, world.random, on_event, &hosts});
  }

  World world;
  std::array<uint8_t, det::kEndorsementSize> endorsement{};
};

TEST_F(Edges, APingIsAnsweredWithReset) {
  world.take_off();
  const size_t before = world.port.sent.size();
  world.port.incoming.push_back({address(1), Buffer{0x40, 0x00, 0x12, 0x34}});
  world.port.incoming.push_back({address(7), Buffer{0x40, 0x00, 0x12, 0x35}});  // from elsewhere: silence
  world.port.incoming.push_back({address(1), Buffer{0x50, 0x00, 0x12, 0x36}});  // NON: silence
  world.gateway->step(world.clock.now());
  std::vector<std::string> resets;
  for (size_t i = before; i < world.port.sent.size(); ++i) {
    if (world.port.sent[i].octets.size() == 4) resets.push_back(to_hex(world.port.sent[i].octets));
  }
  EXPECT_EQ(resets, std::vector<std::string>{"70001234"});
}

TEST_F(Edges, ARefusedRedirectAtTheStartDoesNotDropTheRestOfItsHeartbeat) {
  world.gateway->start(world.clock.now());
  auto move = move_to(world.sp2, 2);
  move.address = std::array<uint8_t, 4>{127, 0, 0, 1};
  world.run(seconds(1), [&](const SentReport& report) {
    if (report.frame.type == coap::Type::con) world.answer(report, world.heartbeat(0, move));
  });
  EXPECT_EQ(world.count("redirect_refused"), 1U);
  EXPECT_EQ(world.count("start_ok"), 1U);
  EXPECT_EQ(world.status().phase, Phase::flying);
  EXPECT_EQ(world.status().sp, world.sp.det);
}

TEST_F(Edges, FlagsBesideARefusedRedirectAreAnswered) {
  world.take_off();
  world.run(seconds(2));
  auto move = move_to(world.sp2, 2);
  move.address = std::array<uint8_t, 4>{127, 0, 0, 1};
  const size_t before = world.port.sent.size();
  world.post(world.heartbeat(1U << 3, move));
  world.gateway->step(world.clock.now());
  ASSERT_EQ(world.port.sent.size(), before + 1);
  EXPECT_NE(rid::decode_pack(World::open(world.port.sent[before].octets).pack)->types() & 1U << 3, 0U);
}

TEST_F(Edges, R092_ASilentNewProviderAtTheStartIsLeftForTheOldOne) {
  world.gateway->start(world.clock.now());
  bool sent_away = false;
  std::map<std::string, int> asked;
  world.run(seconds(20), [&](const SentReport& report) {
    if (report.frame.type != coap::Type::con) return;
    const Det to = std::get<cwt::UasBody>(report.claims.body).sp;
    ++asked[to == world.sp.det ? "old" : "new"];
    if (to != world.sp.det) return;  // the new one is mute
    world.answer(report, sent_away ? world.heartbeat() : world.heartbeat(0, move_to(world.sp2, 2)));
    sent_away = true;
  });
  EXPECT_EQ(asked["new"], 4);
  EXPECT_EQ(asked["old"], 2);
  EXPECT_EQ(world.count("redirect_failed"), 1U);
  EXPECT_EQ(world.status().phase, Phase::flying);
  EXPECT_EQ(world.status().sp, world.sp.det);
}

TEST_F(Edges, BothSilentAtTheStartIsAFailedStart) {
  world.gateway->start(world.clock.now());
  bool first = true;
  world.run(seconds(60), [&](const SentReport& report) {
    if (first) world.answer(report, world.heartbeat(0, move_to(world.sp2, 2)));
    first = false;
  });
  EXPECT_EQ(world.status().outcome, Outcome::start_failed);
  EXPECT_EQ(world.port.sent.size(), 1U + 4U + 4U);
}

TEST_F(Edges, NewFlagsWithinHalfASecondAreAnsweredAtOnce) {
  world.take_off();
  world.run(seconds(2));
  world.post(world.heartbeat(1U << 3));
  world.run(milliseconds(50));
  const size_t before = world.port.sent.size();
  world.post(world.heartbeat(1U << 3));  // crossed our answer
  world.run(milliseconds(50));
  EXPECT_EQ(world.port.sent.size(), before);
  world.post(world.heartbeat(1U << 5));  // another wish
  world.run(milliseconds(50));
  ASSERT_EQ(world.port.sent.size(), before + 1);
  EXPECT_NE(rid::decode_pack(World::open(world.port.sent[before].octets).pack)->types() & 1U << 5, 0U);
}

TEST_F(Edges, R091_AHostInsideThePolicyDomainIsLookedUpAndFollowed) {
  TableHosts hosts;
  with_names(hosts);
  world.take_off();
  world.run(seconds(2));
  world.post(world.heartbeat(0, named("coap://B.sp.example:6000/nrid")));
  world.run(seconds(1));
  ASSERT_EQ(hosts.asked, std::vector<std::string>{"b.sp.example"});
  EXPECT_EQ(world.status().sp, world.sp.det) << "until the name is an address, positions go where they went";
  const auto v6 = address_from_text("[2001:db8::5]:1")->ip;
  hosts.known["b.sp.example"] = {v6, address(5).ip};  // our provider is reached over IPv4
  world.gateway->step(world.clock.now());
  EXPECT_EQ(world.status().sp, world.sp2.det);
  EXPECT_EQ(world.port.sent.back().to, address(5, 6000));
}

TEST_F(Edges, R091_NamesThatDoNotHoldAreRefused) {
  TableHosts hosts;
  with_names(hosts);
  world.take_off();
  world.run(seconds(1));
  for (const std::string_view uri : {"coap://sp.example.org/", "coap://badsp.example/", "coap://a@sp.example/", "coap://x.sp.example:0/", "coap://.sp.example/",
                                     "coap://a..sp.example/", "coap://sp%2eexample/"}) {
    const uint64_t refused = world.count("redirect_refused");
    world.post(world.heartbeat(0, named(uri)));
    world.run(milliseconds(100));
    EXPECT_EQ(world.count("redirect_refused"), refused + 1) << uri;
  }
  EXPECT_TRUE(hosts.asked.empty());
  // Private addresses are no better behind a name; silence ends after three seconds.
  hosts.known["b.sp.example"] = {address_from_text("127.0.0.1:1")->ip};
  world.post(world.heartbeat(0, named("coap://b.sp.example/")));
  world.run(milliseconds(100));
  world.post(world.heartbeat(0, named("coap://c.sp.example/")));
  world.run(seconds(4));
  EXPECT_EQ(world.count("redirect_refused"), 7U + 2U);
  EXPECT_EQ(world.status().sp, world.sp.det);
}

TEST_F(Edges, AHeightBeyondF3411IsUnknownAndThePositionGoes) {
  Flight flight;
  flight.name = "high";
  FlightSample low;
  low.latitude_e7 = 473'900'000;
  low.longitude_e7 = 85'400'000;
  low.altitude_dm = -9'000;
  FlightSample high = low;
  high.t_ms = 1000;
  high.altitude_dm = 317'670;
  high.height_dm = 326'670;     // above take-off, as a difference may come out
  flight.samples = {low, high};
  derive_motion(flight);
  World high_world(flight);
  high_world.take_off();
  high_world.run(seconds(2));
  const SentReport report = World::open(high_world.port.sent[2].octets);
  const auto pack = rid::decode_pack(report.pack);
  ASSERT_TRUE(pack.ok());
  size_t at = 0;
  while (at < pack->count && rid::type_of(pack->message(at)) != rid::MessageType::location) ++at;
  ASSERT_LT(at, pack->count);
  const auto location = rid::decode_location(pack->message(at));
  ASSERT_TRUE(location.ok());
  EXPECT_FALSE(location->height_dm);
  EXPECT_EQ(location->geodetic_altitude_dm, 317'670);
  EXPECT_EQ(high_world.gateway->refused(Error::value_range), 0U);
}

}  // namespace
}  // namespace nrid::testing::gateway
