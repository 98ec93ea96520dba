// cSHAKE128 against NIST's samples, the DRIP documents, and Python's own SHAKE128 for lengths around the rate.
#include "base/cshake128.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace nrid {
namespace {

std::string hash(Bytes message, std::string_view name, Bytes custom, size_t size) {
  Buffer out(size);
  cshake128(message, name, custom, out);
  return to_hex(out);
}

TEST(Cshake128, PublishedVectors) {
  std::ifstream file(NRID_VECTORS "/drip/cshake128.json");
  const auto vectors = nlohmann::json::parse(file);
  ASSERT_EQ(vectors.size(), 4u);
  for (const auto& v : vectors) {
    const std::string expected = v["out"];
    const Buffer message = *from_hex(v["msg"].get<std::string>());
    Buffer custom;
    if (v.contains("S_hex")) {
      custom = *from_hex(v["S_hex"].get<std::string>());
    } else {
      const std::string text = v["S_ascii"];
      custom.assign(text.begin(), text.end());
    }
    EXPECT_EQ(hash(message, v["N"].get<std::string>(), custom, expected.size() / 2), expected) << v["source"];
  }
}

TEST(Cshake128, FastPathsAgreeWithTheVectors) {
  const Buffer key = *from_hex("2001003ffe000a05c92e2f9d97e8960f9b5f1654f8b09039f9dadc5bcf061eac4f0cea79e8e877fa");
  EXPECT_EQ(to_hex(orchid_hash(Bytes(key).first(8), Bytes(key).subspan(8))), "130824699a4bc6b2");
  const Buffer message = *from_hex("0240012001003ffe000105a29b3ff42226c04e000000000000");
  EXPECT_EQ(to_hex(drip_message_hash(message)), "2bd4862734ed012c");
}

// Messages 00 01 02 ... of lengths on both sides of the 168-octet rate; expected: hashlib.shake_128, 20 octets.
TEST(Cshake128, WithoutNameAndCustomisationItIsShake128) {
  struct Case { size_t size; const char* expected; };
  const Case cases[] = {
      {0, "7f9c2ba4e88f827d616045507605853ed73b8093"},
      {1, "0b784469a0628e03861cd8a196dfafa0e9e8056d"},
      {7, "4652c0aed60f33ef1b6dd719770cffc99756d686"},
      {8, "2ea7a0601b9c5cb41e469f854077c1e33aac94d3"},
      {135, "d11fafa27f42a8162b8ae013535771de81722c0a"},
      {136, "30bdfd69382cab028173fba7c6d53878ec180813"},
      {166, "3ba54a1410815583e600db440b79530c7d4d5496"},
      {167, "1e552791cc4e93a0d4a8dc47ae49228c2faa869e"},
      {168, "f15277eb61c4908d44a2853f3cde071ae2ed7a23"},
      {169, "015be3338c986d9846affa0f94b4afc2a76bc289"},
      {335, "aec267cacde6c617c3e59fca945c4681df6907ee"},
      {336, "1ec1f8887fb8a5ecd8fc2692203320267a3be636"},
      {337, "68058e9060414d32a97a26ef13e0eabe580f65ca"},
      {1000, "39414e9af7fae8cafe10e160cbfadd54e883fdab"},
  };
  for (const Case& c : cases) {
    Buffer message(c.size);
    for (size_t i = 0; i < c.size; ++i) message[i] = static_cast<uint8_t>(i);
    EXPECT_EQ(hash(message, "", {}, 20), c.expected) << c.size;
  }
}

TEST(Cshake128, OutputLongerThanTheRate) {
  EXPECT_EQ(hash({}, "", {}, 400), 
            "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef263cb1eea988004b93103cfb0aeefd2a686e01"
            "fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2badfd6df"
            "aac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea17cda7cfad765f5623474d368ccca8af0007cd9f5e4c"
            "849f167a580b14aabdefaee7eef47cb0fca9767be1fda69419dfb927e9df07348b196691abaeb580b32def58538b8d23f877"
            "32ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c922a96188d032675c8ac850933c7aff1533b94c834adbb69c6115"
            "bad4692d8619f90b0cdf8a7b9c264029ac185b70b83f2801f2f4b3f70c593ea3aeeb613a7f1b1de33fd75081f592305f2e45"
            "26edc09631b10958f464d889f31ba010250fda7f1368ec2967fc84ef2ae9aff268e0b1700affc6820b523a3d917135f2dff2"
            "ee06bfe72b3124721d4a26c04e53a75e30e73a7a9c4a95d91c55d495e9f51dd0b5e9d83c6d5e8ce803aa62b8d654db53d09b");
}

TEST(Cshake128, FastPathsAgreeWithTheGeneralFormForLongMessages) {
  for (size_t size = 0; size < 400; size += 7) {
    Buffer message(size, 0x5a);
    Buffer out(8);
    cshake128(message, "", as_bytes("Remote ID Auth Hash"), out);
    EXPECT_EQ(to_hex(drip_message_hash(message)), to_hex(out)) << size;
  }
}

// Name and customisation are length-prefixed, so moving an octet from one to the other changes the hash.
TEST(Cshake128, NameAndCustomisationAreBothBound) {
  const Buffer message = *from_hex("00010203");
  EXPECT_NE(hash(message, "A", as_bytes("B"), 32), hash(message, "AB", {}, 32));
  EXPECT_NE(hash(message, "", as_bytes("AB"), 32), hash(message, "AB", {}, 32));
  EXPECT_NE(hash(message, "", Buffer(200, 'x'), 32), hash(message, "", Buffer(201, 'x'), 32));
}

}  // namespace
}  // namespace nrid
