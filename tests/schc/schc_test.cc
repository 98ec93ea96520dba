// Behaviour that no published vector shows: variable and absent options, RuleIDs of odd length, bounds of the output and what
// explain() prints.
#include "tests/schc/vectors.h"

namespace nrid::schc {
namespace {

// NON POST without a token, MID sent, then `fields`: lines of a rule file.
RuleSet with_options(const std::string& fields, const std::string& more_rules = "") {
  const std::string header =
      R"({"FID":"COAP.VER","TV":1,"MO":"equal","CDA":"not-sent"},{"FID":"COAP.TYPE","TV":1,"MO":"equal","CDA":"not-sent"},)"
      R"({"FID":"COAP.TKL","TV":0,"MO":"equal","CDA":"not-sent"},{"FID":"COAP.CODE","TV":2,"MO":"equal","CDA":"not-sent"},)"
      R"({"FID":"COAP.MID","MO":"ignore","CDA":"value-sent"},)";
  const auto set = load_rules(R"([{"RuleID":1,"RuleIDLength":8,"Compression":[)" + header + fields + "]}" + more_rules + "]", "t.json");
  EXPECT_TRUE(set.ok()) << set.text();
  return *set;
}
std::string up(const RuleSet& rules, const std::string& hex) { return compressed(rules, Direction::up, hex); }
std::string back(const RuleSet& rules, const std::string& hex) { return decompressed(rules, Direction::up, hex); }

TEST(Options, VariableAbsentAndEmpty) {
  const RuleSet rules = with_options(R"({"FID":"COAP.Uri-Path","FL":"var","MO":"ignore","CDA":"value-sent"},
                                        {"FID":"COAP.Uri-Path","FP":2,"FL":"var","MO":"ignore","CDA":"value-sent"})");
  // RuleID, MID, then size and octets of "a" and of "bc".
  EXPECT_EQ(up(rules, "50020007" "b161" "026263"), "01" "0007" "161" "26263");
  EXPECT_EQ(back(rules, "01000716126263"), "50020007b161026263");
  EXPECT_EQ(up(rules, "50020007" "b161"), "01" "0007" "161" "0");
  EXPECT_EQ(back(rules, "0100071610"), "50020007b161");
  EXPECT_EQ(back(rules, "0100070161"), "50020007b161");             // the first one absent
  EXPECT_EQ(up(rules, "50020007"), "01000700");
  EXPECT_EQ(up(rules, "50020007" "b0"), "schc_no_rule");            // there but empty: size 0 would say absent
  EXPECT_EQ(up(rules, "50020007" "b161" "0162" "0163"), "schc_no_rule");
  EXPECT_EQ(up(rules, "50020007" "b161" "6178"), "schc_no_rule");   // option 17 is not in the rule
}

TEST(Options, SizesAroundTheirPrefixes) {
  const RuleSet rules = with_options(R"j({"FID":"COAP.option(2000)","FL":"var","MO":"ignore","CDA":"value-sent"})j");
  const auto message = [](size_t size) {
    Buffer coap = {0x50, 0x02, 0x00, 0x07, static_cast<uint8_t>(size < 13 ? 0xe0 | size : size < 269 ? 0xed : 0xee), 0x06, 0xc3};
    if (size >= 269) coap.push_back(static_cast<uint8_t>((size - 269) >> 8));
    if (size >= 13) coap.push_back(static_cast<uint8_t>(size < 269 ? size - 13 : size - 269));
    coap.insert(coap.end(), size, 0x5a);
    return to_hex(coap);
  };
  for (const size_t size : {1U, 12U, 13U, 14U, 15U, 254U, 255U, 268U, 269U, 1000U}) {
    const std::string packet = up(rules, message(size));
    const size_t prefix = size < 15 ? 4 : size < 255 ? 12 : 28;
    EXPECT_EQ(packet.size() / 2, (8 + 16 + prefix + size * 8 + 7) / 8) << size;
    EXPECT_EQ(back(rules, packet), message(size));
  }
  // A size beyond what is left is refused before anything is written, 65535 too.
  EXPECT_EQ(back(rules, "010007fffffff00000"), "schc_truncated");
}

TEST(Options, FixedLengthNeedsItsLength) {
  const RuleSet rules = with_options(R"({"FID":"COAP.Observe","FL":24,"MO":"ignore","CDA":"value-sent"})");
  EXPECT_EQ(up(rules, "5002000763000001"), "010007000001");
  EXPECT_EQ(up(rules, "50020007620001"), "schc_no_rule");
  EXPECT_EQ(up(rules, "50020007"), "schc_no_rule");
  EXPECT_EQ(back(rules, "0100070000"), "schc_truncated");
}

TEST(Options, MostSignificantBits) {
  const RuleSet rules = with_options(R"({"FID":"COAP.Uri-Query","FL":"var","TV":"k=","MO":"MSB","MO.VAL":16,"CDA":"LSB"})");
  EXPECT_EQ(up(rules, "50020007d3026b3d61"), "0100071610");
  EXPECT_EQ(back(rules, "0100071610"), "50020007d3026b3d61");
  EXPECT_EQ(up(rules, "50020007d2026b3d"), "01000700");
  EXPECT_EQ(back(rules, "01000700"), "50020007d2026b3d");   // the prefix itself, not an absent option
  EXPECT_EQ(up(rules, "50020007d3026c3d61"), "schc_no_rule");
  EXPECT_EQ(up(rules, "50020007d1026b"), "schc_no_rule");   // shorter than x
}

TEST(Options, MappingListOfOneTakesNoBits) {
  const RuleSet rules = with_options(R"({"FID":"COAP.Content-Format","TV":[61],"MO":"match-mapping","CDA":"mapping-sent"})");
  EXPECT_EQ(up(rules, "50020007c13d"), "010007");
  EXPECT_EQ(back(rules, "010007"), "50020007c13d");
}

TEST(Options, MoreThanARuleCanTryGoUncompressed) {
  std::string coap = "50020007";
  for (int i = 0; i < 40; ++i) coap += "0161";
  const RuleSet rules = shipped_rules();
  EXPECT_EQ(compressed(rules, Direction::up, coap), "00" + coap);
  EXPECT_EQ(decompressed(rules, Direction::up, "00" + coap), coap);
}

TEST(Token, LengthMustBeTheTokens) {
  const auto set = load_rules(R"({"RuleID":1,"RuleIDLength":8,"Compression":[
      {"FID":"COAP.VER","TV":1,"MO":"equal","CDA":"not-sent"},{"FID":"COAP.TYPE","TV":1,"MO":"equal","CDA":"not-sent"},
      {"FID":"COAP.TKL","MO":"ignore","CDA":"value-sent"},{"FID":"COAP.CODE","TV":2,"MO":"equal","CDA":"not-sent"},
      {"FID":"COAP.MID","TV":0,"MO":"equal","CDA":"not-sent"},
      {"FID":"COAP.TOKEN","FL":"tkl","TV":"0x80","MO":"MSB","MO.VAL":5,"CDA":"LSB"}]})", "t.json");
  ASSERT_TRUE(set.ok()) << set.text();
  EXPECT_EQ(up(*set, "5202000082aa"), "012554");     // 0010, 010, 10101010 and a zero
  EXPECT_EQ(back(*set, "012554"), "5202000082aa");
  EXPECT_EQ(back(*set, "012555"), "schc_padding");
  EXPECT_EQ(up(*set, "50020000"), "schc_no_rule");    // no token has no first five bits
  EXPECT_EQ(back(*set, "0100"), "schc_size");
  EXPECT_EQ(back(*set, "019000"), "schc_size");       // token length 9
}

TEST(Rules, IdsOfOddLength) {
  const RuleSet rules = with_options(
      R"({"FID":"COAP.Size1","TV":1,"MO":"equal","CDA":"not-sent"})",
      R"(,{"RuleID":5,"RuleIDLength":3,"NoCompression":[]},{"RuleID":3583,"RuleIDLength":12,"NoCompression":[]},
          {"RuleID":57313,"RuleIDLength":16,"Fragmentation":{}})");
  EXPECT_EQ(up(rules, "40000007"), "a8000000e0");     // 101, the message, five bits of padding
  EXPECT_EQ(back(rules, "a8000000e0"), "40000007");
  EXPECT_EQ(back(rules, "a8000000e1"), "schc_padding");
  EXPECT_EQ(back(rules, "02"), "schc_no_rule");
  EXPECT_EQ(back(rules, "dff400000070"), "40000007");
  EXPECT_EQ(back(rules, "df"), "schc_truncated");
  EXPECT_EQ(back(rules, "dfe0"), "schc_no_rule");
  EXPECT_EQ(back(rules, "dfe1"), "schc_no_rule") << "fragmentation";
  EXPECT_EQ(back(rules, "dff1"), "schc_padding") << "12 bits of RuleID, 4 of padding";
}

TEST(Output, Bounded) {
  const RuleSet rules = shipped_rules();
  const Buffer packet = *from_hex("0742a1b2c3d4112233");
  std::array<uint8_t, 32> space{};
  const auto whole = decompress(rules, Direction::up, packet, space);
  ASSERT_TRUE(whole.ok());
  for (size_t size = 0; size < whole->size(); ++size) {
    EXPECT_EQ(decompress(rules, Direction::up, packet, std::span(space).first(size)).error(), Error::no_space) << size;
  }
  const Buffer coap(whole->begin(), whole->end());
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_EQ(compress(rules, Direction::up, coap, std::span(space).first(size)).error(), Error::no_space) << size;
  }
  // R-027: 1280 octets of CoAP at most, whatever the datagram.
  EXPECT_EQ(back(rules, "00" + std::string(2560, '1')).size(), 2560U);
  EXPECT_EQ(back(rules, "00" + std::string(2562, '1')), "schc_too_large");
  EXPECT_EQ(back(rules, "0742a1b2c3d4" + std::string(2560, '1')), "schc_too_large");
}

TEST(Compress, RefusesWhatIsNoCoapMessage) {
  const RuleSet rules = shipped_rules();
  EXPECT_EQ(up(rules, ""), "bad_length");
  EXPECT_EQ(up(rules, "400000"), "bad_length");
  EXPECT_EQ(up(rules, "80000000"), "coap_version");
  EXPECT_EQ(up(rules, "49000000000000000000000000"), "coap_format");
  EXPECT_EQ(up(rules, "44020000a1b2"), "coap_format");
  EXPECT_EQ(up(rules, "40020000ff"), "coap_format");
  EXPECT_EQ(up(rules, "40020000f0"), "coap_format");
  EXPECT_EQ(up(rules, "40020000b3"), "coap_format");
  EXPECT_EQ(up(rules, "40020000e0ffff"), "coap_format");   // option number above 65535
}

TEST(Explain, OneLineAField) {
  const RuleSet rules = shipped_rules();
  const std::string text = explain(rules, Direction::up, *from_hex("0742a1b2c3d4112233"));
  for (const char* part : {"RuleID 7/8 = 00000111", "COAP.MID", "MSB(8)", "LSB", "8 b", "01000010", "= 66", "COAP.TOKEN",
                           "0xa1b2c3d4", "COAP.Uri-Path", "\"nrid\"", "payload 3 octets from bit 48, padding 0 b",
                           "CoAP message 22 octets: 54020042a1b2c3d4b46e726964113dd1e902ff112233"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(explain(rules, Direction::up, *from_hex("0742a1")).find("COAP.TOKEN: refused here, at bit 16"), std::string::npos);
  EXPECT_NE(explain(rules, Direction::down, *from_hex("0742a1")).find("not usable down"), std::string::npos);
  EXPECT_NE(explain(rules, Direction::up, *from_hex("ff")).find("refused: schc_no_rule"), std::string::npos);
  EXPECT_NE(explain(rules, Direction::up, {}).find("refused: bad_length"), std::string::npos);
}

}  // namespace
}  // namespace nrid::schc
