#include "tests/base/ed25519_cases.h"

#include <sodium.h>

#include <algorithm>

namespace nrid {
namespace {

// Order 1, 2, 4, 8 and 8: y = 1, -1, 0 and the two of order 8; then y = p and p + 1, which are 0 and 1 again.
constexpr const char* kSmall[] = {
    "0100000000000000000000000000000000000000000000000000000000000000", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

constexpr uint8_t kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

void flip(std::span<uint8_t> octets, size_t bit) { octets[bit / 8] = static_cast<uint8_t>(octets[bit / 8] ^ 1u << bit % 8); }

void add_order(std::span<uint8_t, 32> s) {
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    carry += s[i] + kOrder[i];
    s[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
}

}  // namespace

const std::vector<PublicKey>& small_order_encodings() {
  static const std::vector<PublicKey> all = [] {
    std::vector<PublicKey> out;
    for (const char* hex : kSmall) {
      const Buffer octets = *from_hex(hex);
      PublicKey point{};
      std::copy(octets.begin(), octets.end(), point.begin());
      out.push_back(point);
      point[31] |= 0x80;
      out.push_back(point);
    }
    return out;
  }();
  return all;
}

CaseMaker::CaseMaker(uint64_t seed) : random_(seed) {
  for (size_t i = 0; i < kOwners; ++i) {
    owners_.push_back(new_owner());
  }
}

std::array<uint8_t, 32> CaseMaker::random_scalar() {
  std::array<uint8_t, 64> wide;
  random_.fill(wide);
  std::array<uint8_t, 32> out;
  crypto_core_ed25519_scalar_reduce(out.data(), wide.data());
  return out;
}

CaseMaker::Owner CaseMaker::new_owner() {
  Owner owner;
  random_.fill(owner.seed);
  owner.mixed = random_.below(4) == 0;
  if (!owner.mixed) {
    owner.key = SeedSigner(owner.seed).public_key();
    return owner;
  }
  owner.scalar = random_scalar();
  std::array<uint8_t, 32> plain;
  CHECK(crypto_scalarmult_ed25519_base_noclamp(plain.data(), owner.scalar.data()) == 0);
  const PublicKey& torsion = small_order_encodings()[2 + random_.below(8)];  // order 2, 4 or 8
  CHECK(crypto_core_ed25519_add(owner.key.data(), plain.data(), torsion.data()) == 0);
  return owner;
}

// S = r + h a for the part of the key that the base point made; R may have a part of small order, too. SB - hA = R holds when the
// small parts cancel: about once in eight.
void CaseMaker::sign_mixed(const Owner& owner) {
  auto r = random_scalar();
  std::array<uint8_t, 32> point;
  CHECK(crypto_scalarmult_ed25519_base_noclamp(point.data(), r.data()) == 0);
  if (random_.below(8) == 0) {  // r = 0: the equation holds as often, and only the rule about R refuses it
    r.fill(0);
    point = small_order_encodings()[random_.below(10)];
  } else if (random_.below(2) == 0) {
    const PublicKey& torsion = small_order_encodings()[2 + random_.below(8)];
    CHECK(crypto_core_ed25519_add(point.data(), point.data(), torsion.data()) == 0);
  }
  crypto_hash_sha512_state state;
  std::array<uint8_t, 64> wide;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, point.data(), 32);
  crypto_hash_sha512_update(&state, owner.key.data(), 32);
  crypto_hash_sha512_update(&state, good_.message.data(), good_.message.size());
  crypto_hash_sha512_final(&state, wide.data());
  std::array<uint8_t, 32> h, s;
  crypto_core_ed25519_scalar_reduce(h.data(), wide.data());
  crypto_core_ed25519_scalar_mul(s.data(), h.data(), owner.scalar.data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
  std::copy(point.begin(), point.end(), good_.signature.begin());
  std::copy(s.begin(), s.end(), good_.signature.begin() + 32);
}

void CaseMaker::fresh() {
  if (random_.below(64) == 0) owners_[random_.below(kOwners)] = new_owner();
  const Owner& owner = owners_[random_.below(kOwners)];
  good_.key = owner.key;
  good_.message.resize(random_.below(16) == 0 ? random_.below(1500) : random_.below(300));
  random_.fill(good_.message);
  if (owner.mixed) {
    sign_mixed(owner);
  } else {
    good_.signature = *SeedSigner(owner.seed).sign(good_.message);
  }
  good_.kind = owner.mixed ? "mixed order" : "good";
  left_ = kMutations;
}

SignedCase CaseMaker::next() {
  if (left_ == 0) {
    fresh();
    return good_;
  }
  --left_;
  SignedCase out = good_;
  mutate(out);
  return out;
}

void CaseMaker::mutate(SignedCase& out) {
  const std::span<uint8_t, 32> r(out.signature.data(), 32), s(out.signature.data() + 32, 32);
  const auto small = [&] { return small_order_encodings()[random_.below(small_order_encodings().size())]; };
  const auto say = [&](const char* kind) { out.kind = kind; };
  switch (random_.below(15)) {
    case 0: return say("again");
    case 1: return flip(r, random_.below(256)), say("bit of R");
    case 2: return flip(s, random_.below(256)), say("bit of S");
    case 3: return flip(s, random_.below(252)), say("low bit of S");
    case 4:
      if (out.message.empty()) return say("again");
      return flip(out.message, random_.below(out.message.size() * 8)), say("bit of the message");
    case 5: return flip(out.key, random_.below(256)), say("bit of the key");
    case 6:
      for (uint64_t k = random_.below(8) + 1; k > 0; --k) add_order(s);
      return say("S + kL");
    case 7: return std::copy_n(kOrder, 32, s.begin()), s[0] = static_cast<uint8_t>(0xec + random_.below(3)), say("S beside L");
    case 8: return random_.fill(s), s[31] &= 0x0f, say("any S");
    case 9: return random_.fill(r), say("any R");
    case 10: return std::ranges::copy(small(), r.begin()), say("small R");
    case 11:
      std::fill(r.begin(), r.end(), 0xff);
      return r[0] = static_cast<uint8_t>(0xec + random_.below(20)), r[31] = random_.below(2) ? 0xff : 0x7f, say("R beyond p");
    case 12: return out.key = small(), say("small key");
    case 13:  // -hA is one of at most eight points
      out.key = small();
      return std::ranges::copy(small(), r.begin()), std::fill(s.begin(), s.end(), 0), say("all small");
    default:
      random_.fill(out.key);
      if (random_.below(2) == 0) std::fill(out.key.begin() + 1, out.key.end(), 0xff);
      return say("any key");
  }
}

bool sodium_verdict(const SignedCase& c) {
  return crypto_sign_verify_detached(c.signature.data(), c.message.data(), c.message.size(), c.key.data()) == 0;
}

std::vector<bool> verdicts(const Verifier& verifier, std::span<const SignedCase> cases) {
  std::vector<PreparedKey> keys(cases.size());
  std::vector<VerifyJob> jobs;
  std::vector<size_t> judged;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto key = PreparedKey::from(cases[i].key);
    if (!key.ok()) continue;
    keys[i] = *key;
    jobs.push_back({.key = &keys[i], .message = cases[i].message, .signature = cases[i].signature, .good = true});
    judged.push_back(i);
  }
  verifier.verify(jobs);
  std::vector<bool> out(cases.size(), false);
  for (size_t i = 0; i < jobs.size(); ++i) out[judged[i]] = jobs[i].good;
  return out;
}

std::string to_text(const SignedCase& c) {
  return std::string(c.kind) + " key=" + to_hex(c.key) + " msg=" + to_hex(c.message) + " sig=" + to_hex(c.signature);
}

}  // namespace nrid
