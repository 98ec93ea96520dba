// Signed messages of many keys, as the programs that time verification share them.
#pragma once

#include <array>
#include <vector>

#include "base/ed25519.h"
#include "base/random.h"

namespace nrid::bench {

inline constexpr size_t kMessage = 230;  // octets, as long as what a token signs

struct Signed {
  PreparedKey key;
  std::array<uint8_t, kMessage> message{};
  Signature signature{};
  VerifyJob job() const { return {.key = &key, .message = message, .signature = signature}; }
};

inline std::vector<Signed> signed_set(size_t keys) {
  SeededRandom random(3);
  std::vector<Signed> out(keys);
  for (Signed& each : out) {
    Seed seed;
    random.fill(seed);
    random.fill(each.message);
    const SeedSigner signer(seed);
    each.key = *PreparedKey::from(signer.public_key());
    each.signature = *signer.sign(each.message);
  }
  return out;
}

}  // namespace nrid::bench
