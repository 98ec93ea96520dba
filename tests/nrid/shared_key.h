// A PayloadProtector for tests: both ends hold one key.
#pragma once

#include <sodium.h>

#include "base/random.h"
#include "nrid/protector.h"

namespace nrid::testing {

// XChaCha20-Poly1305 with a shared key, the nonce in front: what COSE_Encrypt0 will do with more ceremony.
class SharedKey final : public PayloadProtector {
 public:
  explicit SharedKey(uint8_t fill) { key_.fill(fill); }
  Result<Bytes> open(const Address&, Bytes payload, std::span<uint8_t> out) const override {
    constexpr size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    if (payload.size() < kNonce + kTag || payload.size() - kNonce - kTag > out.size()) return Error::malformed;
    unsigned long long size = 0;
    const int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), &size, nullptr, payload.data() + kNonce, payload.size() - kNonce, nullptr, 0,
                                                              payload.data(), key_.data());
    if (bad != 0) return Error::malformed;
    return Bytes(out.data(), size);
  }
  Result<Bytes> seal(const Address&, Bytes cwt, std::span<uint8_t> out) const override {
    constexpr size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    if (cwt.size() + kNonce + kTag > out.size()) return Error::no_space;
    SystemRandom().fill(out.first(kNonce));
    unsigned long long size = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonce, &size, cwt.data(), cwt.size(), nullptr, 0, nullptr, out.data(), key_.data());
    return Bytes(out.data(), kNonce + size);
  }

 private:
  std::array<uint8_t, crypto_aead_xchacha20poly1305_ietf_KEYBYTES> key_{};
};

}  // namespace nrid::testing
