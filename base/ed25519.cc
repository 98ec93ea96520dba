#include "base/ed25519.h"

#include <sodium.h>

#include "base/ed25519/scalar.h"

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

}  // namespace

Result<PreparedKey> PreparedKey::from(const PublicKey& key) {
  if (ed25519::small_order(key.data()) || !ed25519::canonical(key.data())) return Error::unknown_key;
  PreparedKey prepared;
  prepared.key_ = key;
  return prepared;
}

const Verifier& sodium_verifier() {
  static const SodiumVerifier verifier;
  return verifier;
}

std::unique_ptr<Verifier> make_sodium_verifier() { return std::make_unique<SodiumVerifier>(); }

bool signature_form_ok(std::span<const uint8_t, 64> signature) {
  return ed25519::below_order(signature.data() + 32) && !ed25519::small_order(signature.data());
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
