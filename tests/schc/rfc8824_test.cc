// The worked examples of RFC 8824 and draft-ietf-schc-8824-update-09, both ways. Five examples compress something that is no
// whole CoAP message (an OSCORE plaintext, an option list). They run over a rule that has the missing header fields added as
// constants: a constant leaves no bits, so the residue is the printed one.
#include "tests/schc/vectors.h"

namespace nrid::schc {
namespace {

// Printed with RuleID 0 or 2 and no COAP.VER: the header the plaintext lacks is 40 CODE 0000.
Json with_header(Json rule, bool with_code) {
  Json fields = Json::array();
  const auto constant = [&](const char* fid, int value) {
    fields.push_back({{"FID", fid}, {"DI", "Bi"}, {"TV", value}, {"MO", "equal"}, {"CDA", "not-sent"}});
  };
  constant("COAP.VER", 1);
  constant("COAP.TYPE", 0);
  constant("COAP.TKL", 0);
  constant("COAP.MID", 0);
  if (with_code) constant("COAP.CODE", 1);
  for (const Json& field : rule["Compression"]) fields.push_back(field);
  rule["Compression"] = fields;
  return rule;
}

TEST(Rfc8824, EveryExampleBothWays) {
  const Json file = vector_file("rfc8824_examples.json");
  size_t whole = 0;
  size_t inner = 0;
  size_t no_match = 0;
  for (const Json& v : file["vectors"]) {
    SCOPED_TRACE(v["name"].get<std::string>());
    if (v.contains("fields")) continue;  // the next test
    const Direction direction = direction_of(v["direction"]);
    const std::string schc = v["schc_hex"];
    if (v.contains("oscore_plaintext_hex")) {
      const std::string plain = v["oscore_plaintext_hex"];
      const std::string coap = "40" + plain.substr(0, 2) + "0000" + plain.substr(2);
      const RuleSet rules = must_load(with_header(v["rule"], false));
      EXPECT_EQ(compressed(rules, direction, coap), schc);
      EXPECT_EQ(decompressed(rules, direction, schc), coap);
      ++inner;
      continue;
    }
    const RuleSet rules = must_load(v["rule"]);
    // RFC 8824 printed OSCORE as option 21 before it was registered as 9.
    const std::string coap = v.contains("coap_hex_option9") ? v["coap_hex_option9"] : v["coap_hex"];
    if (v.contains("reference_result")) {
      EXPECT_EQ(v["reference_result"], "rule does not match");
      EXPECT_EQ(compressed(rules, direction, coap), "schc_no_rule");
      ++no_match;
      continue;
    }
    EXPECT_EQ(compressed(rules, direction, coap), schc);
    EXPECT_EQ(decompressed(rules, direction, schc), coap);
    ++whole;
  }
  EXPECT_EQ(whole, 14U);
  EXPECT_EQ(inner, 4U);
  EXPECT_EQ(no_match, 1U);
}

TEST(Rfc8824, OptionListOfTable2) {
  const Json file = vector_file("rfc8824_examples.json");
  const Json& v = file["vectors"].back();
  ASSERT_TRUE(v.contains("fields"));
  const RuleSet rules = must_load(with_header(v["rule"], true));
  const std::string coap = "40010000" "b163" "025836" "466b3d65746830";  // /c/X6?k=eth0
  const std::string residue = v["residue_bits"];
  std::string expected = "05";
  for (size_t i = 0; i < residue.size(); i += 4) expected += "0123456789abcdef"[std::stoi(residue.substr(i, 4), nullptr, 2)];
  EXPECT_EQ(compressed(rules, Direction::up, coap), expected);
  EXPECT_EQ(decompressed(rules, Direction::up, expected), coap);
}

TEST(Rfc8824, CutAtEveryOctet) {
  const Json file = vector_file("rfc8824_examples.json");
  size_t cut = 0;
  for (const Json& v : file["vectors"]) {
    if (!v.contains("coap_hex") || v.contains("reference_result")) continue;
    SCOPED_TRACE(v["name"].get<std::string>());
    const RuleSet rules = must_load(v["rule"]);
    const Direction direction = direction_of(v["direction"]);
    const Buffer packet = *from_hex(v["schc_hex"].get<std::string>());
    const std::string whole = v.contains("coap_hex_option9") ? v["coap_hex_option9"] : v["coap_hex"];
    for (size_t size = 0; size < packet.size(); ++size, ++cut) {
      const std::string got = converted(decompress, rules, direction, Bytes(packet).first(size));
      if (from_hex(got)) {
        EXPECT_EQ(got, whole.substr(0, got.size())) << size;
      } else {
        EXPECT_TRUE(got == "bad_length" || got == "schc_truncated" || got == "schc_padding") << got;
      }
    }
  }
  EXPECT_GT(cut, 150U);
}

}  // namespace
}  // namespace nrid::schc
