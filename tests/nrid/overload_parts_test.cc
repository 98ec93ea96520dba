// The parts of nrid/worker.h that order work under load (resilience.md section 4): shares, budgets, paths, suspects.
#include <gtest/gtest.h>

#include <map>

#include "nrid/known_paths.h"
#include "nrid/prefix_budget.h"
#include "nrid/suspects.h"
#include "nrid/verify_queue.h"

namespace nrid {
namespace {

Tick at_ms(int64_t ms) { return Tick{ms * 1000}; }

Det det_of(uint32_t number) {
  Det det;
  det.octets = {0x20, 0x01, 0x00, 0x3f, 0xfe, 0x00, 0x0a, 0x05};
  for (size_t i = 0; i < 4; ++i) det.octets[12 + i] = static_cast<uint8_t>(number >> 8 * i);
  return det;
}

Address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port = 1000) {
  const std::array<uint8_t, 4> ip = {a, b, c, d};
  return v4_address(ip, port);
}

// Keeps a class of each kind full and says who was served.
std::map<VerifyClass, int> served(VerifyQueue& queue, std::vector<VerifyClass> from, int signatures, unsigned cost = 1) {
  std::map<VerifyClass, int> out;
  for (uint32_t i = 0; i < from.size(); ++i) queue.add(i, from[i], false, at_ms(0));
  for (int i = 0; i < signatures; ++i) {
    const uint32_t place = *queue.next(true);
    ++out[from[place]];
    queue.spent(from[place], cost);
    queue.add(place, from[place], false, at_ms(i));
  }
  return out;
}

TEST(VerifyQueue, ComesOutInOrderOfArrivalWhileNothingPresses) {
  VerifyQueue queue(8);
  const VerifyClass in[] = {VerifyClass::unknown, VerifyClass::active, VerifyClass::moved, VerifyClass::active};
  for (uint32_t i = 0; i < 4; ++i) queue.add(i, in[i], i % 2 == 0, at_ms(i));
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(queue.next(false), i);
  EXPECT_EQ(queue.next(false), std::nullopt);
}

TEST(VerifyQueue, ClassesShareByWeightUnderPressure) {
  VerifyQueue queue(8);
  auto out = served(queue, {VerifyClass::active, VerifyClass::moved, VerifyClass::known, VerifyClass::unknown}, 1000);
  EXPECT_NEAR(out[VerifyClass::active], 600, 2);
  EXPECT_NEAR(out[VerifyClass::moved], 150, 2);
  EXPECT_NEAR(out[VerifyClass::known], 150, 2);
  EXPECT_NEAR(out[VerifyClass::unknown], 100, 2);
}

TEST(VerifyQueue, WhatAClassLeavesGoesToTheOthers) {
  VerifyQueue queue(8);
  auto out = served(queue, {VerifyClass::moved, VerifyClass::unknown}, 1000);
  EXPECT_NEAR(out[VerifyClass::moved], 600, 2);
  EXPECT_NEAR(out[VerifyClass::unknown], 400, 2);
}

TEST(VerifyQueue, AnIdleClassOwnsNoSavings) {
  VerifyQueue queue(8);
  served(queue, {VerifyClass::active}, 10'000);
  queue.next(true);
  auto out = served(queue, {VerifyClass::active, VerifyClass::unknown}, 70);
  EXPECT_NEAR(out[VerifyClass::active], 60, 2);
}

TEST(VerifyQueue, NewestFirstAndSuspectsLastUnderPressure) {
  VerifyQueue queue(8);
  queue.add(0, VerifyClass::active, false, at_ms(0));
  queue.add(1, VerifyClass::active, true, at_ms(1));
  queue.add(2, VerifyClass::active, false, at_ms(2));
  queue.add(3, VerifyClass::active, true, at_ms(3));
  for (const uint32_t place : {2u, 0u, 3u, 1u}) EXPECT_EQ(queue.next(true), place);
}

TEST(VerifyQueue, RoomIsMadeWhereMostIsHeldForItsShare) {
  VerifyQueue queue(16);
  for (uint32_t i = 0; i < 6; ++i) queue.add(i, VerifyClass::active, false, at_ms(i));
  for (uint32_t i = 6; i < 9; ++i) queue.add(i, VerifyClass::unknown, false, at_ms(i));
  queue.add(9, VerifyClass::unknown, true, at_ms(9));
  EXPECT_EQ(queue.make_room(), 9u);  // the suspect first
  EXPECT_EQ(queue.make_room(), 6u);
  EXPECT_EQ(queue.make_room(), 7u);
  EXPECT_EQ(queue.make_room(), 0u);  // 6/60 and 1/10 are level: the class named first
  EXPECT_EQ(queue.older_than(at_ms(2)), 1u);
  EXPECT_EQ(queue.older_than(at_ms(2)), std::nullopt);
  EXPECT_EQ(queue.size(), 5u);
}

class Budgets : public ::testing::Test {
 protected:
  SeededRandom random{7};
  PrefixBudgets budgets{4096, 10, 20, random};
  int allowed(const Address& peer, int datagrams, Tick now) {
    int out = 0;
    for (int i = 0; i < datagrams; ++i) out += budgets.charge(peer, now) ? 1 : 0;
    return out;
  }
};

TEST_F(Budgets, AnAddressSpendsItsBurstAndThenItsRate) {
  EXPECT_EQ(allowed(v4(192, 0, 2, 1), 100, at_ms(0)), 20);
  EXPECT_EQ(allowed(v4(192, 0, 2, 1, 2000), 100, at_ms(0)), 0);  // another port is no other address
  EXPECT_EQ(allowed(v4(192, 0, 2, 1), 100, at_ms(1000)), 10);
  EXPECT_EQ(allowed(v4(192, 0, 2, 2), 100, at_ms(1000)), 20);
}

TEST_F(Budgets, ANetworkSpendsTooSoThatManyAddressesDoNotHelp) {
  int out = 0;
  for (int host = 0; host < 256; ++host) out += allowed(v4(198, 51, 100, static_cast<uint8_t>(host)), 20, at_ms(0));
  EXPECT_EQ(out, 20 * 8);
  out = 0;
  for (int i = 0; i < 10'000; ++i) {
    Address peer;
    peer.ip = {0x20, 0x01, 0x0d, 0xb8, 0, 1, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i), 0, 0, 0, 0, 0, 0, 0, 1};
    out += allowed(peer, 1, at_ms(0));
  }
  EXPECT_EQ(out, 20 * 64);
}

TEST_F(Budgets, WhoIsHonestOwesNothing) {
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(budgets.charge(v4(203, 0, 113, 9), at_ms(0)));
    budgets.refund(v4(203, 0, 113, 9), at_ms(0));
  }
}

TEST_F(Budgets, AFloodOfSourcesForgetsNobodyWhoOwesMuch) {
  allowed(v4(192, 0, 2, 1), 100, at_ms(0));
  for (uint32_t i = 0; i < 200'000; ++i) budgets.charge(v4(static_cast<uint8_t>(10 + i % 100), static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)), at_ms(0));
  EXPECT_EQ(allowed(v4(192, 0, 2, 1), 100, at_ms(0)), 0);
}

TEST(KnownPaths, TheLastTwoAddressesAreHere) {
  SeededRandom random(1);
  KnownPaths paths(1000, random);
  using Heard = KnownPaths::Heard;
  const Det kid = det_of(1);
  EXPECT_EQ(paths.find(kid, v4(192, 0, 2, 1), at_ms(0), seconds(15)), Heard::never);
  paths.note(kid, v4(192, 0, 2, 1), at_ms(0));
  paths.note(kid, v4(192, 0, 2, 1), at_ms(1000));
  paths.note(kid, v4(192, 0, 2, 2), at_ms(2000));
  EXPECT_EQ(paths.find(kid, v4(192, 0, 2, 1), at_ms(3000), seconds(15)), Heard::here);
  EXPECT_EQ(paths.find(kid, v4(192, 0, 2, 2), at_ms(3000), seconds(15)), Heard::here);
  EXPECT_EQ(paths.find(kid, v4(192, 0, 2, 2, 1001), at_ms(3000), seconds(15)), Heard::elsewhere);
  EXPECT_EQ(paths.find(kid, v4(192, 0, 2, 2), at_ms(18'500), seconds(15)), Heard::never);
  EXPECT_EQ(paths.find(det_of(2), v4(192, 0, 2, 2), at_ms(3000), seconds(15)), Heard::never);
}

TEST(KnownPaths, NearlyAllOfAFullTableAreKnown) {
  SeededRandom random(1);
  KnownPaths paths(10'000, random);
  for (uint32_t i = 0; i < 10'000; ++i) paths.note(det_of(i), v4(192, 0, 2, static_cast<uint8_t>(i)), at_ms(1000));
  int here = 0;
  for (uint32_t i = 0; i < 10'000; ++i) here += paths.find(det_of(i), v4(192, 0, 2, static_cast<uint8_t>(i)), at_ms(1000), seconds(15)) == KnownPaths::Heard::here;
  EXPECT_GE(here, 9'900);
}

TEST(Suspects, ThreeFailuresMakeOneAndTimeForgives) {
  SeededRandom random(1);
  Suspects suspects(64, random);
  const Det kid = det_of(1);
  const Address peer = v4(192, 0, 2, 1);
  for (int i = 0; i < 2; ++i) suspects.failed(kid, peer, false, at_ms(0));
  EXPECT_FALSE(suspects.suspect(kid, peer, false, at_ms(0)));
  suspects.failed(kid, peer, false, at_ms(0));
  EXPECT_TRUE(suspects.suspect(kid, peer, false, at_ms(0)));
  EXPECT_FALSE(suspects.suspect(kid, v4(192, 0, 2, 2), false, at_ms(0)));
  EXPECT_FALSE(suspects.suspect(kid, peer, false, at_ms(2000)));
}

TEST(Suspects, WhatCarriesOurEchoValueAnswersForItselfAlone) {
  SeededRandom random(1);
  Suspects suspects(64, random);
  const Det kid = det_of(1);
  const Address peer = v4(192, 0, 2, 1);
  for (int i = 0; i < 9; ++i) suspects.failed(kid, peer, false, at_ms(0));  // in its name, from an address that anybody can write
  EXPECT_FALSE(suspects.suspect(kid, peer, true, at_ms(0)));
  for (int i = 0; i < 3; ++i) suspects.failed(kid, peer, true, at_ms(0));
  EXPECT_TRUE(suspects.suspect(kid, peer, true, at_ms(0)));
}

TEST(KnownPaths, WhatAnotherWorkerNotedASecondAheadIsHere) {
  SeededRandom random(1);
  KnownPaths paths(16, random);
  paths.note(det_of(1), v4(192, 0, 2, 1), at_ms(2000));
  EXPECT_EQ(paths.find(det_of(1), v4(192, 0, 2, 1), at_ms(1999), seconds(15)), KnownPaths::Heard::here);
}

}  // namespace
}  // namespace nrid
