// Ed25519 through our interfaces: RFC 8032, Wycheproof, and the promise of the free check, that it never refuses what
// the verifier accepts.
#include "base/ed25519.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/ed25519/verifier.h"
#include "base/random.h"

namespace nrid {
namespace {

using nlohmann::json;

json load(const char* name) {
  std::ifstream file(std::string(NRID_VECTORS "/ed25519/") + name);
  return json::parse(file);
}

template <size_t N>
std::array<uint8_t, N> array_of(const std::string& hex) {
  std::array<uint8_t, N> out{};
  const auto octets = from_hex(hex);
  EXPECT_TRUE(octets && octets->size() == N) << hex;
  if (octets && octets->size() == N) std::copy(octets->begin(), octets->end(), out.begin());
  return out;
}

// libsodium's own verdict, without our strict look at the key.
bool raw_verdict(const PreparedKey& key, Bytes message, const Signature& signature) {
  VerifyJob job{.key = &key, .message = message, .signature = signature};
  sodium_verifier().verify({&job, 1});
  return job.good;
}

// libsodium, and each back end of this machine with combs and without; always in its lanes.
std::vector<std::pair<std::string, std::unique_ptr<Verifier>>> back_ends() {
  SeededRandom random(5);
  std::vector<std::pair<std::string, std::unique_ptr<Verifier>>> out;
  out.emplace_back("libsodium", std::move(*make_verifier({.backend = "libsodium"}, random)));
  for (const Processor each : {Processor::avx2, Processor::avx512}) {
    if (each > processor()) {
      std::printf("no %s here: its verdicts are not tested\n", std::string(to_text(each)).c_str());
      continue;
    }
    for (const size_t cache : {0, 64}) {
      auto made = make_verifier({.backend = std::string(to_text(each)), .key_cache = cache, .always_lanes = true}, random);
      EXPECT_TRUE(made.ok() && (*made)->name() == to_text(each)) << to_text(each);
      if (made.ok()) out.emplace_back(std::string(to_text(each)) + " with " + std::to_string(cache) + " combs", std::move(*made));
    }
  }
  return out;
}

TEST(Ed25519, Rfc8032BothWays) {
  const json vectors = load("rfc8032_section7_1.json");
  ASSERT_GE(vectors.size(), 3u);
  for (const auto& v : vectors) {
    const SeedSigner signer(array_of<32>(v["seed"]));
    EXPECT_EQ(to_hex(signer.public_key()), v["pub_key"].get<std::string>());
    const Buffer message = *from_hex(v["msg"].get<std::string>());
    const auto signature = signer.sign(message);
    ASSERT_TRUE(signature.ok());
    EXPECT_EQ(to_hex(*signature), v["signature"].get<std::string>());
    EXPECT_TRUE(signature_form_ok(*signature));
    EXPECT_TRUE(verify_one(signer.public_key(), message, *signature));
    for (size_t bit = 0; bit < 512; ++bit) {
      Signature broken = *signature;
      broken[bit / 8] = static_cast<uint8_t>(broken[bit / 8] ^ 1 << bit % 8);
      EXPECT_FALSE(verify_one(signer.public_key(), message, broken)) << bit;
    }
  }
}

struct WycheproofCase {
  std::string name;
  PreparedKey key;
  Buffer message;
  Signature signature{};
  bool valid = false;
};

// Those whose signature is no 64 octets are refused by the type of the interface, and all of them must be.
std::vector<WycheproofCase> wycheproof() {
  const json all = load("ed25519_test.json");
  std::vector<WycheproofCase> out;
  size_t read = 0;
  for (const auto& group : all["testGroups"]) {
    const json& key_field = group.contains("publicKey") ? group["publicKey"]["pk"] : group["key"]["pk"];
    const auto key = PreparedKey::from(array_of<32>(key_field));
    EXPECT_TRUE(key.ok());
    for (const auto& test : group["tests"]) {
      ++read;
      WycheproofCase each{test["tcId"].dump() + " " + test["comment"].get<std::string>(), *key, *from_hex(test["msg"].get<std::string>())};
      each.valid = test["result"] == "valid";
      const Buffer octets = *from_hex(test["sig"].get<std::string>());
      if (octets.size() != 64) {
        EXPECT_FALSE(each.valid) << each.name;
        continue;
      }
      std::copy(octets.begin(), octets.end(), each.signature.begin());
      out.push_back(std::move(each));
    }
  }
  EXPECT_EQ(read, all["numberOfTests"].get<size_t>());
  return out;
}

// Again and again: the first time finds no comb, and what verifies brings the combs of the others.
TEST(Ed25519, WycheproofThroughEveryBackEnd) {
  const auto cases = wycheproof();
  ASSERT_GT(cases.size(), 100u);
  std::set<PublicKey> proven;  // keys that sign something valid
  for (const WycheproofCase& each : cases) {
    if (each.valid) proven.insert(each.key.octets());
  }
  for (const auto& [name, verifier] : back_ends()) {
    for (int round = 0; round < 20; ++round) {
      std::vector<VerifyJob> jobs;
      for (const WycheproofCase& each : cases) jobs.push_back({.key = &each.key, .message = each.message, .signature = each.signature});
      verifier->verify(jobs);
      for (size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(jobs[i].good, cases[i].valid) << name << ", round " << round << ": " << cases[i].name;
    }
    const auto combs = verifier->key_cache();
    if (combs.keys_max > 0) {
      EXPECT_EQ(combs.keys, proven.size()) << name;
      EXPECT_GT(combs.hits, cases.size()) << name;
    }
  }
  for (const WycheproofCase& each : cases) {
    if (!each.valid) continue;
    EXPECT_TRUE(signature_form_ok(each.signature)) << each.name;
  }
}

// Each signature has its own verdict: forgeries among good ones cost only themselves.
TEST(Ed25519, ManyAtOnce) {
  const SeedSigner signer(Seed{1, 2, 3});
  const PreparedKey key = *PreparedKey::from(signer.public_key());
  std::vector<Buffer> messages;
  std::vector<Signature> signatures;
  for (uint8_t i = 0; i < 21; ++i) {
    messages.push_back(Buffer(i * 13, i));
    signatures.push_back(*signer.sign(messages.back()));
    if (i % 3 == 0) signatures.back()[i] ^= 1;
  }
  std::vector<VerifyJob> jobs;
  for (size_t i = 0; i < messages.size(); ++i) jobs.push_back({.key = &key, .message = messages[i], .signature = signatures[i]});
  sodium_verifier().verify(jobs);
  for (size_t i = 0; i < jobs.size(); ++i) EXPECT_EQ(jobs[i].good, i % 3 != 0) << i;
}

constexpr const char* kSmallOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

// T6: the edges of the equation itself. Small points, S beyond the order, and the cofactor that we do not multiply by.
TEST(Ed25519, T6_EdgeCasesOfTheEquationAreJudgedStrictly) {
  const json file = load("speccheck.json");
  ASSERT_EQ(file["cases"].size(), 15u);
  for (const auto& [name, verifier] : back_ends()) {
    for (const auto& test : file["cases"]) {
      const auto key = PreparedKey::from(array_of<32>(test["pub_key"]));
      const Buffer message = *from_hex(test["message"].get<std::string>());
      const Signature signature = array_of<64>(test["signature"]);
      VerifyJob job{.key = key.ok() ? &*key : nullptr, .message = message, .signature = signature};
      if (key.ok()) verifier->verify({&job, 1});
      EXPECT_EQ(key.ok() && job.good, test["strict"].get<bool>()) << name << ": " << test;
    }
  }
}

// ZIP 215 accepts each of these 196: both points of small order, in all their spellings, S zero.
TEST(Ed25519, T6_WhatZip215AcceptsIsRefused) {
  std::vector<std::array<uint8_t, 32>> points;
  for (const char* hex : kSmallOrder) {
    for (const uint8_t sign : {0x00, 0x80}) {
      points.push_back(array_of<32>(hex));
      points.back()[31] |= sign;
    }
  }
  ASSERT_EQ(points.size(), 14u);
  for (const auto& a : points) {
    EXPECT_FALSE(PreparedKey::from(a).ok());
    for (const auto& r : points) {
      Signature signature{};
      std::copy(r.begin(), r.end(), signature.begin());
      EXPECT_FALSE(signature_form_ok(signature));
      EXPECT_FALSE(verify_one(a, as_bytes("Zcash"), signature));
    }
  }
}

TEST(Ed25519, KeysThatAreNone) {
  for (const char* hex : kSmallOrder) {
    PublicKey key = array_of<32>(hex);
    EXPECT_EQ(PreparedKey::from(key).error(), Error::unknown_key) << hex;
    key[31] |= 0x80;
    EXPECT_EQ(PreparedKey::from(key).error(), Error::unknown_key) << hex;
  }
  PublicKey beyond{};
  beyond.fill(0xff);
  beyond[0] = 0xf0;  // y = p + 3
  EXPECT_EQ(PreparedKey::from(beyond).error(), Error::unknown_key);
  beyond[31] = 0x7f;
  EXPECT_EQ(PreparedKey::from(beyond).error(), Error::unknown_key);
}

// signature_form_ok == false must imply that libsodium refuses: S made too large, R made small, for messages whose
// signature was good before. With R of small order libsodium's own list must refuse each entry of ours.
TEST(Ed25519, TheFreeCheckNeverRefusesWhatVerifies) {
  const SeedSigner signer(Seed{7});
  const PreparedKey key = *PreparedKey::from(signer.public_key());
  SeededRandom random(1);
  size_t refused = 0;
  const auto judge = [&](const Signature& signature, Bytes message) {
    if (signature_form_ok(signature)) return;
    ++refused;
    EXPECT_FALSE(raw_verdict(key, message, signature)) << to_hex(signature);
  };
  for (int round = 0; round < 200; ++round) {
    Buffer message(32);
    random.fill(message);
    const Signature good = *signer.sign(message);
    EXPECT_TRUE(signature_form_ok(good));
    Signature more = good;  // S + L, the same scalar
    const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                               0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    unsigned carry = 0;
    for (size_t i = 0; i < 32; ++i) {
      carry += more[32 + i] + order[i];
      more[32 + i] = static_cast<uint8_t>(carry);
      carry >>= 8;
    }
    EXPECT_FALSE(signature_form_ok(more));
    judge(more, message);
    Signature noise;
    random.fill(noise);
    judge(noise, message);
  }
  for (const char* hex : kSmallOrder) {
    for (const uint8_t sign : {0x00, 0x80}) {
      Signature signature{};
      const auto r = array_of<32>(hex);
      std::copy(r.begin(), r.end(), signature.begin());
      signature[31] |= sign;
      EXPECT_FALSE(signature_form_ok(signature)) << hex;
      judge(signature, as_bytes("any"));
    }
  }
  EXPECT_GT(refused, 300u);
}

// The edge of S < L: L - 1 passes the free check, L does not.
TEST(Ed25519, OrderEdge) {
  Signature signature{};
  signature[0] = 5;
  const auto s = array_of<32>("ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::copy(s.begin(), s.end(), signature.begin() + 32);
  EXPECT_TRUE(signature_form_ok(signature));
  signature[32] = 0xed;
  EXPECT_FALSE(signature_form_ok(signature));
  signature[32] = 0xee;
  EXPECT_FALSE(signature_form_ok(signature));
}

}  // namespace
}  // namespace nrid
