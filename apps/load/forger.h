// Signatures in good form that nobody made: S < L because its top bits are zero, R at random. For messages that no verifier is to accept, or
// that none looks at.
#pragma once

#include "base/ed25519.h"
#include "base/random.h"

namespace nrid {

class Forger final : public Signer {    // as safe for threads as its Random
 public:
  explicit Forger(Random& random) : random_(random) { random.fill(key_); }
  const PublicKey& public_key() const override { return key_; }
  Result<Signature> sign(Bytes) const override {
    Signature out;
    random_.fill(out);
    out[63] &= 0x0f;
    return out;
  }

 private:
  Random& random_;
  PublicKey key_{};
};

}  // namespace nrid
