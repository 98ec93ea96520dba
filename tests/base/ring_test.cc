// The bounded ring: order, limit, what is dropped, and that no wake-up is lost with many producers.
#include "base/ring.h"

#include <gtest/gtest.h>

#include <poll.h>

#include <atomic>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace nrid {
namespace {

template <class T>
std::optional<T> pop(Ring<T>& ring) {
  std::vector<T> out;
  if (ring.pop_many(out, 1) == 0) return std::nullopt;
  return std::move(out.front());
}

template <class T>
struct Outcome {
  size_t pushed = 0;
  std::vector<T> dropped;
  bool operator==(const Outcome&) const = default;
};

template <class T>
Outcome<T> push_drop_oldest(Ring<T>& ring, std::vector<T> items, bool (*may_drop)(const T&) = [](const T&) { return true; }) {
  Outcome<T> outcome;
  outcome.pushed = ring.push_drop_oldest(std::span(items), may_drop, [&](const T& oldest) { outcome.dropped.push_back(oldest); });
  return outcome;
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
  EXPECT_EQ(push_drop_oldest(ring, {1, 2}), (Outcome<int>{2, {}}));
  EXPECT_EQ(push_drop_oldest(ring, {3}), (Outcome<int>{1, {1}}));
  EXPECT_EQ(pop(ring), 2);
  EXPECT_EQ(pop(ring), 3);
}

// Positions are positive, events negative: an event never drops, and the order of what stays is the order of arrival.
TEST(Ring, EventsSurviveAndKeepTheirPlace) {
  const auto may_drop = +[](const int& item) { return item > 0; };
  Ring<int> ring(4);
  ring.push(99);
  pop(ring);  // so that the ring wraps round below
  for (const int item : {-1, 1, 2, -2}) ASSERT_TRUE(ring.push(item));
  EXPECT_EQ(push_drop_oldest(ring, {3, -3}, may_drop), (Outcome<int>{2, {1, 2}}));
  EXPECT_EQ(push_drop_oldest(ring, {-4, 4, -5}, may_drop), (Outcome<int>{1, {3}}));
  EXPECT_EQ(push_drop_oldest(ring, {5, -6}, may_drop), (Outcome<int>{0, {}}));
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
  EXPECT_EQ(push_drop_oldest<std::shared_ptr<int>>(ring, {std::make_shared<int>(3)}).dropped, std::vector{item});
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
        dropped += static_cast<int>(push_drop_oldest(ring, {i}).dropped.size());
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
