// Ed25519 (RFC 8032), pure, strict: S < L, no small-order or non-canonical key, no small-order R; libsodium's verdict
// is the reference for every back end. Verification is "many at once over prepared keys": each signature gets its own
// verdict, there is no batch equation, so one forgery costs only itself.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;
using Seed = std::array<uint8_t, 32>;
void wipe(std::span<uint8_t> secret);  // zeros that no optimiser removes

// A public key that passed the strict checks once; a back end may hang tables on it later. Copyable value.
class PreparedKey {
 public:
  // Error::det_hi_mismatch never; Error::unknown_key when the octets are no acceptable key (small order, non-canonical).
  static Result<PreparedKey> from(const PublicKey& key);
  const PublicKey& octets() const { return key_; }
  bool operator==(const PreparedKey& o) const { return key_ == o.key_; }

 private:
  PublicKey key_{};
};

// One signature to judge. All three inputs are borrowed until verify() returns.
struct VerifyJob {
  const PreparedKey* key = nullptr;
  Bytes message;
  std::span<const uint8_t, 64> signature = std::span<const uint8_t, 64>(kZeros);
  bool good = false;  // the verdict

  static constexpr std::array<uint8_t, 64> kZeros{};
};

struct KeyCacheStats {  // of a back end that keeps tables of known keys
  uint64_t hits = 0, misses = 0;        // look-ups, one a job
  uint64_t admitted = 0, evicted = 0;   // keys
  uint64_t keys = 0, keys_max = 0;      // now, and at most
};

class Verifier {  // safe from any thread; the verdict depends on nothing but the job
 public:
  virtual ~Verifier() = default;
  virtual std::string_view name() const = 0;
  virtual void verify(std::span<VerifyJob> jobs) const = 0;
  virtual KeyCacheStats key_cache() const { return {}; }
};

// The reference; base/ed25519/verifier.h chooses a faster one.
const Verifier& sodium_verifier();
std::unique_ptr<Verifier> make_sodium_verifier();

// The free part of strictness: S < L and R not of small order. What fails here would fail verify too.
bool signature_form_ok(std::span<const uint8_t, 64> signature);

// Whoever holds a secret key. It may lie in a token, so signing can fail and says why off the hot path.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  virtual Result<Signature> sign(Bytes message) const = 0;  // safe from any thread
};

class SeedSigner final : public Signer {  // secret in memory, wiped at the end
 public:
  explicit SeedSigner(const Seed& seed);
  ~SeedSigner() override;
  SeedSigner(const SeedSigner&) = delete;
  SeedSigner& operator=(const SeedSigner&) = delete;
  const PublicKey& public_key() const override { return public_; }
  Result<Signature> sign(Bytes message) const override;

 private:
  std::array<uint8_t, 64> secret_{};
  PublicKey public_{};
};

// One key, one message, off the hot path.
bool verify_one(const PublicKey& key, Bytes message, std::span<const uint8_t, 64> signature);

}  // namespace nrid
