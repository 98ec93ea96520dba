// Signatures for the simulation: libsodium's three Ed25519 functions are wrapped by the linker (-Wl,--wrap, tests/sim/meson.build), so
// that all of the real code runs, its strict checks of S and of small-order points included, and only the curve is left
// out. A hashed key is a digest of its seed; a signature is a keyed digest of the message, 64 octets with S < L. Whoever
// knows a public key could forge them: the attackers of the simulation do not try. Linked into tests only.
#include <sodium.h>

#include <array>
#include <cstring>

#include "tests/sim/hashed_signatures.h"

namespace nrid::sim {
namespace {

bool real = false;

using Block = std::array<uint8_t, crypto_shorthash_siphashx24_BYTES>;
static_assert(sizeof(Block) == 16 && crypto_shorthash_siphashx24_KEYBYTES == 16);

Block digest(const uint8_t* key16, const uint8_t* message, size_t size) {
  Block out;
  crypto_shorthash_siphashx24(out.data(), message, size, key16);
  return out;
}

// Four blocks: the message under either half of the key, and each of those hashed once more.
void hash_signature(uint8_t* out, const uint8_t* key, const uint8_t* message, size_t size) {
  const Block left = digest(key, message, size);
  const Block right = digest(key + 16, left.data(), left.size());
  const Block third = digest(left.data(), key, 32);
  const Block fourth = digest(right.data(), key, 32);
  std::memcpy(out, left.data(), 16);
  std::memcpy(out + 16, right.data(), 16);
  std::memcpy(out + 32, third.data(), 16);
  std::memcpy(out + 48, fourth.data(), 16);
  out[63] &= 0x0f;  // S < 2^252 < L
}

}  // namespace

void use_real_signatures(bool on) { real = on; }
bool real_signatures() { return real; }

}  // namespace nrid::sim

extern "C" {

int __real_crypto_sign_seed_keypair(unsigned char* pk, unsigned char* sk, const unsigned char* seed);
int __real_crypto_sign_detached(unsigned char* sig, unsigned long long* size_out, const unsigned char* m, unsigned long long size,
                                const unsigned char* sk);
int __real_crypto_sign_verify_detached(const unsigned char* sig, const unsigned char* m, unsigned long long size, const unsigned char* pk);

int __wrap_crypto_sign_seed_keypair(unsigned char* pk, unsigned char* sk, const unsigned char* seed) {
  if (nrid::sim::real_signatures()) return __real_crypto_sign_seed_keypair(pk, sk, seed);
  const auto low = nrid::sim::digest(seed, seed, 32);
  const auto high = nrid::sim::digest(seed + 16, low.data(), low.size());
  std::memcpy(pk, low.data(), 16);
  std::memcpy(pk + 16, high.data(), 16);
  std::memcpy(sk, seed, 32);  // as libsodium lays it out: seed, then public key
  std::memcpy(sk + 32, pk, 32);
  return 0;
}

int __wrap_crypto_sign_detached(unsigned char* sig, unsigned long long* size_out, const unsigned char* m, unsigned long long size,
                                const unsigned char* sk) {
  if (nrid::sim::real_signatures()) return __real_crypto_sign_detached(sig, size_out, m, size, sk);
  nrid::sim::hash_signature(sig, sk + 32, m, size);
  if (size_out != nullptr) *size_out = 64;
  return 0;
}

int __wrap_crypto_sign_verify_detached(const unsigned char* sig, const unsigned char* m, unsigned long long size, const unsigned char* pk) {
  if (nrid::sim::real_signatures()) return __real_crypto_sign_verify_detached(sig, m, size, pk);
  unsigned char wanted[64];
  nrid::sim::hash_signature(wanted, pk, m, size);
  return std::memcmp(sig, wanted, 64) == 0 ? 0 : -1;
}

}  // extern "C"
