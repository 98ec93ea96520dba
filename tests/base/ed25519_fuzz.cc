// Every back end of this processor has libsodium's verdict. The first octet says how the rest is read: as it is (key, signature, message),
// or laid over a good signature of one of four keys, so that small changes of good input are reached, too. Each input is judged alone
// and as one of nine, with a key whose table is there and with one whose is not.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/ed25519/verifier.h"

namespace {

using namespace nrid;

struct Stage {
  std::vector<std::unique_ptr<Verifier>> verifiers;
  std::vector<std::unique_ptr<SeedSigner>> signers;
  Stage() {
    SeededRandom random(1);
    for (const Processor each : {Processor::avx2, Processor::avx512}) {
      if (each > processor()) continue;
      auto made = make_verifier({.backend = std::string(to_text(each)), .key_cache = 16, .always_lanes = true}, random);
      CHECK(made.ok() && (*made)->name() == to_text(each));
      verifiers.push_back(std::move(*made));
    }
    for (uint8_t i = 0; i < 4; ++i) signers.push_back(std::make_unique<SeedSigner>(Seed{i}));
  }
};

void overlay(std::span<uint8_t> out, Bytes in) {
  for (size_t i = 0; i < std::min(out.size(), in.size()); ++i) out[i] = static_cast<uint8_t>(out[i] ^ in[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Stage stage;
  if (size < 1 + 32 + 64) return 0;
  const Bytes key_octets(data + 1, 32), signature_octets(data + 33, 64), message(data + 97, size - 97);
  PublicKey key{};
  Signature signature{};
  if (const unsigned which = data[0] % 5; which < 4) {
    key = stage.signers[which]->public_key();
    signature = *stage.signers[which]->sign(message);
  }
  overlay(key, key_octets);
  overlay(signature, signature_octets);
  const auto prepared = PreparedKey::from(key);
  const bool expected = verify_one(key, message, signature);
  if (!prepared.ok()) {
    CHECK(!expected);
    return 0;
  }
  const PreparedKey other = *PreparedKey::from(stage.signers[0]->public_key());
  static const Signature good = *stage.signers[0]->sign({});
  for (const auto& verifier : stage.verifiers) {
    std::array<VerifyJob, 9> jobs;
    for (VerifyJob& job : jobs) job = {.key = &other, .message = {}, .signature = good};
    jobs[data[0] / 5 % 9] = {.key = &*prepared, .message = message, .signature = signature};
    verifier->verify(jobs);
    for (size_t i = 0; i < jobs.size(); ++i) CHECK(jobs[i].good == (i == data[0] / 5u % 9 ? expected : true));
  }
  return 0;
}
