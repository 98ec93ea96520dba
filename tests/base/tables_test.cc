// What tables of fixed size stand on: memory that is zero and begins where it should, and the hash of what peers choose.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <new>
#include <set>
#include <vector>

#include "base/det.h"
#include "base/salted_hash.h"
#include "base/zeroed.h"

namespace nrid {
namespace {

TEST(ZeroedVector, BeginsOnItsLineAndIsZero) {
  struct alignas(64) Line {
    std::array<uint64_t, 8> words;
  };
  for (size_t count : {1, 7, 1000, 100'000}) {
    ZeroedVector<Line> lines(count);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(lines.data()) % 64, 0u);
    for (const Line& line : lines) ASSERT_EQ(line.words, (std::array<uint64_t, 8>{}));
    for (Line& line : lines) line.words.fill(~uint64_t{0});  // up to the last octet: the sanitizer looks on
  }
}

TEST(ZeroedVector, ASizeThatIsNoneIsRefused) {
  EXPECT_THROW(static_cast<void>(ZeroedAllocator<uint64_t>().allocate(SIZE_MAX / sizeof(uint64_t))), std::bad_alloc);  // with its head it is more than there can be
}

// DETs of one registry differ in their last octets, and a peer that makes many may choose how.
TEST(SaltedHash, NamesThatDifferLittleLieFarApart) {
  constexpr size_t kNames = 1 << 14, kPlaces = 1 << 12;
  for (const size_t at : {0u, 7u, 8u, 12u, 14u}) {
    SeededRandom random(at);
    const SaltedHash hash(random);
    std::vector<int> low(kPlaces), high(kPlaces);
    for (size_t i = 0; i < kNames; ++i) {
      std::array<uint8_t, 16> name = {0x20, 0x01, 0x00, 0x3f, 0xfe, 0x00, 0x0a, 0x05, 1, 2, 3, 4, 5, 6, 7, 8};
      name[at] = static_cast<uint8_t>(name[at] + i);
      name[at + 1] = static_cast<uint8_t>(name[at + 1] + (i >> 8));
      const uint64_t value = hash.of(name);
      ++low[value % kPlaces];
      ++high[value >> 52];
    }
    // Four a place on average; of chance, more than twenty have a probability of 1e-9 for each place.
    EXPECT_LT(*std::max_element(low.begin(), low.end()), 21) << at;
    EXPECT_LT(*std::max_element(high.begin(), high.end()), 21) << at;
  }
}

TEST(SaltedHash, ItsSaltIsItsOwn) {
  SeededRandom random(1);
  const SaltedHash one(random), other(random);
  std::set<uint64_t> seen;
  for (uint8_t i = 0; i < 100; ++i) {
    std::array<uint8_t, 32> name{};
    name[31] = i;
    seen.insert({one.of(name), other.of(name)});
  }
  EXPECT_EQ(seen.size(), 200u);
}

}  // namespace
}  // namespace nrid
