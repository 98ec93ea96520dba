#include "cwt/cose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "tests/cwt/vectors.h"

namespace nrid::cwt {
namespace {

const std::string kDet = "2001003ffe000a057d9d8c5eda00dfe5";
const std::string kTaggedKid = "53d83650" + kDet;
const std::string kSig = "5840" + std::string(128, '7');

// 18([ protected, {kid}, h'00', signature ]) from the parts under test.
Buffer message(const std::string& protected_header, const std::string& unprotected, const std::string& tags = "d2") {
  return *from_hex(tags + "84" + protected_header + unprotected + "4100" + kSig);
}

Error error_of(const Buffer& octets) { return decode_sign1(octets).error(); }

TEST(Cose, GeneratedTokensDecodeVerifyAndComeBackOctetForOctet) {
  const Generated generated;
  EXPECT_EQ(generated.tokens.size(), 12u);
  for (const Token& token : generated.tokens) {
    SCOPED_TRACE(token.name);
    const auto decoded = decode_sign1(token.message);
    ASSERT_TRUE(decoded.ok()) << info(decoded.error()).counter;
    EXPECT_EQ(to_hex(decoded->protected_header), to_hex(token.protected_header));
    EXPECT_EQ(to_hex(decoded->payload), to_hex(token.payload));
    EXPECT_EQ(decoded->kid_form, KidForm::tagged_in_bstr);
    EXPECT_EQ(decoded->alg, -8);

    std::array<uint8_t, kSignedBytesMax> space;
    const auto signed_part = signed_bytes(*decoded, space);
    ASSERT_TRUE(signed_part.ok());
    EXPECT_EQ(to_hex(*signed_part), to_hex(token.sig_structure));
    ASSERT_EQ(generated.keys.count(decoded->kid), 1u);
    EXPECT_TRUE(verify_one(generated.keys.at(decoded->kid), *signed_part, decoded->signature));

    const SeedSigner signer(generated.seeds.at(decoded->kid));
    std::array<uint8_t, 1280> out;
    const auto again = sign1(decoded->payload, decoded->kid, decoded->kid_form, signer, out);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(to_hex(*again), to_hex(token.message));
  }
}

TEST(Cose, NegativeTokens) {
  const Generated generated;
  const auto& negative = generated.file["negative"];
  std::array<uint8_t, kSignedBytesMax> space;

  const Buffer forged = octets(negative["bad_signature"]);
  const auto bad = decode_sign1(forged);
  ASSERT_TRUE(bad.ok());
  EXPECT_FALSE(verify_one(generated.keys.at(bad->kid), *signed_bytes(*bad, space), bad->signature));

  for (const char* name : {"tampered_location_resigned_by_gcs", "wrong_sp"}) {  // wrong further inside
    const Token token = Generated::token(name, negative[name]);
    const auto decoded = decode_sign1(token.message);
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(verify_one(generated.keys.at(decoded->kid), *signed_bytes(*decoded, space), decoded->signature)) << name;
  }
}

TEST(Cose, EveryCutIsMalformed) {
  const Generated generated;
  for (const Token& token : generated.tokens) {
    for (size_t size = 0; size < token.message.size(); ++size) {
      const Buffer cut(token.message.begin(), token.message.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(error_of(cut), Error::malformed) << token.name << " cut to " << size;
    }
    Buffer longer = token.message;
    longer.push_back(0);
    EXPECT_EQ(error_of(longer), Error::malformed);
  }
}

TEST(Cose, TagsInFront) {
  const std::string kid = "a104" + kTaggedKid;
  EXPECT_EQ(error_of(message("43a10127", kid)), Error::none);
  EXPECT_EQ(error_of(message("43a10127", kid, "")), Error::none);
  EXPECT_EQ(error_of(message("43a10127", kid, "d83dd2")), Error::none);
  EXPECT_EQ(error_of(message("43a10127", kid, "d83d")), Error::malformed);
  EXPECT_EQ(error_of(message("43a10127", kid, "d2d83d")), Error::malformed);
  EXPECT_EQ(error_of(message("43a10127", kid, "d83dd83dd2")), Error::malformed);
  EXPECT_EQ(error_of(message("43a10127", kid, "d2d2")), Error::malformed);
  EXPECT_EQ(error_of(message("43a10127", kid, "d1")), Error::malformed);
  EXPECT_EQ(error_of(message("43a10127", kid, "d812")), Error::malformed) << "second spelling of tag 18";
}

TEST(Cose, Alg) {
  const std::string kid = "04" + kTaggedKid;
  EXPECT_EQ(decode_sign1(message("43a10132", "a1" + kid))->alg, -19);
  EXPECT_EQ(error_of(message("43a10126", "a1" + kid)), Error::bad_alg) << "ES256";
  EXPECT_EQ(error_of(message("44a1013834", "a1" + kid)), Error::bad_alg) << "Ed448";
  EXPECT_EQ(error_of(message("43a10108", "a1" + kid)), Error::bad_alg);
  EXPECT_EQ(error_of(message("48a1016545644453" "41", "a1" + kid)), Error::bad_alg) << "text";
  EXPECT_EQ(error_of(message("40", "a1" + kid)), Error::bad_alg) << "empty header";
  EXPECT_EQ(error_of(message("41a0", "a1" + kid)), Error::bad_alg) << "empty map";
  EXPECT_EQ(error_of(message("40", "a20127" + kid)), Error::bad_alg) << "unprotected only";
  EXPECT_EQ(error_of(message("43a10127", "a20127" + kid)), Error::bad_alg) << "in both";
}

TEST(Cose, HeaderMaps) {
  const std::string kid = "04" + kTaggedKid;
  EXPECT_EQ(error_of(message("46a20127183c00", "a1" + kid)), Error::none) << "unknown parameter ignored";
  EXPECT_EQ(error_of(message("43a10127", "a2" + kid + "616100")), Error::none) << "text label ignored";
  EXPECT_EQ(error_of(message("46a20127028101", "a1" + kid)), Error::malformed) << "crit";
  EXPECT_EQ(error_of(message("43a10127", "a2028101" + kid)), Error::malformed) << "crit, unprotected";
  EXPECT_EQ(error_of(message("45a201270127", "a1" + kid)), Error::malformed) << "alg twice in one map";
  EXPECT_EQ(error_of(message("43a10127", "a2" + kid + kid)), Error::malformed) << "kid twice";
  EXPECT_EQ(error_of(message("44a1012700", "a1" + kid)), Error::malformed) << "octets behind the map";
  EXPECT_EQ(error_of(message("43810127", "a1" + kid)), Error::malformed) << "no map";
  EXPECT_EQ(error_of(message("43a10127", "a2" + kid + "410100")), Error::malformed) << "label is a byte string";
  EXPECT_EQ(error_of(*from_hex("d28443a10127a1" + kid + "f6" + kSig)), Error::malformed) << "detached payload";
  EXPECT_EQ(error_of(*from_hex("d28443a10127a1" + kid + "4100583f" + std::string(126, '7'))), Error::malformed);
  EXPECT_EQ(error_of(*from_hex("d28543a10127a1" + kid + "4100" + kSig + "00")), Error::malformed) << "five elements";
}

TEST(Cose, KidForms) {
  const Det det = *det_from_text(kDet);
  const struct { std::string item; KidForm form; } forms[] = {
      {kTaggedKid, KidForm::tagged_in_bstr}, {"50" + kDet, KidForm::bare}, {"d83650" + kDet, KidForm::literal_tag}};
  const SeedSigner signer(Seed{1});
  for (const auto& each : forms) {
    const Buffer octets = message("43a10127", "a104" + each.item);
    const auto decoded = decode_sign1(octets);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->kid, det);
    EXPECT_EQ(decoded->kid_form, each.form);
    std::array<uint8_t, 256> out;
    const auto again = sign1(decoded->payload, det, each.form, signer, out);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(std::equal(octets.begin(), octets.end() - 64, again->begin()));
    EXPECT_EQ(again->size(), octets.size());
  }
}

TEST(Cose, BadKids) {
  const std::string other_prefix = "20010db8fe000a057d9d8c5eda00dfe5", suite_one = "2001003ffe000a017d9d8c5eda00dfe5";
  for (const std::string& kid : {"4f" + kDet.substr(2), "51" + kDet + "00", "53d83450" + kDet, "53d83650" + other_prefix,
                                 "50" + other_prefix, "d83450" + kDet, "d83653d83650" + kDet, std::string("01"),
                                 std::string("623131"), "f6" + std::string(), "d8368250" + kDet + "1880"}) {
    EXPECT_EQ(error_of(message("43a10127", "a104" + kid)), Error::bad_kid) << kid;
  }
  EXPECT_EQ(error_of(message("43a10127", "a0")), Error::bad_kid);
  EXPECT_EQ(error_of(message("5818a2012704" "53d83650" + kDet, "a104" + kTaggedKid)), Error::bad_kid) << "in both";
  EXPECT_EQ(error_of(message("43a10127", "a10453d83650" + suite_one)), Error::unsupported_suite);
}

// Tokens of others: none names a DET, each is refused at the first rule that it breaks.
TEST(Cose, ForeignTokens) {
  const auto published = load_vectors("cwt/cose_eddsa.json");
  for (const auto& vector : published["vectors"]) {
    const Error error = error_of(octets(vector["cbor_hex"]));
    // The other ones are COSE_Sign, or Ed448 with a signature of 114 octets.
    EXPECT_EQ(error, vector["file"] == "eddsa-sig-01.json" ? Error::bad_kid : Error::malformed) << vector["file"];
  }
  const auto file = load_vectors("cwt/rfc8392_appendix_a.json");
  for (const auto& vector : file["vectors"]) {
    EXPECT_EQ(error_of(octets(vector["cbor_hex"])), vector["id"] == "A.3" ? Error::bad_alg : Error::malformed) << vector["id"];
  }
}

// T9: the working group's own failures. Whatever else is wrong with them, their form is: no key is looked for.
TEST(Cose, T9_TheWorkingGroupsFailuresAreRefusedBeforeAnySignature) {
  const std::map<std::string, Error> of = {{"sign-fail-01.json", Error::malformed}, {"sign-fail-02.json", Error::bad_alg}, {"sign-fail-03.json", Error::bad_alg},
                                           {"sign-fail-04.json", Error::bad_alg}, {"sign-fail-06.json", Error::bad_alg}, {"sign-fail-07.json", Error::bad_alg}};
  const auto published = load_vectors("cwt/cose_sign1_fail.json");
  ASSERT_EQ(published["vectors"].size(), of.size());
  for (const auto& vector : published["vectors"]) EXPECT_EQ(error_of(octets(vector["cbor_hex"])), of.at(vector["file"])) << vector["file"];
}

// The one published Ed25519 COSE_Sign1: what is signed, and that libsodium agrees.
TEST(Cose, SigStructureOfThePublishedVector) {
  const auto published = load_vectors("cwt/cose_eddsa.json");
  for (const auto& vector : published["vectors"]) {
    if (vector["file"] != "eddsa-sig-01.json") continue;
    const Buffer header = octets(vector["protected_hex"]), payload = octets(vector["payload_hex"]);
    const Buffer key = octets(vector["public_hex"]), signature = octets(vector["signature_hex"]);
    Sign1 parts;
    parts.protected_header = header;
    parts.payload = payload;
    std::array<uint8_t, 256> space;
    const auto bytes = signed_bytes(parts, space);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(to_hex(*bytes), vector["sig_structure_published"]);
    EXPECT_TRUE(verify_one(Reader(key).array<32>(), *bytes, Bytes(signature).first<64>()));
    return;
  }
  FAIL() << "eddsa-sig-01.json is missing";
}

TEST(Cose, SignRefusesSmallBuffers) {
  const SeedSigner signer(Seed{7});
  std::array<uint8_t, 160> out;
  const auto whole = sign1(as_bytes("payload"), *det_from_text(kDet), KidForm::bare, signer, out);
  ASSERT_TRUE(whole.ok());
  for (size_t size = 0; size < whole->size(); ++size) {
    std::array<uint8_t, 160> small;
    EXPECT_EQ(sign1(as_bytes("payload"), *det_from_text(kDet), KidForm::bare, signer, std::span<uint8_t>(small).first(size)).error(),
              Error::no_space);
  }
}

}  // namespace
}  // namespace nrid::cwt
