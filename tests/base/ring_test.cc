// The bounded ring: order, limit, what is dropped, and that no wake-up is lost with many producers.
#include "base/ring.h"

#include <gtest/gtest.h>

#include <poll.h>

#include <atomic>
#include <memory>
#include <thread>

namespace nrid {
namespace {

template <class T>
std::optional<T> pop(Ring<T>& ring) {
  std::vector<T> out;
  if (ring.pop_many(out, 1) == 0) return std::nullopt;
  return std::move(out.front());
}

TEST(Ring, FirstInFirstOutUpToTheLimit) {
  Ring<int> ring(3);
  EXPECT_EQ(ring.limit(), 3u);
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(ring.push(1));
    EXPECT_TRUE(ring.push(2));
    EXPECT_TRUE(ring.push(3));
    EXPECT_FALSE(ring.push(4));
    EXPECT_EQ(ring.size(), 3u);
    EXPECT_EQ(pop(ring), 1);
    EXPECT_EQ(pop(ring), 2);
    EXPECT_TRUE(ring.push(5));
    EXPECT_EQ(pop(ring), 3);
    EXPECT_EQ(pop(ring), 5);
    EXPECT_EQ(pop(ring), std::nullopt);
  }
}

TEST(Ring, ARefusedItemStaysWithItsOwner) {
  Ring<std::unique_ptr<int>> ring(1);
  EXPECT_TRUE(ring.push(std::make_unique<int>(1)));
  auto kept = std::make_unique<int>(2);
  EXPECT_FALSE(ring.push(std::move(kept)));
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(*kept, 2);
}

TEST(Ring, PopManyTakesABatch) {
  Ring<int> ring(5);
  for (const int item : {1, 2, 3, 4, 5}) ASSERT_TRUE(ring.push(item));
  std::vector<int> out;
  EXPECT_EQ(ring.pop_many(out, 2), 2u);
  EXPECT_EQ(ring.pop_many(out, 99), 3u);
  EXPECT_EQ(out, (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(ring.pop_many(out, 1), 0u);
}

TEST(Ring, DropOldestReportsWhatWent) {
  Ring<int> ring(2);
  EXPECT_EQ(ring.push_drop_oldest(1), std::nullopt);
  EXPECT_EQ(ring.push_drop_oldest(2), std::nullopt);
  EXPECT_EQ(ring.push_drop_oldest(3), 1);
  EXPECT_EQ(pop(ring), 2);
  EXPECT_EQ(pop(ring), 3);
}

// Positions are positive, events negative: an event never drops, and the order of what stays is the order of arrival.
TEST(Ring, EventsSurviveAndKeepTheirPlace) {
  const auto may_drop = [](int item) { return item > 0; };
  Ring<int> ring(4);
  ring.push(99);
  pop(ring);  // so that the ring wraps round below
  for (const int item : {-1, 1, 2, -2}) ASSERT_TRUE(ring.push(item));
  auto outcome = ring.push_drop_oldest(3, may_drop);
  EXPECT_TRUE(outcome.pushed);
  EXPECT_EQ(outcome.dropped, 1);
  outcome = ring.push_drop_oldest(-3, may_drop);
  EXPECT_EQ(outcome.dropped, 2);
  outcome = ring.push_drop_oldest(-4, may_drop);
  EXPECT_EQ(outcome.dropped, 3);
  outcome = ring.push_drop_oldest(4, may_drop);
  EXPECT_FALSE(outcome.pushed);
  EXPECT_EQ(outcome.dropped, std::nullopt);
  std::vector<int> out;
  ring.pop_many(out, 10);
  EXPECT_EQ(out, (std::vector<int>{-1, -2, -3, -4}));
}

TEST(Ring, PoppedItemsAreReleased) {
  Ring<std::shared_ptr<int>> ring(2);
  auto item = std::make_shared<int>(1);
  ring.push(item);
  EXPECT_EQ(item.use_count(), 2);
  pop(ring);
  EXPECT_EQ(item.use_count(), 1);
  ring.push(item);
  ring.push(std::make_shared<int>(2));
  EXPECT_EQ(*ring.push_drop_oldest(std::make_shared<int>(3)), item);
  EXPECT_EQ(item.use_count(), 1);
}

TEST(Ring, WaitEndsByTimePushOrWake) {
  Ring<int> ring(2);
  EXPECT_FALSE(ring.wait(milliseconds(1)));
  ring.push(1);
  EXPECT_TRUE(ring.wait(seconds(60)));
  pop(ring);
  ring.wake();
  EXPECT_FALSE(ring.wait(seconds(60)));  // woken with nothing there
  std::thread producer([&] { ring.push(2); });
  while (!ring.wait(seconds(60))) {
  }
  EXPECT_EQ(pop(ring), 2);
  producer.join();
}

TEST(Ring, FdJoinsAPollSet) {
  Ring<int> ring(2);
  ASSERT_TRUE(ring.before_sleep());
  pollfd entry{.fd = ring.fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  ring.push(1);
  EXPECT_EQ(poll(&entry, 1, 0), 1);
  ring.after_sleep();
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  EXPECT_FALSE(ring.before_sleep());  // something is there: do not sleep
}

// Each producer's own items arrive in its order; nothing is lost and nothing comes twice.
TEST(Ring, ManyProducersOneConsumer) {
  constexpr int kProducers = 4;
  constexpr int kItems = 20000;
  Ring<std::pair<int, int>> ring(64);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&ring, p] {
      for (int i = 0; i < kItems;) {
        if (ring.push({p, i})) {
          ++i;
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<int> next(kProducers, 0);
  std::vector<std::pair<int, int>> batch;
  int received = 0;
  bool in_order = true;
  while (received < kProducers * kItems) {
    ASSERT_TRUE(ring.wait(seconds(30)));  // a lost wake-up would hang here
    batch.clear();
    ring.pop_many(batch, 50);
    for (const auto& item : batch) {
      in_order = in_order && next[static_cast<size_t>(item.first)]++ == item.second;
      ++received;
    }
  }
  for (auto& producer : producers) producer.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(ring.size(), 0u);
}

// Conservation: pushed == popped + reported as dropped.
TEST(Ring, DropsUnderContentionAreAllReported) {
  Ring<int> ring(8);
  std::atomic<int> dropped{0};
  std::atomic<bool> done{false};
  int popped = 0;
  std::thread consumer([&] {
    while (!done || ring.size() > 0) {
      ring.wait(milliseconds(1));
      while (pop(ring)) ++popped;
    }
  });
  std::vector<std::thread> producers;
  for (int p = 0; p < 3; ++p) {
    producers.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) {
        if (ring.push_drop_oldest(i)) ++dropped;
      }
    });
  }
  for (auto& producer : producers) producer.join();
  done = true;
  ring.wake();
  consumer.join();
  EXPECT_EQ(popped + dropped, 30000);
}

}  // namespace
}  // namespace nrid
