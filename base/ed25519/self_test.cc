// Before a back end judges strangers it has to judge these: RFC 8032's own examples, and signatures of libsodium, good and broken in
// every part, each without and with a comb, alone and beside others.
#include <array>
#include <vector>

#include "base/ed25519/verifier.h"

namespace nrid::ed25519 {
namespace {

constexpr size_t kCases = 48;  // six passes of eight lanes

struct Case {
  PublicKey key;
  Buffer message;
  Signature signature;
  bool good;
};

void flip(std::span<uint8_t> octets, size_t bit) { octets[bit / 8] = static_cast<uint8_t>(octets[bit / 8] ^ 1 << bit % 8); }

// Equal at every start. Every third one is broken: in R, S, the message or the key.
std::vector<Case> make_cases() {
  SeededRandom random(0x8032);
  std::vector<Case> out;
  while (out.size() < kCases) {
    const size_t i = out.size();
    Seed seed;
    random.fill(seed);
    const SeedSigner signer(seed);
    Case each{signer.public_key(), Buffer(i * 9), {}, true};
    random.fill(each.message);
    each.signature = *signer.sign(each.message);
    if (i % 12 == 1) flip(each.signature, random.below(255));
    if (i % 12 == 4) flip(each.signature, 256 + random.below(252));
    if (i % 12 == 7) flip(each.message, random.below(each.message.size() * 8));
    if (i % 12 == 10) flip(each.key, random.below(255));
    each.good = verify_one(each.key, each.message, each.signature);
    if (signature_form_ok(each.signature) && PreparedKey::from(each.key).ok()) out.push_back(std::move(each));
  }
  return out;
}

}  // namespace

Status self_test(const Kernel& kernel) {
  const std::vector<Case> cases = make_cases();
  std::vector<uint8_t> space(kBaseTableSize + 64 + cases.size() * kKeyTableSize);
  uint8_t* base = space.data();
  base += (64 - reinterpret_cast<uintptr_t>(base) % 64) % 64;
  kernel.build_base(base);
  std::array<Task, kCases> tasks;
  size_t known = 0;
  const auto add = [&](size_t at, const Case& each, const uint8_t* table) {
    tasks[at] = {each.key.data(), each.signature.data(), each.message.data(), each.message.size(), table, !each.good};
  };
  for (size_t i = 0; i < cases.size(); ++i) add(i, cases[i], nullptr);
  kernel.verify(tasks.data(), 0, cases.size(), base);
  for (size_t i = 0; i < cases.size(); ++i) {
    if (tasks[i].good != cases[i].good) return Status::failed("signature " + std::to_string(i) + " of the self-test has the wrong verdict");
  }
  // Keys that are a point get a comb; a broken one may be none, and then never has a comb.
  std::vector<size_t> order;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (i % 12 == 10) continue;
    uint8_t* table = base + kBaseTableSize + known * kKeyTableSize;
    const uint8_t* key = cases[i].key.data();
    kernel.build_keys(&key, 1, &table);
    add(known++, cases[i], table);
    order.push_back(i);
  }
  kernel.verify(tasks.data(), known, known, base);
  for (size_t i = 0; i < known; ++i) {
    if (tasks[i].good != cases[order[i]].good) return Status::failed("signature " + std::to_string(order[i]) + " has the wrong verdict under a comb");
  }
  return {};
}

}  // namespace nrid::ed25519
