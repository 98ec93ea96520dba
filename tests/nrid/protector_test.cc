// R-030 with a real gateway and the real server: both ends hold the hook, and no signed word crosses the wire in the clear.
#include <algorithm>

#include "nrid/aircraft.h"
#include "tests/nrid/both_ends.h"
#include "tests/nrid/shared_key.h"

namespace nrid::testing {
namespace {

struct Flown {
  Outcome outcome = Outcome::none;
  uint64_t accepted = 0, malformed = 0, heartbeats = 0, unreadable = 0;
  size_t datagrams = 0, bare = 0;        // of both ways; `bare` name a DET that signed
};

bool names(Bytes octets, const Det& det) {
  return std::search(octets.begin(), octets.end(), det.octets.begin(), det.octets.end()) != octets.end();
}

// What both ends send goes by here; each has the protector that it has.
class TapPort final : public DatagramPort {
 public:
  TapPort(DatagramPort& below, const World& world, Flown& flown) : below_(below), world_(world), flown_(flown) {}
  Address local() const override { return below_.local(); }
  size_t receive(std::span<Received> out) override {
    const size_t count = below_.receive(out);
    for (size_t i = 0; i < count; ++i) look(out[i].octets);
    return count;
  }
  size_t send(std::span<const Outgoing> datagrams) override {
    for (const Outgoing& one : datagrams) look(one.octets);
    return below_.send(datagrams);
  }
  void wait(Duration) override {}

 private:
  void look(Bytes octets) {
    ++flown_.datagrams;
    if (names(octets, world_.ua.det) || names(octets, world_.gcs.det) || names(octets, world_.sp.det)) ++flown_.bare;
  }
  DatagramPort& below_;
  const World& world_;
  Flown& flown_;
};

Flown fly_with(const PayloadProtector* at_gateway, const PayloadProtector* at_provider) {
  Flown flown;
  World world(with_gateway());
  world.protector = at_provider;
  world.start();
  Side side(world, world.gcs);
  Aircraft aircraft(side.identity(), world.ua.signer);
  TapPort tap(side.port, world, flown);
  Gateway::Parts parts = side.parts(aircraft, &tap);
  parts.protector = at_gateway;
  Gateway gateway({}, {}, side.carriage(), side.speaker, straight(20), side.provider(), parts);
  gateway.start(world.clock.now());
  fly(world, gateway, seconds(60));
  const GatewayStatus status = gateway.status(world.clock.now());
  flown.outcome = status.outcome;
  flown.heartbeats = status.heartbeats;
  flown.unreadable = gateway.refused(Error::malformed);
  flown.accepted = world.count(Counter::accepted);
  flown.malformed = world.count(Error::malformed);
  return flown;
}

TEST(Protector, R030_a_flight_from_start_to_end_is_sealed_both_ways) {
  const Flown bare = fly_with(nullptr, nullptr);
  EXPECT_EQ(bare.outcome, Outcome::ended);
  EXPECT_GT(bare.bare, 20U);
  const SharedKey key(7);
  const Flown sealed = fly_with(&key, &key);
  EXPECT_EQ(sealed.outcome, Outcome::ended);
  EXPECT_EQ(sealed.accepted, bare.accepted);
  EXPECT_EQ(sealed.heartbeats, bare.heartbeats);
  EXPECT_EQ(sealed.datagrams, bare.datagrams);
  EXPECT_EQ(sealed.bare, 0U);
  EXPECT_EQ(sealed.malformed + sealed.unreadable, 0U);
}

TEST(Protector, R030_ends_that_differ_do_not_meet) {
  const SharedKey key(7), other(8);
  for (const auto& [at_gateway, at_provider] : {std::pair<const SharedKey*, const SharedKey*>{&key, nullptr}, {nullptr, &key}, {&key, &other}}) {
    const Flown flown = fly_with(at_gateway, at_provider);
    EXPECT_EQ(flown.outcome, Outcome::start_failed);
    EXPECT_EQ(flown.accepted, 0U);
    EXPECT_EQ(flown.malformed, 4U) << "the four tries of a start";
  }
}

// The provider's word is opened before anything of it is believed, and nothing else is.
TEST(Protector, R030_a_bare_word_to_a_gateway_that_wants_it_sealed_is_refused) {
  const SharedKey key(7);
  World world(with_gateway());
  world.protector = &key;
  world.start();
  Side side(world, world.gcs);
  Aircraft aircraft(side.identity(), world.ua.signer);
  Gateway::Parts parts = side.parts(aircraft);
  parts.protector = &key;
  Gateway gateway({}, {}, side.carriage(), side.speaker, straight(60), side.provider(), parts);
  gateway.start(world.clock.now());
  fly(world, gateway, seconds(3));
  ASSERT_EQ(gateway.status(world.clock.now()).phase, Phase::flying);
  const uint64_t heartbeats = gateway.status(world.clock.now()).heartbeats;
  std::array<uint8_t, 512> space{}, datagram{};
  const Speaker speaker{world.sp.det, &world.sp.signer, cwt::KidForm::tagged_in_bstr, 10};
  const auto cwt = make_uss_cwt(speaker, {world.ua.det, {}, std::nullopt}, world.clock.now().wall.seconds(), space);
  ASSERT_TRUE(cwt.ok());
  const auto post = make_post({{}, schc::Direction::down}, coap::Type::non, 9, Token(), *cwt, datagram);
  ASSERT_TRUE(post.ok());
  world.plain_port.sent.emplace_back(side.port.local(), Buffer(post->begin(), post->end()));
  gateway.step(world.clock.now());
  EXPECT_EQ(gateway.refused(Error::malformed), 1U);
  EXPECT_EQ(gateway.status(world.clock.now()).heartbeats, heartbeats);
}

}  // namespace
}  // namespace nrid::testing
