// What a reload changes while traffic goes on (nrid.md section 0), and the rotation of our own key (resilience.md T12).
#include <algorithm>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

std::shared_ptr<const Signer> borrowed(const Signer& signer) { return {std::shared_ptr<void>(), &signer}; }
Identity identity_of(const Party& party) { return {party.det, borrowed(party.signer)}; }

// Who signed this, seen without our reader: the COSE kid and the bare Ed25519 of the octets.
bool signed_by(const Party& party, Bytes cwt) {
  const auto token = cwt::decode_sign1(cwt);
  if (!token.ok() || token->kid != party.det) return false;
  std::array<uint8_t, cwt::kSignedBytesMax> space;
  const auto octets = cwt::signed_bytes(*token, space);
  return octets.ok() && verify_one(party.signer.public_key(), *octets, token->signature);
}

void change(World& w, const std::function<void(Config&)>& edit) {
  Config config = *w.server->config();
  edit(config);
  w.server->reload(std::move(config));
}

struct Fleet {  // two aircraft, each with the provider that it addresses now
  World w;
  Party second{5};
  struct Flight { const Party* party; const Party* sp; Address at; int32_t north = 0; const Party* turns_to = nullptr; };
  std::array<Flight, 2> flights{{{&w.ua, &w.sp, address_of(1)}, {&second, &w.sp, address_of(2)}}};
  size_t heartbeats = 0, ends = 0;

  Fleet() { w.keys.know(second); }

  void second_of_flight(bool confirmable) {
    w.pass(seconds(1));
    hear();
    for (Flight& f : flights) {
      if (f.turns_to != nullptr) f.sp = f.turns_to;  // as it sends: what it hears until then is signed by the one before
      w.addressed = f.sp;
      w.send(confirmable ? Type::con : Type::non, w.uas_cwt(*f.party, w.flight_pack(*f.party, ++f.north)), f.at);
    }
    hear();
  }
  // Each word must be good for the gateway's own reader and for the oracle.
  void hear() {
    for (const Heard& h : w.heard()) {
      if (h.payload.empty()) continue;
      const Flight& f = h.to == flights[0].at ? flights[0] : flights[1];
      w.addressed = f.sp;
      static_cast<void>(w.heartbeat(h, f.party->det));
      EXPECT_TRUE(signed_by(*f.sp, h.payload));
      ++heartbeats;
    }
  }
};

TEST(Reload, R051_R064_T12_a_hundred_rotations_under_traffic_and_every_heartbeat_is_believed) {
  Fleet fleet;
  World& w = fleet.w;
  for (Fleet::Flight& f : fleet.flights) {
    w.send(Type::con, w.uas_cwt(*f.party, w.start_pack(*f.party)), f.at);
  }
  fleet.hear();
  std::deque<Party> keys;
  const Party* old = &w.sp;
  for (int rotation = 0; rotation < 100; ++rotation) {
    const Party& next = keys.emplace_back(static_cast<uint8_t>(50 + rotation));
    change(w, [&](Config& c) { c.identities = {identity_of(next), identity_of(*old)}; });
    for (int i = 0; i < 3; ++i) fleet.second_of_flight(false);
    fleet.flights[static_cast<size_t>(rotation) % 2].turns_to = &next;  // one gateway after the other comes to the new one
    for (int i = 0; i < 3; ++i) fleet.second_of_flight(false);
    for (Fleet::Flight& f : fleet.flights) f.turns_to = &next;
    fleet.second_of_flight(true);
    change(w, [&](Config& c) { c.identities = {identity_of(next)}; });
    fleet.second_of_flight(false);
    old = &next;
  }
  EXPECT_GE(fleet.heartbeats, 2u * 800 / 5 - 4);
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 2u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u);
  EXPECT_EQ(w.count(Error::wrong_sp), 0u);
  EXPECT_EQ(w.count(Counter::accepted), w.count(Counter::received));
}

TEST(Reload, R100_the_end_is_acknowledged_by_the_key_that_it_addressed) {
  World w;
  w.fly_start(w.ua);
  const Party next(50);
  change(w, [&](Config& c) { c.identities = {identity_of(next), identity_of(w.sp)}; });
  w.pass(seconds(1));
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(w.end_word(answers[0], w.ua.det).has_value());
  EXPECT_TRUE(signed_by(w.sp, answers[0].payload));
  w.pass(seconds(1));
  w.addressed = &next;
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(signed_by(next, answers[0].payload));
}

TEST(Reload, R051_a_key_that_went_is_a_wrong_provider) {
  World w;
  w.fly_start(w.ua);
  const Party next(50);
  change(w, [&](Config& c) { c.identities = {identity_of(next)}; });
  w.pass(seconds(1));
  w.send(Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  EXPECT_EQ(w.heard().at(0).code, 0x83);
  EXPECT_EQ(w.count(Error::wrong_sp), 1u);
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  EXPECT_EQ(w.count(Error::wrong_sp), 2u);
  EXPECT_EQ(w.server->operations(), 1u);
  // Its timed Heartbeat comes from the key that we have: the gateway reads of no other.
  w.pass(seconds(5));
  const auto sent = w.heard();
  const auto timed = std::find_if(sent.begin(), sent.end(), [](const Heard& h) { return h.post(); });
  ASSERT_NE(timed, sent.end());
  EXPECT_TRUE(signed_by(next, timed->payload));
}

TEST(Reload, a_shorter_period_holds_at_once_a_longer_one_from_the_next_heartbeat) {
  World w;
  w.fly_start(w.ua);
  const auto in_ten_seconds = [&] {
    size_t sent = 0;
    for (int i = 0; i < 10; ++i) {
      w.pass(seconds(1));
      w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
      sent += w.heard().size();
    }
    return sent;
  };
  change(w, [](Config& c) { c.timers.heartbeat = seconds(60); });
  w.pass(seconds(6));
  EXPECT_EQ(w.heard().size(), 1u);  // was due already
  EXPECT_EQ(in_ten_seconds(), 0u);
  change(w, [](Config& c) { c.timers.heartbeat = seconds(1); });
  EXPECT_GE(in_ten_seconds(), 9u);
}

TEST(Reload, what_a_registry_wants_otherwise_holds_for_its_aircraft_alone) {
  World w;
  Party other(60);
  other.det = det::derive(16376, 20, other.signer.public_key());
  w.keys.know(other);
  change(w, [&](Config& c) {
    HdaTerms terms{{16376, 20}, c.timers, c.policy};
    terms.policy.required |= 1u << 3;
    terms.timers.heartbeat = seconds(2);
    c.hdas = {terms};
  });
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), address_of(1));
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.ua.det).expected.types, 0u);
  w.send(Type::con, w.uas_cwt(other, w.start_pack(other)), address_of(2));
  EXPECT_EQ(w.heartbeat(w.heard().at(0), other.det).expected.types, 1u << 3);
  size_t first = 0, second = 0;
  for (int i = 0; i < 20; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)), address_of(1));
    w.send(Type::non, w.uas_cwt(other, w.wrapped({w.location(w.clock.now().wall, 473'900'000 + i), w.self_id("")}, other)), address_of(2));
    for (const Heard& h : w.heard()) (h.to == address_of(1) ? first : second) += h.post() ? 1 : 0;
  }
  EXPECT_EQ(first, 4u);
  EXPECT_GE(second, 9u);
}

TEST(Reload, R056_the_list_of_gateways_is_replaced_and_what_modules_said_stays) {
  Options o;
  const Party ua(2), gcs(3), third(9);
  o.policy.gateways = {{gcs.det, ua.det}};
  World w(o);
  w.keys.know(third);
  const auto relays = [&](const Party& gateway) {
    w.pass(seconds(1));
    const uint64_t before = w.count(Error::not_owner);
    w.send(Type::con, w.uas_cwt(gateway, w.start_pack(w.ua)));
    w.heard();
    return w.count(Error::not_owner) == before;
  };
  EXPECT_TRUE(relays(w.gcs));
  EXPECT_FALSE(relays(third));
  w.recorder->host().allow_gateway(third.det, w.ua.det, true);
  EXPECT_TRUE(relays(third));
  change(w, [](Config& c) { c.policy.gateways.clear(); });
  EXPECT_FALSE(relays(w.gcs));
  EXPECT_TRUE(relays(third));
  change(w, [&](Config& c) { c.policy.gateways = {{gcs.det, ua.det}}; });
  EXPECT_TRUE(relays(w.gcs));
  w.recorder->host().allow_gateway(w.gcs.det, w.ua.det, false);
  change(w, [](Config& c) { c.policy.speed_max_mps = 60; });
  EXPECT_FALSE(relays(w.gcs));
}

TEST(Reload, R011_accepted_registries_and_the_rate_change_under_way) {
  World w;
  w.fly_start(w.ua);
  change(w, [](Config& c) { c.policy.accept_hids = {{1, 1}}; });
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  EXPECT_EQ(w.count(Error::hid_not_accepted), 1u);
  change(w, [](Config& c) {
    c.policy.accept_hids.clear();
    c.policy.rate_burst = 1;
    c.policy.rate_per_s = 1;
  });
  w.pass(seconds(2));
  for (int i = 0; i < 5; ++i) w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
  EXPECT_EQ(w.count(Error::rate), 4u);
}

}  // namespace
}  // namespace nrid::testing
