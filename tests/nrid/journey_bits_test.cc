// One flipped bit anywhere in a captured datagram (issue: 100 % of positions): refused and counted, or, in what nobody signs
// (CoAP type, message id, token, the unprotected kid's spelling), refused or the same track - never another.
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

void flip_every_bit(Transport transport) {
  Options o;
  o.policy.rate_burst = 1e9;
  o.limits.unverified_replies_burst = 1e9;
  o.limits.report_ring = o.limits.record_ring = 16;
  World w(o);
  const Buffer good = w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), transport);
  size_t same_track = 0;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    w.start();  // nothing of the flip before is remembered
    Buffer flipped = good;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ 1u << bit % 8);
    w.inject(flipped, address_of(1), transport);
    w.run();
    ASSERT_TRUE(w.conserved()) << "bit " << bit;
    const CounterTotals totals = w.counters->total();
    const uint64_t refused = totals.refused_sum() + w.server->parked();
    ASSERT_EQ(refused + totals.get(Counter::accepted) + totals.get(Counter::control), 1u) << "bit " << bit;
    if (totals.get(Counter::accepted) == 0) {
      ASSERT_EQ(w.server->operations(), 0u);
      continue;
    }
    ++same_track;
    w.pass(seconds(2), seconds(2));
    ASSERT_EQ(w.recorder->sightings.size(), 1u) << "bit " << bit;
    const Sighting& s = w.recorder->sightings[0];
    EXPECT_EQ(s.ua, w.ua.det);
    EXPECT_EQ(s.gateway, w.ua.det);
    EXPECT_EQ(s.location->latitude_e7, 473'900'000);
    EXPECT_EQ(s.location->longitude_e7, 85'400'000);
    w.clock.step_wall(seconds(-2));
  }
  // Type (CON to NON), message id 16, token 32, and what the token length nibble cannot touch: about 49 positions.
  EXPECT_GE(same_track, 16u + 32u);
  EXPECT_LE(same_track, 16u + 32u + 16u);
}

TEST(JourneyBits, plain) { flip_every_bit(Transport::plain); }
TEST(JourneyBits, schc) { flip_every_bit(Transport::schc); }

// Cut at every octet: the same law.
TEST(JourneyBits, cut) {
  for (const Transport transport : {Transport::plain, Transport::schc}) {
    Options o;
    o.limits.unverified_replies_burst = 1e9;
    World w(o);
    const Buffer good = w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), transport);
    for (size_t size = 0; size < good.size(); ++size) {
      w.inject(Bytes(good).first(size), address_of(1), transport);
      w.run();
      ASSERT_TRUE(w.conserved()) << size;
    }
    EXPECT_EQ(w.count(Counter::accepted), 0u);
    EXPECT_EQ(w.server->operations(), 0u);
  }
}

}  // namespace
}  // namespace nrid::testing
