#include "cwt/claims.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "cwt/cose.h"
#include "tests/cwt/vectors.h"
#include "wire/cbor.h"

namespace nrid::cwt {
namespace {

const Det kSp = *det_from_text("2001003ffe000a055780ed3228b860da");
const Det kUa = *det_from_text("2001003ffe000a057d9d8c5eda00dfe5");
const std::string kSpHex = "d83650" + to_hex(kSp), kUaHex = "d83650" + to_hex(kUa);
const std::string kSub = "02684e5249442d554153", kTimes = "041a6a1d744a051a6a1d7440061a6a1d7440";
const std::string kUasKey = "3a00010000", kUssKey = "3a00010001", kEooKey = "3a00010002";

Error error_of(const std::string& hex) { return decode_claims(*from_hex(hex), kUa).error(); }

std::string uas(const std::string& body) { return "a5" + kSub + kTimes + kUasKey + body; }
std::string uss(const std::string& body) { return "a502684e5249442d555353" + kTimes + kUssKey + body; }
std::string eoo(const std::string& body) { return "a502684e5249442d454f4f" + kTimes + kEooKey + body; }

TEST(Claims, GeneratedTokensComeBackOctetForOctet) {
  const Generated generated;
  for (const Token& token : generated.tokens) {
    SCOPED_TRACE(token.name);
    const auto sign1 = decode_sign1(token.message);
    ASSERT_TRUE(sign1.ok());
    auto claims = decode_claims(sign1->payload, sign1->kid);
    ASSERT_TRUE(claims.ok()) << info(claims.error()).counter;
    EXPECT_EQ(claims->body.index(), token.name.substr(0, 3) == "uas" ? 0u : token.name.substr(0, 3) == "uss" ? 1u : 2u);
    EXPECT_EQ(claims->exp, claims->iat + 10);
    EXPECT_TRUE(check_times(*claims, at_second(claims->iat + 1), {}).ok());

    std::array<uint8_t, 1024> space;
    const auto again = encode_claims(*claims, space);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(to_hex(*again), to_hex(token.payload));
    for (size_t size = 0; size < again->size(); ++size) {
      std::array<uint8_t, 1024> small;
      EXPECT_EQ(encode_claims(*claims, std::span<uint8_t>(small).first(size)).error(), Error::no_space);
    }
  }
}

TEST(Claims, FieldsOfTheGeneratedTokens) {
  const Generated generated;
  const auto claims_of = [&](const std::string& name) {
    for (const Token& token : generated.tokens) {
      if (token.name == name) return decode_claims(token.payload, kUa);
    }
    return Result<Claims>(Error::internal);
  };
  const auto position = claims_of("uas_gcs_plain_pack");
  const auto& report = std::get<UasBody>(position->body);
  EXPECT_EQ(report.sp, kSp);
  EXPECT_EQ(report.encoded, (MessageSet{1 | 2 | 16 | 32, std::nullopt}));
  EXPECT_EQ(to_hex(report.data), generated.file["plain_pack"]);
  const auto bare = claims_of("uas_gcs_no_encoded");
  EXPECT_EQ(std::get<UasBody>(bare->body).encoded, std::nullopt);

  const auto missing = claims_of("uss_missing_selfid_and_link");
  const auto& heartbeat = std::get<UssBody>(missing->body);
  EXPECT_EQ(heartbeat.ua, kUa);
  EXPECT_EQ(heartbeat.expected, (MessageSet{4 | 8, 0x7f}));
  const auto move = claims_of("uss_move_sp_uri");
  EXPECT_EQ(std::get<std::string_view>(std::get<UssBody>(move->body).move_sp->address).substr(0, 7), "coap://");
  const auto move4 = claims_of("uss_move_sp_ipv4");
  EXPECT_TRUE((std::holds_alternative<std::array<uint8_t, 4>>(std::get<UssBody>(move4->body).move_sp->address)));
  EXPECT_EQ(to_hex(std::get<UssBody>(move4->body).move_sp->endorsement), generated.file["broadcast_endorsements"]["hda_on_sp2"]);

  const auto end = claims_of("eoo_ack_by_sp");
  EXPECT_EQ(std::get<EooBody>(end->body).code, 1u);
  EXPECT_EQ(std::get<EooBody>(end->body).peer, kUa);
}

TEST(Claims, EveryCutIsMalformed) {
  const Generated generated;
  for (const Token& token : generated.tokens) {
    for (size_t size = 0; size < token.payload.size(); ++size) {
      const Buffer cut(token.payload.begin(), token.payload.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(decode_claims(cut, kUa).error(), Error::malformed) << token.name << " cut to " << size;
    }
  }
}

// The packets of the SCHC vectors end in a token with the draft's literal kid.
TEST(Claims, TokensOfTheSchcVectors) {
  int seen = 0;
  for (const char* name : {"schc/byte_budget.json", "schc/nrid_cd.json"}) {
    const auto file = load_vectors(name);
    for (const auto& vector : file["vectors"]) {
      const std::string packet = vector.value("packet_hex", vector.value("coap_hex", ""));
      const size_t start = packet.find("d28443a10127a104d83650");
      if (start == packet.npos) continue;
      const Buffer message = *from_hex(std::string_view(packet).substr(start));
      const auto sign1 = decode_sign1(message);
      ASSERT_TRUE(sign1.ok()) << info(sign1.error()).counter << " " << vector["name"];
      EXPECT_EQ(sign1->kid_form, KidForm::literal_tag);
      const auto claims = decode_claims(sign1->payload, sign1->kid);
      EXPECT_TRUE(claims.ok()) << info(claims.error()).counter << " " << vector["name"];
      ++seen;
    }
  }
  EXPECT_EQ(seen, 31);
}

TEST(Claims, Shape) {
  const std::string body = "82" + kSpHex + "4100";
  EXPECT_EQ(error_of(uas(body)), Error::none);
  EXPECT_EQ(error_of("a5" + kTimes + kUasKey + body + kSub), Error::none) << "any order";
  EXPECT_EQ(error_of("a6" + kSub + kTimes + "0742aabb" + kUasKey + body), Error::none) << "cti is passed over";
  EXPECT_EQ(error_of("a6" + kSub + kTimes + "63666f6f8100" + kUasKey + body), Error::none) << "text name";
  EXPECT_EQ(error_of("a6" + kSub + kTimes + "07a201000100" + kUasKey + body), Error::malformed) << "key twice inside an unknown claim";
  EXPECT_EQ(error_of("a6" + kSub + kTimes + kUasKey + body + kSub), Error::malformed) << "sub twice";
  EXPECT_EQ(error_of("a6" + kSub + kTimes + "410100" + kUasKey + body), Error::malformed) << "byte string as name";
  EXPECT_EQ(error_of(uas(body) + "00"), Error::malformed);
  EXPECT_EQ(error_of("85" + kSpHex + "00000000"), Error::malformed) << "no map";
  EXPECT_EQ(error_of("a4" + kSub + kTimes), Error::bad_claims) << "no body";
  EXPECT_EQ(error_of("a4" + kTimes + kUasKey + body), Error::bad_claims) << "no sub";
  EXPECT_EQ(error_of("a502684e5249442d4d5347" + kTimes + kUasKey + body), Error::bad_claims) << "sub NRID-MSG";
  EXPECT_EQ(error_of("a502684e5249442d555353" + kTimes + kUasKey + body), Error::bad_claims) << "sub of another body";
  EXPECT_EQ(error_of("a6" + kSub + kTimes + kUasKey + body + kUssKey + "82" + kUaHex + "8100"), Error::bad_claims) << "two bodies";
  EXPECT_EQ(error_of("a502484e5249442d554153" + kTimes + kUasKey + body), Error::bad_claims) << "sub as byte string";
}

TEST(Claims, Dates) {
  const std::string tail = kUasKey + "82" + kSpHex + "4100";
  EXPECT_EQ(error_of("a5" + kSub + "04fb41d584367c200000" "0500" "0600" + tail), Error::bad_claims) << "float";
  EXPECT_EQ(error_of("a5" + kSub + "04c10a" "0500" "0600" + tail), Error::bad_claims) << "tag 1";
  EXPECT_EQ(error_of("a5" + kSub + "0420" "0500" "0600" + tail), Error::bad_claims) << "negative";
  EXPECT_EQ(error_of("a5" + kSub + "041b7fffffffffffffff" "0500" "0600" + tail), Error::bad_claims);
  EXPECT_EQ(error_of("a5" + kSub + "041bffffffffffffffff" "0500" "0600" + tail), Error::bad_claims);
  EXPECT_EQ(error_of("a4" + kSub + "040a" "0500" + tail), Error::bad_claims) << "no iat";
  EXPECT_EQ(error_of("a5" + kSub + "040a" "0500" "0600" + tail), Error::none) << "the draft's literal dates have the right shape";
}

TEST(Claims, Issuer) {
  const std::string rest = kSub + kTimes + kUasKey + "82" + kSpHex + "4100";
  const auto with_issuer = [&](const std::string& text) {
    std::array<uint8_t, 64> space;
    cbor::Writer item(space);
    item.text(text);
    return error_of("a601" + to_hex(item.written()) + rest);
  };
  EXPECT_EQ(with_issuer(to_text(kUa)), Error::none);
  EXPECT_EQ(with_issuer(to_text(kSp)), Error::bad_claims);
  EXPECT_EQ(with_issuer("coap://as.example.com"), Error::bad_claims);
  EXPECT_EQ(error_of("a60101" + rest), Error::bad_claims);
}

TEST(Claims, Bodies) {
  const std::string endorsement = "5888" + std::string(272, '0');
  EXPECT_EQ(error_of(uas("83" + kSpHex + "8103" "4100")), Error::none);
  EXPECT_EQ(error_of(uas("83" + kSpHex + "820318ff" "4100")), Error::none);
  EXPECT_EQ(error_of(uas("83" + kSpHex + "82031a00010000" "4100")), Error::bad_claims) << "page 16";
  EXPECT_EQ(error_of(uas("83" + kSpHex + "1a00010000" "4100")), Error::bad_claims);
  EXPECT_EQ(error_of(uas("83" + kSpHex + "80" "4100")), Error::bad_claims);
  EXPECT_EQ(error_of(uas("83" + kSpHex + "83010203" "4100")), Error::bad_claims);
  EXPECT_EQ(error_of(uas("83" + kSpHex + "4100" "00")), Error::bad_claims);
  EXPECT_EQ(error_of(uas("82" "50" + to_hex(kSp) + "4100")), Error::bad_claims) << "DET without its tag";
  EXPECT_EQ(error_of(uas("82d83444c0000201" "4100")), Error::bad_claims);
  EXPECT_EQ(error_of(uas("82" + kSpHex + "6161")), Error::bad_claims) << "text as data";

  EXPECT_EQ(error_of(uss("82" + kUaHex + "8100")), Error::none);
  EXPECT_EQ(error_of(uss("81" + kUaHex)), Error::bad_claims);
  EXPECT_EQ(error_of(uss("83" + kUaHex + "8100" "83" + kSpHex + "d83444c0000201" + endorsement)), Error::none);
  EXPECT_EQ(error_of(uss("83" + kUaHex + "8100" "83" + kSpHex + "d83445c000020100" + endorsement)), Error::bad_claims);
  EXPECT_EQ(error_of(uss("83" + kUaHex + "8100" "83" + kSpHex + "d8355044c0000201" + std::string(22, '0') + endorsement)), Error::bad_claims);
  EXPECT_EQ(error_of(uss("83" + kUaHex + "8100" "83" + kSpHex + "d83444c0000201" "4100")), Error::bad_claims) << "endorsement of 1";
  EXPECT_EQ(error_of(uss("83" + kUaHex + "8100" "82" + kSpHex + "d83444c0000201")), Error::bad_claims);

  EXPECT_EQ(error_of(eoo("83" + kSpHex + "00" "00")), Error::none);
  EXPECT_EQ(error_of(eoo("84" + kSpHex + "03" "1a6a1d7440" + kUaHex)), Error::none);
  EXPECT_EQ(error_of(eoo("83" + kSpHex + "04" "00")), Error::bad_claims) << "code 4";
  EXPECT_EQ(error_of(eoo("83" + kSpHex + "00" "20")), Error::bad_claims) << "negative ref";
  EXPECT_EQ(error_of(eoo("82" + kSpHex + "00")), Error::bad_claims);
  EXPECT_EQ(error_of(eoo("f6")), Error::bad_claims);
}

Error times(int64_t iat, int64_t nbf, int64_t exp, int64_t now, const TimePolicy& policy = {}) {
  Claims claims{iat, nbf, exp, {}};
  return check_times(claims, at_second(now), policy).error();
}

TEST(Claims, Times) {
  EXPECT_EQ(times(1000, 1000, 1010, 1005), Error::none);
  EXPECT_EQ(times(1000, 1000, 1010, 1014), Error::none);
  EXPECT_EQ(times(1000, 1000, 1010, 1015), Error::expired);
  EXPECT_EQ(times(1000, 1000, 1010, 995), Error::none);
  EXPECT_EQ(times(1000, 1000, 1010, 994), Error::not_yet_valid);
  EXPECT_EQ(times(1000, 1003, 1010, 997), Error::not_yet_valid) << "iat";
  EXPECT_EQ(times(1000, 1008, 1010, 1002), Error::not_yet_valid) << "nbf";
  EXPECT_EQ(times(1000, 1000, 1060, 1001), Error::none);
  EXPECT_EQ(times(1000, 1000, 1061, 1001), Error::bad_claims);
  EXPECT_EQ(times(1000, 1000, 1000, 1000), Error::bad_claims);
  EXPECT_EQ(times(1000, 1000, 1010, 1012, {seconds(2), false}), Error::expired);
}

TEST(Claims, RelativeTimesOnlyWhenAllowed) {
  EXPECT_EQ(times(0, 0, 10, 1'780'315'200), Error::expired);
  Claims claims{0, 0, 10, {}};
  ASSERT_TRUE(check_times(claims, at_second(1'780'315'200), {seconds(5), true}).ok());
  EXPECT_EQ(claims.iat, 1'780'315'200);
  EXPECT_EQ(claims.nbf, 1'780'315'200);
  EXPECT_EQ(claims.exp, 1'780'315'210);
}

}  // namespace
}  // namespace nrid::cwt
