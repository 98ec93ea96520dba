// Who says that he is somebody else (resilience.md T8, T10). NRID_LONG multiplies the number of messages of T8: 10 makes its hundred thousand.
#include <cstdlib>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

size_t times(size_t count) {
  const char* const more = std::getenv("NRID_LONG");
  return count * (more == nullptr ? 1 : static_cast<size_t>(std::max(1, std::atoi(more))));
}

Options unhurried() {
  Options options;
  options.policy.rate_per_s = options.policy.rate_burst = 1e9;
  options.limits.overload.dry_shares = options.limits.overload.dry_source = options.limits.overload.dry_rate = true;
  options.limits.unverified_replies_per_s = options.limits.unverified_replies_burst = 1e9;
  return options;
}

std::deque<Party> parties(int first, int count) {
  std::deque<Party> out;
  for (int i = 0; i < count; ++i) out.emplace_back(static_cast<uint8_t>(first + i));
  return out;
}

// No signature covers the kid where it stands outside the protected header; the key that it names must be the one.
TEST(Identity, T8_no_token_passes_under_another_kid) {
  World w(unhurried());
  const std::deque<Party> all = parties(5, 190);
  for (const Party& each : all) w.keys.know(each);
  SeededRandom random(8);
  std::vector<Buffer> tokens;
  for (const Party& each : all) tokens.push_back(w.uas_cwt(each, w.flight_pack(each)));
  const size_t swaps = times(10'000);
  for (size_t i = 0; i < swaps; ++i) {
    const size_t from = random.below(static_cast<uint32_t>(all.size()));
    const size_t to = (from + 1 + random.below(static_cast<uint32_t>(all.size() - 1))) % all.size();
    Buffer swapped = tokens[from];
    const auto& kid = all[from].det.octets;
    const auto at = std::search(swapped.begin(), swapped.end(), kid.begin(), kid.end());
    ASSERT_NE(at, swapped.end());
    std::copy(all[to].det.octets.begin(), all[to].det.octets.end(), at);
    w.inject(w.post(Type::non, swapped));
    w.run();
  }
  EXPECT_EQ(w.count(Error::bad_signature), swaps);
  EXPECT_EQ(w.count(Counter::accepted), 0u);
  EXPECT_EQ(w.server->operations(), 0u);
}

// A hundred ground stations, each entitled to one aircraft, and each with the packs of all of them.
TEST(Identity, T10_a_gateway_speaks_for_its_own_aircraft_and_no_other) {
  constexpr int kPairs = 100;
  const std::deque<Party> aircraft = parties(5, kPairs);
  const std::deque<Party> stations = parties(5 + kPairs, kPairs + 1);  // one of them has the seed of the tests' HDA
  Options options = unhurried();
  for (size_t i = 0; i < kPairs; ++i) options.policy.gateways.emplace_back(stations[i].det, aircraft[i].det);
  World w(options);
  std::vector<Buffer> packs;
  for (const Party& each : aircraft) packs.push_back(w.start_pack(each));
  for (const auto* list : {&aircraft, &stations}) {
    for (const Party& each : *list) w.keys.know(each);
  }
  for (size_t x = 0; x < kPairs; ++x) {
    for (size_t y = 0; y < kPairs; ++y) w.send(Type::non, w.uas_cwt(stations[y], packs[x]));
  }
  EXPECT_EQ(w.count(Counter::accepted), uint64_t{kPairs});
  EXPECT_EQ(w.count(Error::not_owner), uint64_t{kPairs} * (kPairs - 1));
  EXPECT_EQ(w.server->operations(), size_t{kPairs});
}

TrustState last_trust(const World& w) {
  EXPECT_FALSE(w.recorder->sightings.empty());
  return w.recorder->sightings.empty() ? TrustState::none : w.recorder->sightings.back().trust;
}

// drip.md 2.12: one sender's messages, of which one holds and one does not. Who may not speak for the aircraft cannot cast doubt on it.
TEST(Identity, AGatewayThatContradictsItsAircraftMakesTheFlightConflicting) {
  Options options = unhurried();
  const Party station(60), other(61);
  World ids;                                           // its DETs are those of every world
  options.policy.gateways = {{station.det, ids.ua.det}};
  World w(options);
  for (const Party* each : {&station, &other}) w.keys.know(*each);
  w.send(Type::con, w.uas_cwt(station, w.start_pack(w.ua)));
  w.pass(seconds(2));
  EXPECT_EQ(last_trust(w), TrustState::trusted);
  const auto broken = [&](int north) {
    Buffer pack = w.flight_pack(w.ua, north);
    pack[pack.size() - 40] ^= 1;                       // in the aircraft's signature
    return pack;
  };
  w.send(Type::non, w.uas_cwt(other, broken(1)));
  EXPECT_EQ(w.count(Error::not_owner), 1u);
  Buffer nobodys = w.uas_cwt(station, broken(2));
  nobodys.back() ^= 1;
  w.send(Type::non, nobodys);
  EXPECT_EQ(w.count(Error::bad_signature), 1u);
  w.pass(seconds(1));
  EXPECT_EQ(w.recorder->count(FlightEventKind::contradicted), 0u);

  for (int i = 3; i < 6; ++i) w.send(Type::non, w.uas_cwt(station, broken(i)));
  EXPECT_EQ(w.count(Error::wrapper_signature), 3u);
  w.pass(seconds(1));
  EXPECT_EQ(w.recorder->count(FlightEventKind::contradicted), 1u) << "it is told once";
  w.send(Type::non, w.uas_cwt(station, w.flight_pack(w.ua, 9)));
  w.pass(seconds(2));
  EXPECT_EQ(last_trust(w), TrustState::conflicting);
  EXPECT_EQ(w.recorder->sightings.back().verdict, Verdict::verified);
}

}  // namespace
}  // namespace nrid::testing
