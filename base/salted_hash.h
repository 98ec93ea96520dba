// A hash of one or two dozen octets that a peer chose, for the place in a table: products of secret sums, a few cycles. The salt is
// drawn at start, so nobody who does not know it makes keys that meet; it shows nothing of itself, since no place in a table
// is ever told. What must not be mistaken for another, whatever comes, takes keyed_digest() (base/digest.h).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/random.h"

namespace nrid {

class SaltedHash {
 public:
  explicit SaltedHash(Random& random) {
    for (uint64_t& word : salt_) word = random.u64();
  }
  uint64_t of(std::span<const uint8_t, 16> octets) const {
    const auto w = words<2>(octets.data());
    return last(product(w[0] ^ salt_[0], w[1] ^ salt_[1]));
  }
  uint64_t of(std::span<const uint8_t, 32> octets) const {
    const auto w = words<4>(octets.data());
    return last(product(w[0] ^ salt_[0], w[1] ^ salt_[1]) ^ product(w[2] ^ salt_[2], w[3] ^ salt_[3]));
  }

 private:
  __extension__ using u128 = unsigned __int128;
  template <size_t N>
  static std::array<uint64_t, N> words(const uint8_t* octets) {
    std::array<uint64_t, N> out;
    std::memcpy(out.data(), octets, sizeof out);
    return out;
  }
  static u128 product(uint64_t a, uint64_t b) { return u128{a} * b; }
  // One product alone leaves names that count upwards in a pattern.
  uint64_t last(u128 first) const {
    const u128 second = product(static_cast<uint64_t>(first) ^ salt_[4], static_cast<uint64_t>(first >> 64) ^ salt_[5]);
    return static_cast<uint64_t>(second) ^ static_cast<uint64_t>(second >> 64);
  }
  std::array<uint64_t, 6> salt_{};
};

}  // namespace nrid
