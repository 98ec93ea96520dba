// The wheel against a sorted list, at every distance; and a million flights with a Heartbeat every 5 s (resilience.md T35).
#include "nrid/timer_wheel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "base/random.h"

namespace nrid {
namespace {

using Wheel = TimerWheel<uint32_t>;

TEST(TimerWheel, FiresWhatASortedListFires) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SeededRandom random(seed);
    Wheel wheel;
    std::multimap<std::pair<int64_t, uint32_t>, bool> list;
    Tick now{1'000'000'000};
    std::vector<Wheel::Timer> fired;
    for (int round = 0; round < 600; ++round) {
      for (uint64_t n = random.below(4); n > 0; --n) {
        // Past, within a step, in each wheel, and beyond them all.
        const int64_t spread_us = int64_t{1} << random.below(46);
        const Tick due{now.us - 2000 + static_cast<int64_t>(random.below(static_cast<uint64_t>(spread_us)))};
        const auto key = static_cast<uint32_t>(random.below(100));
        wheel.set(due, key);
        list.emplace(std::pair(due.us, key), true);
      }
      const Tick next = wheel.next_due();
      if (list.empty()) {
        EXPECT_EQ(next.us, INT64_MAX);
      } else {
        EXPECT_LE(next.us, list.begin()->first.first) << "seed " << seed;
      }
      const int64_t pace_us = int64_t{1} << random.below(round > 500 ? 46 : 24);
      now.us += random.below(3) == 0 && next.us != INT64_MAX ? std::max<int64_t>(0, next.us - now.us) : static_cast<int64_t>(random.below(static_cast<uint64_t>(pace_us)));
      fired.clear();
      wheel.advance(now, fired);
      for (const Wheel::Timer& each : fired) {
        ASSERT_FALSE(list.empty());
        EXPECT_EQ(std::pair(each.due.us, each.key), list.begin()->first) << "seed " << seed << " round " << round;
        list.erase(list.begin());
      }
      ASSERT_TRUE(list.empty() || list.begin()->first.first > now.us) << "seed " << seed << " round " << round;
      ASSERT_EQ(wheel.size(), list.size());
    }
  }
}

TEST(TimerWheel, AnOlderTimeFindsNothingNewAndLosesNothing) {
  Wheel wheel;
  std::vector<Wheel::Timer> fired;
  wheel.advance(Tick{5'000'000}, fired);
  wheel.set(Tick{4'000'000}, 1);
  wheel.set(Tick{5'001'000}, 2);
  wheel.advance(Tick{3'000'000}, fired);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(wheel.next_due(), Tick{4'000'000});
  wheel.advance(Tick{5'000'000}, fired);
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_EQ(wheel.next_due(), Tick{5'001'000});
  wheel.advance(Tick{5'001'000}, fired);
  EXPECT_EQ(fired.size(), 2u);
  EXPECT_EQ(wheel.size(), 0u);
}

// Simulated time; the processor time is printed and judged by nobody here. A shard wakes every 10 ms, later than it would.
TEST(TimerWheel, AMillionFlightsKeepTheirHeartbeats) {
  constexpr uint32_t kFlights = 1'000'000;
  constexpr Duration kPeriod = seconds(5), kWake = milliseconds(10), kRun = seconds(10);
  Wheel wheel;
  SeededRandom random(35);
  const Tick begin{7'000'000'000};
  for (uint32_t i = 0; i < kFlights; ++i) wheel.set(begin + Duration{static_cast<int64_t>(random.below(static_cast<uint64_t>(kPeriod.us)))}, i);
  std::vector<Wheel::Timer> fired;
  std::vector<uint32_t> late_us(1'000'000);  // a second and more in the last
  std::vector<uint8_t> beats(kFlights);
  uint64_t count = 0;
  const clock_t cpu = clock();
  for (Tick now = begin; now < begin + kRun; now = now + kWake) {
    fired.clear();
    wheel.advance(now, fired);
    for (const Wheel::Timer& each : fired) {
      ++beats[each.key];
      ++late_us[std::min<size_t>(static_cast<size_t>((now - each.due).us), late_us.size() - 1)];
      wheel.set(each.due + kPeriod, each.key);
    }
    count += fired.size();
  }
  const double cpu_s = static_cast<double>(clock() - cpu) / CLOCKS_PER_SEC;
  uint64_t seen = 0;
  size_t p99 = 0;
  while (seen < count * 99 / 100) seen += late_us[p99++];
  EXPECT_EQ(wheel.size(), kFlights);
  EXPECT_LE(p99, 50'000u);
  for (const uint8_t each : beats) ASSERT_TRUE(each >= 1 && each <= 3) << "nobody is forgotten";
  const double share = cpu_s / static_cast<double>(kRun.seconds());
  std::printf("1,000,000 flights: %llu Heartbeats in %lld s, jitter p99 %.1f ms, %.0f ns a timer, %.2f %% of one core\n", static_cast<unsigned long long>(count),
              static_cast<long long>(kRun.seconds()), static_cast<double>(p99) / 1000, cpu_s * 1e9 / static_cast<double>(count), share * 100);
}

}  // namespace
}  // namespace nrid
