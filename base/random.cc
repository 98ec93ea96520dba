#include "base/random.h"

#include <sodium.h>

#include <cstring>

#include "base/check.h"

namespace nrid {

uint64_t Random::u64() {
  uint8_t octets[8];
  fill(octets);
  uint64_t value;
  std::memcpy(&value, octets, sizeof value);
  return value;
}

uint64_t Random::below(uint64_t limit) {
  CHECK(limit > 0);
  const uint64_t fair = UINT64_MAX - UINT64_MAX % limit;  // refuse the tail that would favour small values
  uint64_t value = u64();
  while (value >= fair) value = u64();
  return value % limit;
}

double Random::unit() { return static_cast<double>(u64() >> 11) * 0x1.0p-53; }

void SystemRandom::fill(std::span<uint8_t> out) { randombytes_buf(out.data(), out.size()); }

void SeededRandom::fill(std::span<uint8_t> out) {
  if (out.empty()) return;  // libsodium declares its buffer nonnull
  uint8_t key[crypto_stream_chacha20_KEYBYTES] = {};
  uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = {};
  std::memcpy(key, &seed_, sizeof seed_);
  ++calls_;
  std::memcpy(nonce, &calls_, sizeof calls_);
  crypto_stream_chacha20(out.data(), out.size(), nonce, key);
}

}  // namespace nrid
