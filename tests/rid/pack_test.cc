// Message packs: head, length, repetition.
#include "rid/pack.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace nrid::rid {
namespace {

Buffer pack_of(std::initializer_list<uint8_t> types) {
  Buffer octets = {0xf2, 25, static_cast<uint8_t>(types.size())};
  for (const uint8_t type : types) {
    octets.push_back(static_cast<uint8_t>(type << 4 | 2));
    octets.resize(octets.size() + 24);
  }
  return octets;
}

Error error_of(const Buffer& octets) {
  const auto pack = decode_pack(octets);
  return pack.ok() ? Error::none : pack.error();
}

TEST(Pack, TypesAndPages) {
  Buffer octets = pack_of({0, 1, 2, 2, 4});
  octets[3 + 3 * 25 + 1] = 0x51;
  const auto pack = decode_pack(octets);
  ASSERT_TRUE(pack.ok());
  EXPECT_EQ(pack->types(), 0b10111u);
  EXPECT_EQ(pack->auth_pages(), 0b11u);
  EXPECT_EQ(pack->message(1)[0], 0x12);
}

TEST(Pack, HeadLengthAndRepetition) {
  EXPECT_EQ(error_of(pack_of({0})), Error::none);
  EXPECT_EQ(error_of(pack_of({0, 0, 2, 2, 2, 2, 2, 2, 2})), Error::none);
  EXPECT_EQ(error_of(pack_of({1, 1})), Error::bad_pack);
  EXPECT_EQ(error_of(pack_of({4, 0, 4})), Error::bad_pack);
  EXPECT_EQ(error_of(pack_of({0, 15})), Error::bad_pack);
  EXPECT_EQ(error_of(pack_of({})), Error::bad_pack);
  EXPECT_EQ(error_of(pack_of({2, 2, 2, 2, 2, 2, 2, 2, 2, 2})), Error::bad_pack);
  Buffer octets = pack_of({0});
  octets[0] = 0xe2;
  EXPECT_EQ(error_of(octets), Error::bad_pack);
  octets = pack_of({0});
  octets[0] = 0xf0;  // the version is not judged
  EXPECT_EQ(error_of(octets), Error::none);
  octets[1] = 24;
  EXPECT_EQ(error_of(octets), Error::bad_pack);
  octets = pack_of({0, 1});
  octets[2] = 1;
  EXPECT_EQ(error_of(octets), Error::bad_pack);
  octets = pack_of({0});
  octets.push_back(0);
  EXPECT_EQ(error_of(octets), Error::bad_pack);
}

TEST(Pack, VectorsComeBackAndEveryCutIsRefused) {
  std::ifstream file(NRID_VECTORS "/drip/f3411_messages.json");
  const auto all = nlohmann::json::parse(file);
  size_t count = 0;
  for (const auto& v : all["captured_packs"]) {
    const Buffer octets = *from_hex(v["pack"].get<std::string>());
    for (size_t cut = 0; cut < octets.size(); ++cut) {
      const Buffer part(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(cut));
      EXPECT_EQ(error_of(part), Error::bad_pack);
    }
    const auto pack = decode_pack(octets);
    ASSERT_TRUE(pack.ok());
    std::vector<MessageOctets> messages(pack->count);
    for (size_t i = 0; i < pack->count; ++i) std::copy_n(pack->message(i).begin(), kMessageSize, messages[i].begin());
    std::array<uint8_t, kPackSizeMax> space{};
    const auto again = encode_pack(messages, space);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(equal(again->subspan(1), Bytes(octets).subspan(1)));  // we are of version 2, they of 0
    ++count;
  }
  EXPECT_EQ(count, 6u);
}

TEST(Pack, EncodeErrors) {
  std::array<uint8_t, kPackSizeMax> space{};
  std::vector<MessageOctets> messages(10);
  EXPECT_EQ(encode_pack({}, space).error(), Error::bad_pack);
  EXPECT_EQ(encode_pack(messages, space).error(), Error::bad_pack);
  messages.resize(9);
  EXPECT_TRUE(encode_pack(messages, space).ok());
  EXPECT_EQ(encode_pack(messages, std::span<uint8_t>(space).first(kPackSizeMax - 1)).error(), Error::no_space);
}

}  // namespace
}  // namespace nrid::rid
