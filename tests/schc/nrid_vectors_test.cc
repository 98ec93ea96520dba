// The Net-RID exchange over its ten rules (nrid_cd.json), the byte budget's CoAP rules, and size prefixes.
#include "base/bits.h"
#include "schc/residue.h"
#include "tests/schc/vectors.h"

namespace nrid::schc {
namespace {

TEST(NridVectors, CompressAndDecompress) {
  const RuleSet rules = must_load(vector_file("nrid_rules.json"));
  const Json file = vector_file("nrid_cd.json");
  size_t count = 0;
  for (const Json& v : file["vectors"]) {
    SCOPED_TRACE(v["name"].get<std::string>());
    const Direction direction = direction_of(v["direction"]);
    EXPECT_EQ(compressed(rules, direction, v["coap_hex"]), v["schc_hex"].get<std::string>());
    EXPECT_EQ(decompressed(rules, direction, v["schc_hex"]), v["coap_hex"].get<std::string>());
    ++count;
  }
  EXPECT_EQ(count, 21U);
}

TEST(NridVectors, Malformed) {
  // In the order of the file; rule 0 hands anything to the CoAP layer, whose octets are then the answer.
  const std::string expected[] = {"schc_no_rule", "bad_length",     "schc_truncated", "schc_mapping", "schc_mapping",
                                  "schc_truncated", "schc_size",    "schc_padding",   "49020001"};
  const RuleSet rules = must_load(vector_file("nrid_rules.json"));
  const Json file = vector_file("nrid_cd.json");
  ASSERT_EQ(file["malformed"].size(), std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    const Json& v = file["malformed"][i];
    SCOPED_TRACE(v["name"].get<std::string>());
    const auto rule = from_hex(v["schc_hex"].get<std::string>());
    const bool down = !rule->empty() && ((*rule)[0] == 3 || (*rule)[0] == 4);
    EXPECT_EQ(decompressed(rules, down ? Direction::down : Direction::up, v["schc_hex"]), expected[i]);
  }
}

// Every vector cut at every octet is refused, or it is a message with a shorter payload: never anything else.
TEST(NridVectors, CutAtEveryOctet) {
  const RuleSet rules = must_load(vector_file("nrid_rules.json"));
  const Json file = vector_file("nrid_cd.json");
  size_t refused = 0;
  size_t shorter = 0;
  for (const Json& v : file["vectors"]) {
    SCOPED_TRACE(v["name"].get<std::string>());
    const Direction direction = direction_of(v["direction"]);
    const Buffer packet = *from_hex(v["schc_hex"].get<std::string>());
    const std::string whole = v["coap_hex"];
    for (size_t size = 0; size < packet.size(); ++size) {
      const std::string got = converted(decompress, rules, direction, Bytes(packet).first(size));
      if (!from_hex(got)) {
        ++refused;
        continue;
      }
      ASSERT_LT(got.size(), whole.size() + 1) << size;
      // Up to the payload marker, the message is the same one.
      EXPECT_EQ(got, whole.substr(0, got.size())) << size;
      ++shorter;
    }
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(shorter, 1000U);
}

TEST(ByteBudget, CoapRulesWithoutPayloadFields) {
  // The rest need UDP or IPv6 fields, or fields inside the payload, and are refused at load with the field's name.
  const Json file = vector_file("byte_budget.json");
  size_t run = 0;
  size_t refused = 0;
  for (const Json& v : file["vectors"]) {
    SCOPED_TRACE(v["name"].get<std::string>());
    if (v["layers"] != "C" || v["payload_level"] != 0) {
      const auto set = load_rules(v["rule"].dump(), "budget.json");
      ASSERT_FALSE(set.ok());
      EXPECT_NE(set.text().find(", field "), std::string::npos) << set.text();
      ++refused;
      continue;
    }
    const RuleSet rules = must_load(v["rule"]);
    EXPECT_EQ(compressed(rules, Direction::up, v["packet_hex"]), v["schc_hex"].get<std::string>());
    EXPECT_EQ(decompressed(rules, Direction::up, v["schc_hex"]), v["packet_hex"].get<std::string>());
    ++run;
  }
  EXPECT_EQ(run, 2U);
  EXPECT_EQ(refused, 18U);
}

std::string bit_string(size_t size) {
  std::array<uint8_t, 8> space{};
  BitWriter out(space);
  write_size(out, size);
  BitReader in(out.written());
  std::string text;
  for (size_t i = 0; i < out.at(); ++i) text += in.bits(1) != 0 ? '1' : '0';
  return text;
}

Error read_bit_string(const std::string& text, size_t& size) {
  std::array<uint8_t, 8> space{};
  BitWriter out(space);
  for (const char c : text) out.bits(c == '1', 1);
  BitReader in(out.written());
  return read_size(in, size);
}

TEST(SizePrefix, VectorsBothWays) {
  const Json file = vector_file("size_encoding.json");
  ASSERT_EQ(file["sizes"].size(), 11U);
  for (const Json& v : file["sizes"]) {
    const auto size = v["size"].get<size_t>();
    EXPECT_EQ(bit_string(size), v["bits"].get<std::string>());
    EXPECT_EQ(size_prefix_bits(size), v["bits"].get<std::string>().size());
    size_t back = 0;
    EXPECT_EQ(read_bit_string(v["bits"], back), Error::none);
    EXPECT_EQ(back, size);
  }
  ASSERT_EQ(file["reject"].size(), 2U);
  for (const Json& v : file["reject"]) {
    size_t size = 0;
    EXPECT_EQ(read_bit_string(v["bits"], size), Error::schc_size);
  }
}

}  // namespace
}  // namespace nrid::schc
