// Cache poisoning (resilience.md T29): whatever an answer says, a key that does not hash to its DET is held by nobody, and none is that its
// issuer did not sign for. NRID_LONG multiplies the number of answers: 250 makes its million.
#include <cstdlib>

#include "det/certificate.h"
#include "det/hhit.h"
#include "tests/det/key_world.h"

namespace nrid::det {
namespace {

size_t times(size_t count) {
  const char* const more = std::getenv("NRID_LONG");
  return count * (more == nullptr ? 1 : static_cast<size_t>(std::max(1, std::atoi(more))));
}

// A certificate for `subject` with the forger's key, signed by himself in the name of `issuer`.
Buffer forged_hhit(const Det& subject, const Det& issuer, const SeedSigner& forger) {
  const auto certificate = make_certificate({subject, forger.public_key(), issuer, kNow - seconds(60), kNow + seconds(600), false, "", "", {1}}, forger);
  EXPECT_TRUE(certificate.ok());
  return *encode_hhit({entity::ua, default_abbreviation(subject), *certificate});
}

Buffer forge(const KeyWorld& world, const Buffer& genuine, const Buffer& others, Random& random) {
  const Det& ua = world.det("ua");
  const uint32_t kind = random.below(4);
  if (kind == 0) return others;
  if (kind == 1) {
    Seed seed;
    random.fill(seed);
    const SeedSigner forger(seed);
    return forged_hhit(random.below(2) == 0 ? ua : derive(ua.raa(), ua.hda(), forger.public_key()), world.det("hda"), forger);
  }
  Buffer said = genuine;
  for (uint32_t flips = 1 + random.below(3); flips > 0; --flips) said[random.below(static_cast<uint32_t>(said.size()))] ^= static_cast<uint8_t>(1 << random.below(8));
  return said;
}

// A registry's certificates hold for a day: each world takes a thousand answers, a second apart.
void poison(Random& random, size_t& believed) {
  constexpr size_t kAnswers = 1000;
  KeySourceLimits limits;
  limits.negative = milliseconds(500);
  KeyWorld world(limits);
  world.dns.ttl_s = 1;
  const RegistryEntry& ua = world.registry["ua"];
  const auto name = std::make_pair(owner_name(ua.det), RrType::hhit);
  const Buffer genuine = world.dns.table.at(name).front();
  const Buffer others = world.dns.table.at({owner_name(world.det("ua2")), RrType::hhit}).front();
  for (size_t i = 0; i < kAnswers; ++i) {
    world.clock.advance(milliseconds(1001));
    world.dns.table[name] = {forge(world, genuine, others, random)};
    world.keys->request(ua.det);
    const auto held = world.keys->find(ua.det, world.clock.now());
    if (!held.ok()) continue;
    ASSERT_EQ((*held)->key.octets(), ua.key);          // what flipped is outside of what the certificate says: the HHIT's type or abbreviation
    ++believed;
  }
  EXPECT_EQ(world.keys->stats().lookups, kAnswers);
  world.clock.advance(milliseconds(1001));
  world.dns.table[name] = {genuine};
  world.keys->request(ua.det);
  EXPECT_TRUE(world.keys->find(ua.det, world.clock.now()).ok());
}

TEST(KeySource, T29_no_forged_answer_brings_a_key) {
  SeededRandom random(29);
  size_t believed = 0;
  const size_t worlds = times(4);
  for (size_t i = 0; i < worlds; ++i) poison(random, believed);
  EXPECT_LT(believed, worlds * 100);
}

}  // namespace
}  // namespace nrid::det
