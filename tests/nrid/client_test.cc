// The journey backwards against the published vectors of the profile: octet for octet what we would send, and what we
// make of a provider's words; every good word cut at every octet is refused.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "nrid/client.h"

namespace nrid {
namespace {

class ClientVectors : public ::testing::Test {
 protected:
  ClientVectors() : all(nlohmann::json::parse(std::ifstream(std::string(NRID_VECTORS) + "/drip/nrid_generated.json"))) {}
  const nlohmann::json& party(const char* name) const {
    for (const auto& entity : all["entities"]) {
      if (entity["name"] == name) return entity;
    }
    ADD_FAILURE() << name;
    return all;
  }
  Det det(const char* name) const { return *det_from_text(party(name)["det"].get<std::string>()); }
  SeedSigner signer(const char* name) const {
    Seed seed{};
    const auto octets = *from_hex(party(name)["seed"].get<std::string>());
    std::copy(octets.begin(), octets.end(), seed.begin());
    return SeedSigner(seed);
  }
  Buffer message(const char* name) const { return *from_hex(all["cwt"][name]["message"].get<std::string>()); }
  Expected expected(const PreparedKey& key, const char* ua = "ua") const {
    Expected out;
    out.sp = det("sp1");
    out.sp_key = &key;
    out.ua = det(ua);
    return out;
  }

  nlohmann::json all;
  std::array<uint8_t, 1280> space{};
};

TEST_F(ClientVectors, ReportsAreTheVectorsOctets) {
  const SeedSigner ua = signer("ua");
  const int64_t iat = all["now_unix"];
  const Speaker speaker{det("ua"), &ua, cwt::KidForm::tagged_in_bstr, 10};
  const auto pack = *from_hex(all["extended_wrapper"]["pack"].get<std::string>());
  const auto cwt = make_uas_cwt(speaker, det("sp1"), pack, iat, space);
  ASSERT_TRUE(cwt.ok());
  EXPECT_EQ(to_hex(*cwt), to_hex(message("uas_ua_extended_wrapper")));
}

TEST_F(ClientVectors, HeartbeatsAndEndsAreRead) {
  const SeedSigner sp = signer("sp1");
  const PreparedKey key = *PreparedKey::from(sp.public_key());
  const Instant now = at_second(all["now_unix"].get<int64_t>() + 4);
  const Buffer plain = message("uss_nothing_missing");
  const auto word = read_provider_word(expected(key), plain, now);
  ASSERT_TRUE(word.ok()) << info(word.error()).counter;
  EXPECT_EQ(std::get<Heartbeat>(*word).expected.types, 0U);
  EXPECT_FALSE(std::get<Heartbeat>(*word).move_sp.has_value());
  const Buffer missing = message("uss_missing_selfid_and_link");
  const auto asks = read_provider_word(expected(key), missing, now);
  ASSERT_TRUE(asks.ok());
  EXPECT_EQ(std::get<Heartbeat>(*asks).expected, (cwt::MessageSet{12, 0x7f}));
  const Buffer moved = message("uss_move_sp_ipv6");
  const auto moves = read_provider_word(expected(key), moved, now);
  ASSERT_TRUE(moves.ok());
  EXPECT_EQ(std::get<Heartbeat>(*moves).move_sp->new_sp, det("sp2"));
  const Buffer ended = message("eoo_ack_by_sp");
  const auto end = read_provider_word(expected(key), ended, at_second(all["now_unix"].get<int64_t>() + 601));
  ASSERT_TRUE(end.ok()) << info(end.error()).counter;
  EXPECT_EQ(std::get<EndWord>(*end).code, profile::kEooAcknowledged);
}

TEST_F(ClientVectors, WhatDoesNotHoldIsRefusedForItsReason) {
  const SeedSigner sp = signer("sp1");
  const PreparedKey key = *PreparedKey::from(sp.public_key());
  const Instant now = at_second(all["now_unix"].get<int64_t>() + 4);
  const Buffer good = message("uss_nothing_missing");
  EXPECT_EQ(read_provider_word(expected(key, "gcs"), good, now).error(), Error::wrong_ua);
  EXPECT_EQ(read_provider_word(expected(key), good, now + seconds(60)).error(), Error::expired);
  EXPECT_EQ(read_provider_word(expected(key), good, now - seconds(60)).error(), Error::not_yet_valid);
  const Buffer report = message("uas_ua_extended_wrapper");
  EXPECT_EQ(read_provider_word(expected(key), report, now).error(), Error::wrong_signer);
  auto later = expected(key);
  later.iat_newest = now.seconds();
  EXPECT_EQ(read_provider_word(later, good, now).error(), Error::stale_word);
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(read_provider_word(expected(key), Bytes(good).first(size), now).ok()) << size;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {  // what nobody signs (kid) names another; all else breaks form or signature
    Buffer flipped = good;
    flipped[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    EXPECT_FALSE(read_provider_word(expected(key), flipped, now).ok()) << bit;
  }
}

TEST_F(ClientVectors, DatagramsOpenAgain) {
  const Carriage up{schc::RuleSet(), schc::Direction::up};
  const Carriage down{schc::RuleSet(), schc::Direction::down};
  const Buffer cwt = message("uas_ua_extended_wrapper");
  const uint8_t token[] = {0xa1, 0xb2};
  const auto post = make_post(up, coap::Type::con, 0x7d34, Token::of(token), cwt, space);
  ASSERT_TRUE(post.ok());
  const Buffer octets(post->begin(), post->end());
  EXPECT_EQ(to_hex(octets).substr(0, 30), "42027d34a1b2b46e726964113dffd2") << "the vector's request";
  FrameSpace scratch;
  const auto in = read_datagram(down, octets, scratch);
  ASSERT_TRUE(in.ok());
  EXPECT_TRUE(in->post());
  EXPECT_EQ(in->id, 0x7d34);
  EXPECT_TRUE(equal(in->payload, cwt));
  for (size_t size = 0; size < octets.size(); ++size) {  // a cut payload is for the signature to notice
    const auto cut = read_datagram(down, Bytes(octets).first(size), scratch);
    if (cut.ok()) {
      EXPECT_LT(cut->payload.size(), cwt.size()) << size;
    }
    if (size < 11) {
      EXPECT_FALSE(cut.ok()) << size;
    }
  }
}

}  // namespace
}  // namespace nrid
