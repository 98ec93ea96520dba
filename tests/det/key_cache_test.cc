// Who makes room in the memory of keys.
#include "det/key_cache.h"

#include <gtest/gtest.h>

namespace nrid::det {
namespace {

constexpr Now kMoment{at_second(1'790'000'000), Tick{1'000'000}};

Det det_of(uint8_t number) {
  Det det;
  det.octets = {0x20, 0x01, 0x00, 0x3f, 0xfe, 0x00, 0x0a, 0x05};
  det.octets[15] = number;
  return det;
}

class Cache : public testing::Test {
 protected:
  static constexpr uint8_t kRoom = 100;
  Cache() {
    KeySourceLimits limits;
    limits.keys_max = limits.negatives_max = kRoom;
    cache = std::make_unique<KeyCache>(limits, revocations);
    for (uint8_t i = 0; i < kRoom; ++i) put(i);
  }
  void put(uint8_t number) {
    static const SeedSigner signer(Seed{1});
    const KeyEntry entry{det_of(number), *PreparedKey::from(signer.public_key()), Trust::anchor, kMoment.wall + seconds(3600), false, ""};
    cache->put(std::make_shared<const KeyEntry>(entry), entry.valid_until, nullptr, kMoment);
  }
  bool here(uint8_t number) { return cache->peek(det_of(number), kMoment).key != nullptr; }
  Revocations revocations;
  std::unique_ptr<KeyCache> cache;
};

TEST_F(Cache, WhatIsUsedStays) {
  for (uint8_t i = 0; i < kRoom; i += 2) cache->find(det_of(i), kMoment);
  for (uint8_t i = 0; i < kRoom / 2; ++i) put(static_cast<uint8_t>(kRoom + i));
  for (uint8_t i = 0; i < kRoom; ++i) EXPECT_EQ(here(i), i % 2 == 0) << int{i};
}

TEST_F(Cache, OneLeavesEvenWhenAllAreUsed) {
  for (uint8_t i = 0; i < kRoom; ++i) cache->find(det_of(i), kMoment);
  put(kRoom);
  EXPECT_TRUE(here(kRoom));
  EXPECT_EQ(cache->stats().keys, kRoom);
  EXPECT_EQ(cache->stats().evicted, 1u);
}

TEST_F(Cache, RefusalsMakeRoomAmongThemselves) {
  for (uint8_t i = 0; i < 2 * kRoom; ++i) cache->put_no(det_of(static_cast<uint8_t>(kRoom + i % 150)), Error::unknown_key, "not there", kMoment);
  EXPECT_EQ(cache->stats().keys, kRoom);
  EXPECT_EQ(cache->stats().negatives, kRoom);
  for (uint8_t i = 0; i < kRoom; ++i) EXPECT_TRUE(here(i));
}

TEST_F(Cache, PrefetchChangesNothing) {
  for (int i = 0; i < 256; ++i) cache->prefetch(det_of(static_cast<uint8_t>(i)));
  EXPECT_EQ(cache->stats().hits + cache->stats().misses, 0u);
  put(kRoom);
  EXPECT_FALSE(here(0));  // the oldest; being fetched is no use
}

}  // namespace
}  // namespace nrid::det
