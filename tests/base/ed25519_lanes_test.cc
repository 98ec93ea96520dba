// The arithmetic under the vector back ends, each layer alone, against Python's integers (tests/base/ed25519_vectors.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/ed25519/scalar.h"
#include "base/ed25519/verifier.h"
#include "tests/base/lanes_probe.h"

namespace nrid::ed25519 {
namespace {

using nlohmann::json;

const json& vectors() {
  static const json all = json::parse(std::ifstream(NRID_VECTORS "/ed25519/arithmetic.json"));
  return all;
}

Buffer octets_of(const json& hex) { return *from_hex(hex.get<std::string>()); }

// What this processor has; what it lacks is told in a line.
std::vector<Processor> present() {
  std::vector<Processor> out;
  for (const Processor each : {Processor::avx2, Processor::avx512}) {
    if (each <= processor()) out.push_back(each);
    else std::printf("no %s here: its arithmetic is not tested\n", std::string(to_text(each)).c_str());
  }
  return out;
}

class Lanes : public ::testing::TestWithParam<Processor> {
 protected:
#ifdef NRID_LANES
  const Probe& probe() const { return GetParam() == Processor::avx512 ? kProbeAvx512 : kProbeAvx2; }
#else
  const Probe& probe() const { std::abort(); }
#endif
  size_t lanes() const { return probe().lanes; }

  // Vector `first + lane * 7` in each lane: no lane sees the same element as its neighbour.
  const json& at(const json& all, size_t first, size_t lane) const { return all[(first + lane * 7) % all.size()]; }

  std::vector<uint64_t> limbs(const json& all, size_t first, const char* name) const {
    std::vector<uint64_t> out(5 * lanes());
    for (size_t lane = 0; lane < lanes(); ++lane) {
      for (size_t i = 0; i < 5; ++i) out[i * lanes() + lane] = std::stoull(at(all, first, lane)[name][i].get<std::string>(), nullptr, 16);
    }
    return out;
  }
  std::string number(const std::vector<uint64_t>& words, size_t lane) const {  // as the vectors write it, big-endian
    std::string out;
    for (size_t i = 4; i-- > 0;) {
      char text[17];
      std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(words[i * lanes() + lane]));
      out += text;
    }
    return out;
  }
};

TEST_P(Lanes, Field) {
  const json& all = vectors()["field"];
  ASSERT_GT(all.size(), 500u);
  std::vector<uint64_t> words(4 * lanes());
  for (size_t first = 0; first < all.size(); ++first) {
    const auto a = limbs(all, first, "a"), b = limbs(all, first, "b");
    const auto expect = [&](const char* name) {
      for (size_t lane = 0; lane < lanes(); ++lane) ASSERT_EQ(number(words, lane), at(all, first, lane)[name]) << name << " " << first << " lane " << lane;
    };
    probe().product(a.data(), b.data(), words.data());
    expect("product");
    probe().square(a.data(), words.data());
    expect("square");
    probe().sum(a.data(), b.data(), words.data());
    expect("sum");
    probe().difference(a.data(), b.data(), words.data());
    expect("difference");
    probe().value(a.data(), words.data());
    expect("value");
    if (first % 5 == 0) {
      probe().inverse(a.data(), words.data());
      expect("inverse");
    }
    std::vector<uint64_t> settled(5 * lanes());
    probe().limbs(a.data(), settled.data());
    for (const uint64_t limb : settled) ASSERT_LT(limb, (uint64_t{1} << 51) + (1 << 17));
  }
}

TEST_P(Lanes, Points) {
  const json& all = vectors()["points"];
  for (size_t first = 0; first < all.size(); ++first) {
    std::vector<Buffer> p, q;
    std::vector<const uint8_t*> at_p, at_q;
    for (size_t lane = 0; lane < lanes(); ++lane) {
      p.push_back(octets_of(at(all, first, lane)["p"]));
      q.push_back(octets_of(at(all, first, lane)["q"]));
    }
    for (size_t lane = 0; lane < lanes(); ++lane) {
      at_p.push_back(p[lane].data());
      at_q.push_back(q[lane].data());
    }
    // The probe gives the negative: x has the other parity, or is zero.
    const auto expect = [&](const uint8_t* got, const std::string& name, size_t lane) {
      Buffer wanted = octets_of(at(all, first, lane)[name]);
      const bool x_is_zero = std::all_of(wanted.begin() + 1, wanted.end() - 1, [&](uint8_t o) { return o == wanted[1]; }) && (wanted[1] == 0 || wanted[1] == 0xff) && wanted[0] != 0;
      if (!x_is_zero) wanted[31] ^= 0x80;
      ASSERT_EQ(to_hex(Bytes(got, 32)), to_hex(wanted)) << name << " " << first << " lane " << lane;
    };
    uint8_t out[8][32];
    const unsigned negative = static_cast<unsigned>(first * 37 % 256) & ((1u << lanes()) - 1);
    for (const bool by_row : {false, true}) {
      ASSERT_EQ(probe().add(at_p.data(), at_q.data(), negative, by_row, out), (1u << lanes()) - 1);
      for (size_t lane = 0; lane < lanes(); ++lane) expect(out[lane], (negative >> lane & 1) != 0 ? "difference" : "sum", lane);
    }
    probe().twice(at_p.data(), out);
    for (size_t lane = 0; lane < lanes(); ++lane) expect(out[lane], "double", lane);
  }
}

TEST_P(Lanes, EncodingsThatAreNoPoint) {
  const json& all = vectors()["encodings"];
  const Buffer point = octets_of(vectors()["points"][100]["p"]);
  size_t none = 0;
  for (size_t first = 0; first < all.size(); ++first) {
    std::vector<Buffer> p;
    for (size_t lane = 0; lane < lanes(); ++lane) p.push_back(octets_of(at(all, first, lane)["octets"]));
    std::vector<const uint8_t*> at_p, at_q(lanes(), point.data());
    for (const Buffer& each : p) at_p.push_back(each.data());
    uint8_t out[8][32];
    const unsigned good = probe().add(at_p.data(), at_q.data(), 0, false, out);
    for (size_t lane = 0; lane < lanes(); ++lane) {
      ASSERT_EQ((good >> lane & 1) != 0, at(all, first, lane)["point"].get<bool>()) << first << " lane " << lane;
      none += (good >> lane & 1) == 0;
    }
  }
  EXPECT_GT(none, all.size());
}

TEST_P(Lanes, Sha512OfDifferentLengths) {
  const json& all = vectors()["hashes"];
  for (size_t first = 0; first < all.size(); ++first) {
    std::vector<Buffer> octets;
    std::vector<HashInput> in;
    for (size_t lane = 0; lane < lanes(); ++lane) octets.push_back(octets_of(at(all, first, lane)["octets"]));
    for (const Buffer& each : octets) in.push_back({each.data(), each.data() + 32, each.data() + 64, each.size() - 64});
    uint8_t out[8][64];
    probe().hash(in.data(), out);
    for (size_t lane = 0; lane < lanes(); ++lane) ASSERT_EQ(to_hex(Bytes(out[lane], 64)), at(all, first, lane)["sha512"]) << first << " lane " << lane;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Lanes, ::testing::ValuesIn(present()),
                         [](const auto& each) { return std::string(to_text(each.param)); });

TEST(Ed25519Scalar, ReducedModuloL) {
  for (const auto& v : vectors()["scalars"]) {
    const Scalar got = reduce(octets_of(v["hash"]).data());
    const Scalar wanted = scalar_from(octets_of(v["reduced"]).data());
    ASSERT_TRUE(std::equal(got.w, got.w + 4, wanted.w)) << v["hash"];
    ASSERT_TRUE(below_order(octets_of(v["reduced"]).data()));
  }
}

// The digits, put together again, are the scalar: Horner's rule in 320 bits.
TEST(Ed25519Scalar, DigitsMakeTheScalar) {
  const std::pair<unsigned, size_t> kShapes[] = {{4, 64}, {6, 43}, {8, 32}};
  for (const auto& v : vectors()["scalars"]) {
    const Scalar k = scalar_from(octets_of(v["reduced"]).data());
    for (const auto& [width, count] : kShapes) {
      int16_t digits[64];
      recode(k, width, count, digits);
      uint64_t sum[4] = {0, 0, 0, 0};
      for (size_t i = count; i-- > 0;) {
        const int half = 1 << (width - 1);
        ASSERT_TRUE(i + 1 < count ? digits[i] >= -half && digits[i] < half : digits[i] >= 0 && digits[i] <= half) << i;
        for (size_t j = 4; j-- > 0;) sum[j] = sum[j] << width | (j > 0 ? sum[j - 1] >> (64 - width) : 0);
        int64_t carry = digits[i];
        for (uint64_t& word : sum) {  // modulo 2^256
          const uint64_t before = word;
          word += static_cast<uint64_t>(carry);
          carry = carry > 0 && word < before ? 1 : carry < 0 && word > before ? -1 : 0;
        }
      }
      ASSERT_TRUE(std::equal(k.w, k.w + 4, sum)) << v["reduced"] << " width " << width;
    }
  }
}

// A back end with a fault is found before it judges, and libsodium takes its place.
TEST(Ed25519SelfTest, AFaultyKernelIsReplaced) {
  static const Kernel yes = {"yes", 4, [](Task* tasks, size_t, size_t count, const uint8_t*) { for (size_t i = 0; i < count; ++i) tasks[i].good = true; },
                             [](const uint8_t* const*, size_t, uint8_t* const*) {}, [](uint8_t*) {}};
  EXPECT_FALSE(self_test(yes).ok());
  SeededRandom random(1);
  const auto made = make_tested(yes, {}, random);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->name(), "libsodium");
}

TEST(Ed25519Backends, WhatTheProcessorLacksIsRefusedWithAReason) {
  SeededRandom random(1);
  for (const char* name : {"avx2", "avx512"}) {
    const auto made = make_verifier({.backend = name, .processor_max = Processor::plain}, random);
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.text().find("it has: plain"), std::string::npos);
  }
  EXPECT_FALSE(make_verifier({.backend = "neon"}, random).ok());
  const auto plain = make_verifier({.processor_max = Processor::plain}, random);
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ((*plain)->name(), "libsodium");
  const auto best = make_verifier({}, random);
  ASSERT_TRUE(best.ok());
  EXPECT_EQ((*best)->name(), processor() == Processor::plain ? "libsodium" : to_text(processor()));
}

}  // namespace
}  // namespace nrid::ed25519
