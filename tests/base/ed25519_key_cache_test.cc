// The cache of known keys: who comes in, who goes, and that verdicts do not care, also with several workers on one cache.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/ed25519/key_cache.h"
#include "base/ed25519/verifier.h"
#include "tests/base/ed25519_cases.h"

namespace nrid {
namespace {

using ed25519::KeyCache;

PublicKey key_of(size_t number) {
  PublicKey key{};
  key[0] = static_cast<uint8_t>(number);
  key[1] = static_cast<uint8_t>(number >> 8);
  return key;
}

struct Cache {
  explicit Cache(size_t keys_max) {
    SeededRandom random(1);
    auto made = KeyCache::make(keys_max, random);
    EXPECT_TRUE(made.ok()) << made.text();
    cache = std::move(*made);
  }
  bool holds(size_t number) {
    const PublicKey key = key_of(number);
    const PublicKey* at = &key;
    uint32_t slot = 0;
    cache->find({&at, 1}, {&slot, 1});
    cache->finish({&slot, 1}, {}, {});
    return slot != KeyCache::kNone;
  }
  // A key has verified a signature and had no table; returns how many tables were made then.
  size_t verified(size_t number, size_t lanes = 4) {
    const PublicKey key = key_of(number);
    const PublicKey* at = &key;
    std::vector<KeyCache::Build> builds(lanes);
    const size_t count = cache->finish({}, {&at, 1}, builds);
    cache->ready({builds.data(), count});
    return count;
  }
  std::unique_ptr<KeyCache> cache;
};

TEST(KeyCache, TablesAreMadeWhenTheLanesAreFull) {
  Cache c(64);
  EXPECT_EQ(c.verified(1), 0u);
  EXPECT_EQ(c.verified(2), 0u);
  EXPECT_EQ(c.verified(2), 0u);  // twice is one candidate
  EXPECT_EQ(c.verified(3), 0u);
  EXPECT_FALSE(c.holds(1));
  EXPECT_EQ(c.verified(4), 4u);
  for (size_t i = 1; i <= 4; ++i) EXPECT_TRUE(c.holds(i)) << i;
  EXPECT_EQ(c.verified(4), 0u);  // has one
  EXPECT_EQ(c.cache->stats().keys, 4u);
}

TEST(KeyCache, AFewThatComeOftenDoNotWaitForOthers) {
  Cache c(64);
  size_t made = 0, times = 0;
  for (; made == 0 && times < 100; ++times) made = c.verified(7);
  EXPECT_EQ(made, 1u);
  EXPECT_LT(times, 30u);
  EXPECT_TRUE(c.holds(7));
}

TEST(KeyCache, TheLeastRecentlyUsedGoesAndOthersStayFindable) {
  Cache c(32);
  for (size_t i = 0; i < 32; ++i) c.verified(i);
  EXPECT_EQ(c.cache->stats().keys, 32u);
  for (size_t i = 0; i < 16; ++i) EXPECT_TRUE(c.holds(i));
  size_t offered = 0;
  for (size_t i = 100; c.cache->stats().evicted < 8; ++i, ++offered) {
    c.verified(i);
    for (size_t kept = 0; kept < 16; ++kept) ASSERT_TRUE(c.holds(kept)) << kept << " after " << i;  // in use all the time
    ASSERT_LT(offered, 1000u);
  }
  EXPECT_GE(offered, 8 * (KeyCache::kAdmitOneOf - 1));  // a full cache takes one of eight
  EXPECT_EQ(c.cache->stats().keys, 32u);
}

TEST(KeyCache, APinnedTableIsNeverGivenAway) {
  Cache c(4);
  for (size_t i = 0; i < 4; ++i) c.verified(i);
  const PublicKey key = key_of(0);
  const PublicKey* at = &key;
  uint32_t slot = 0;
  c.cache->find({&at, 1}, {&slot, 1});
  ASSERT_NE(slot, KeyCache::kNone);
  for (size_t i = 100; i < 500; ++i) c.verified(i);
  EXPECT_GT(c.cache->stats().evicted, 8u);
  EXPECT_TRUE(c.holds(0));
  c.cache->finish({&slot, 1}, {}, {});
  for (size_t i = 500; i < 900; ++i) c.verified(i);
  EXPECT_FALSE(c.holds(0));
}

TEST(KeyCache, OnlyAValidSignatureBringsATable) {
  SeededRandom random(1);
  const auto verifier = std::move(*make_verifier({.key_cache = 64}, random));
  const bool tables = processor() != Processor::plain;  // libsodium keeps none, and the verdicts are the same
  EXPECT_EQ(verifier->key_cache().keys_max, tables ? 64u : 0u);
  std::vector<SignedCase> cases(64);
  for (size_t i = 0; i < cases.size(); ++i) {
    const SeedSigner signer(Seed{static_cast<uint8_t>(i), 1});
    cases[i].key = signer.public_key();
    cases[i].signature = *signer.sign({});
    cases[i].signature[40] ^= 1;
  }
  for (int round = 0; round < 20; ++round) {
    for (const bool good : verdicts(*verifier, cases)) EXPECT_FALSE(good);
  }
  EXPECT_EQ(verifier->key_cache().admitted, 0u);
  for (SignedCase& each : cases) each.signature[40] ^= 1;
  for (int round = 0; round < 20; ++round) {
    for (const bool good : verdicts(*verifier, cases)) EXPECT_TRUE(good);
  }
  EXPECT_EQ(verifier->key_cache().admitted, tables ? 64u : 0u);
  EXPECT_EQ(verifier->key_cache().hits > 64, tables);
}

TEST(KeyCache, WorkersShareOne) {
  SeededRandom random(1);
  const auto verifier = std::move(*make_verifier({.key_cache = 24}, random));  // fewer than there are keys: it turns over
  std::vector<SignedCase> cases;
  std::vector<bool> expected;
  CaseMaker maker(3);
  for (int i = 0; i < 600; ++i) {
    cases.push_back(maker.next());
    expected.push_back(sodium_verdict(cases.back()));
  }
  std::array<size_t, 4> differences{};
  std::vector<std::thread> workers;
  for (size_t w = 0; w < differences.size(); ++w) {
    workers.emplace_back([&, w] {
      SeededRandom mine(w);
      for (int round = 0; round < 12; ++round) {
        const size_t from = mine.below(500), count = 1 + mine.below(100);
        const auto got = verdicts(*verifier, std::span(cases).subspan(from, count));
        for (size_t i = 0; i < count; ++i) differences[w] += got[i] != expected[from + i];
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const size_t each : differences) EXPECT_EQ(each, 0u);
  EXPECT_EQ(verifier->key_cache().admitted > 0, processor() != Processor::plain);
}

}  // namespace
}  // namespace nrid
