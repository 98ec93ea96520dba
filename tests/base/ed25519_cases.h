// Inputs on which Ed25519 verifiers are known to differ, made at random from one seed: good signatures of ordinary keys and of keys with a
// part of small order, bit flips everywhere, S + kL, encodings beyond p, small-order R and A, noise. Shared by the unit test, the long
// run (ed25519_equal) and the benchmark.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/ed25519.h"
#include "base/random.h"

namespace nrid {

struct SignedCase {
  PublicKey key{};
  Buffer message;
  Signature signature{};
  const char* kind = "";
};

class CaseMaker {
 public:
  explicit CaseMaker(uint64_t seed);
  SignedCase next();

 private:
  struct Owner {
    Seed seed{};
    PublicKey key{};
    std::array<uint8_t, 32> scalar{};  // of mixed-order keys: key = scalar * B + torsion
    bool mixed = false;
  };
  static constexpr size_t kOwners = 64;   // every fourth of mixed order; one is replaced now and then
  static constexpr size_t kMutations = 8; // of one signature, before the next is made

  Owner new_owner();
  void fresh();
  void sign_mixed(const Owner& owner);
  void mutate(SignedCase& out);
  std::array<uint8_t, 32> random_scalar();

  SeededRandom random_;
  std::vector<Owner> owners_;
  SignedCase good_;                       // the last signature as it was made
  size_t left_ = 0;
};

// The eight points of small order in canonical and other encodings, with both signs.
const std::vector<PublicKey>& small_order_encodings();

// libsodium's verdict on the octets as they are.
bool sodium_verdict(const SignedCase& c);
// A back end's, behind the check that every key passes first. `jobs` and `keys` stay borrowed by the caller.
std::vector<bool> verdicts(const Verifier& verifier, std::span<const SignedCase> cases);
std::string to_text(const SignedCase& c);  // hex, to show and to keep

}  // namespace nrid
