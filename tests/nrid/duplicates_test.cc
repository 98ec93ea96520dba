// The replay filter's table beside a plain model of it: what is entered, seen, forgotten and forgotten by time, in tables that grow,
// fill, and hold many digests of one place.
#include "nrid/duplicates.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace nrid {
namespace {

using Entered = Duplicates::Entered;

constexpr Instant kNow = at_second(1'790'000'000);

// Of one stripe; `tag` is where the index begins to look.
Digest16 digest_of(uint32_t tag, uint32_t number) {
  Digest16 digest{};
  for (size_t i = 0; i < 4; ++i) {
    digest[4 + i] = static_cast<uint8_t>(tag >> 8 * i);
    digest[12 + i] = static_cast<uint8_t>(number >> 8 * i);
  }
  return digest;
}

// What the table promises, in a few lines: an order of arrival, from whose front the expired leave.
class Model {
 public:
  explicit Model(size_t max) : max_(max) {}
  Entered enter(const Digest16& digest, Instant now, Instant expires) {
    while (!order_.empty() && order_.front().expires + Duplicates::kStepBack <= now) drop_front();
    if (here_.contains(digest)) return Entered::seen;
    if (order_.size() == max_) return Entered::full;
    order_.push_back({digest, expires, next_});
    here_[digest] = {next_++, false};
    return Entered::fresh;
  }
  void forget(const Digest16& digest) {
    const auto found = here_.find(digest);
    if (found == here_.end()) return;
    for (Kept& kept : order_) {
      if (kept.number == found->second.first) kept.expires = {};
    }
    here_.erase(found);
    while (!order_.empty() && order_.back().expires == Instant{}) order_.pop_back();
  }
  bool seen(const Digest16& digest) const { return here_.contains(digest); }
  void accept(const Digest16& digest) {
    if (const auto found = here_.find(digest); found != here_.end()) found->second.second = true;
  }
  bool accepted(const Digest16& digest) const {
    const auto found = here_.find(digest);
    return found != here_.end() && found->second.second;
  }
  size_t size() const { return order_.size(); }

 private:
  struct Kept {
    Digest16 digest;
    Instant expires;
    uint64_t number;
  };
  void drop_front() {
    const auto found = here_.find(order_.front().digest);
    if (found != here_.end() && found->second.first == order_.front().number) here_.erase(found);
    order_.pop_front();
  }
  const size_t max_;
  uint64_t next_ = 0;
  std::deque<Kept> order_;
  std::map<Digest16, std::pair<uint64_t, bool>> here_;
};

void walk(uint64_t seed, size_t stripe_max, uint32_t tags, uint32_t numbers) {
  SeededRandom random(seed);
  Duplicates table((stripe_max - 1) * 64, random);
  Model model(stripe_max);
  Instant now = kNow;
  for (int step = 0; step < 20'000; ++step) {
    const Digest16 digest = digest_of(static_cast<uint32_t>(random.below(tags)), static_cast<uint32_t>(random.below(numbers)));
    switch (random.below(8)) {
      case 0: now = now + milliseconds(static_cast<int64_t>(random.below(1500))); break;
      case 1:
        table.forget(digest);
        model.forget(digest);
        break;
      case 2:
        table.accept(digest);
        model.accept(digest);
        break;
      default: {
        const Instant expires = now + milliseconds(static_cast<int64_t>(random.below(20'000)));
        table.prefetch(digest);
        ASSERT_EQ(table.enter(digest, now, expires), model.enter(digest, now, expires)) << "seed " << seed << ", step " << step;
      }
    }
    ASSERT_EQ(table.seen(digest), model.seen(digest)) << "seed " << seed << ", step " << step;
    ASSERT_EQ(table.accepted(digest), model.accepted(digest)) << "seed " << seed << ", step " << step;
    ASSERT_EQ(table.size(), model.size()) << "seed " << seed << ", step " << step;
  }
}

TEST(Duplicates, R045_a_full_table_forgets_nothing_that_matters) {
  for (uint64_t seed = 0; seed < 4; ++seed) walk(seed, 8, 1 << 30, 1);
}

TEST(Duplicates, R045_a_table_that_grows_keeps_what_it_holds) {
  for (uint64_t seed = 0; seed < 4; ++seed) walk(seed, 5000, 1 << 30, 4);
}

TEST(Duplicates, R045_digests_of_one_place_are_told_apart) {
  for (uint64_t seed = 0; seed < 4; ++seed) walk(seed, 500, 3, 200);
}

// The clock is set back by a few seconds after the token ran out: it would be fresh again.
TEST(Duplicates, T17_R045_a_step_back_makes_nothing_new) {
  SeededRandom random(1);
  Duplicates table(64 * 8, random);
  const Digest16 played = digest_of(1, 1);
  ASSERT_EQ(table.enter(played, kNow, kNow + seconds(15)), Entered::fresh);
  ASSERT_EQ(table.enter(digest_of(2, 2), kNow + seconds(20), kNow + seconds(35)), Entered::fresh);
  EXPECT_EQ(table.enter(played, kNow + seconds(12), kNow + seconds(26)), Entered::seen);
  ASSERT_EQ(table.enter(digest_of(3, 3), kNow + seconds(25), kNow + seconds(40)), Entered::fresh);
  EXPECT_FALSE(table.seen(played));
}

TEST(Duplicates, R045_whose_it_is_outlives_the_growth) {
  SeededRandom random(1);
  Duplicates table(64 * 1000, random);
  for (uint32_t i = 0; i < 1000; ++i) {
    Det ua;
    ua.octets[15] = static_cast<uint8_t>(i);
    ua.octets[14] = static_cast<uint8_t>(i >> 8);
    ASSERT_EQ(table.enter(digest_of(i * 977, i), kNow, kNow + seconds(10), ua), Entered::fresh);
  }
  for (uint32_t i = 0; i < 1000; ++i) {
    const auto ua = table.aircraft(digest_of(i * 977, i));
    ASSERT_TRUE(ua.has_value()) << i;
    EXPECT_EQ(ua->octets[15] | ua->octets[14] << 8, static_cast<int>(i));
  }
}

}  // namespace
}  // namespace nrid
