#include "base/ed25519.h"

#include <sodium.h>

#include <cstring>

namespace nrid {
namespace {

struct SodiumReady {  // sodium_init is idempotent and thread-safe; every entry below needs it once
  SodiumReady() { CHECK(sodium_init() >= 0); }
};
const SodiumReady kSodiumReady;

class SodiumVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "libsodium"; }
  void verify(std::span<VerifyJob> jobs) const override {
    for (VerifyJob& job : jobs) {
      CHECK(job.key != nullptr);
      job.good = crypto_sign_verify_detached(job.signature.data(), job.message.data(), job.message.size(),
                                             job.key->octets().data()) == 0;
    }
  }
};

// L = 2^252 + 27742317777372353535851937790883648493, little-endian (RFC 8032 section 5.1).
constexpr uint8_t kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

bool below_order(const uint8_t* s) {
  for (int i = 31; i >= 0; --i) {
    if (s[i] != kOrder[i]) return s[i] < kOrder[i];
  }
  return false;
}

// Encodings of the eight points of small order and their non-canonical twins, sign bit cleared: y = 0, 1, the two
// y of order 8, p - 1, p, p + 1 (RFC 7748 section 6 discusses the same list for the Montgomery form).
constexpr uint8_t kSmallOrder[7][32] = {
    {0},
    {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

bool small_order(const uint8_t* point) {
  for (const auto& bad : kSmallOrder) {
    if (std::memcmp(point, bad, 31) == 0 && (point[31] & 0x7f) == bad[31]) return true;
  }
  return false;
}

bool canonical(const uint8_t* point) {  // y < p = 2^255 - 19
  if ((point[31] & 0x7f) != 0x7f) return true;
  for (int i = 30; i > 0; --i) {
    if (point[i] != 0xff) return true;
  }
  return point[0] < 0xed;
}

}  // namespace

Result<PreparedKey> PreparedKey::from(const PublicKey& key) {
  if (small_order(key.data()) || !canonical(key.data())) return Error::unknown_key;
  PreparedKey prepared;
  prepared.key_ = key;
  return prepared;
}

const Verifier& sodium_verifier() {
  static const SodiumVerifier verifier;
  return verifier;
}

bool signature_form_ok(std::span<const uint8_t, 64> signature) {
  return below_order(signature.data() + 32) && !small_order(signature.data());
}

void wipe(std::span<uint8_t> secret) { sodium_memzero(secret.data(), secret.size()); }

SeedSigner::SeedSigner(const Seed& seed) { crypto_sign_seed_keypair(public_.data(), secret_.data(), seed.data()); }

SeedSigner::~SeedSigner() { wipe(secret_); }

Result<Signature> SeedSigner::sign(Bytes message) const {
  Signature signature;
  if (crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_.data()) != 0) {
    return Error::internal;
  }
  return signature;
}

bool verify_one(const PublicKey& key, Bytes message, std::span<const uint8_t, 64> signature) {
  const auto prepared = PreparedKey::from(key);
  if (!prepared.ok()) return false;
  VerifyJob job{.key = &*prepared, .message = message, .signature = signature};
  sodium_verifier().verify({&job, 1});
  return job.good;
}

}  // namespace nrid
