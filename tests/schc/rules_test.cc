// The loader: dialects it takes, and for everything it refuses the sentence that names file, rule and field.
#include <algorithm>

#include "tests/schc/vectors.h"

namespace nrid::schc {
namespace {

// Header fields of a message with a two-octet token, then `fields`.
Json rule_with(const Json& fields, int tkl = 2) {
  Json all = Json::array();
  const auto constant = [&](const char* fid, int value) {
    all.push_back({{"FID", fid}, {"TV", value}, {"MO", "equal"}, {"CDA", "not-sent"}});
  };
  constant("COAP.VER", 1);
  constant("COAP.TYPE", 1);
  constant("COAP.TKL", tkl);
  constant("COAP.CODE", 2);
  all.push_back({{"FID", "COAP.MID"}, {"MO", "ignore"}, {"CDA", "value-sent"}});
  for (const Json& field : fields) all.push_back(field);
  return {{"RuleID", 3}, {"RuleIDLength", 8}, {"Compression", all}};
}

// Braces around one Json would copy it, not make a list of it.
Json list(std::initializer_list<Json> fields) { return Json(std::vector<Json>(fields)); }

Json token() { return {{"FID", "COAP.TOKEN"}, {"MO", "ignore"}, {"CDA", "value-sent"}}; }
Json line(const char* fid, const Json& tv, const char* mo, const char* cda) {
  return {{"FID", fid}, {"TV", tv}, {"MO", mo}, {"CDA", cda}};
}
Json changed(Json object, const char* key, const Json& value) {
  object[key] = value;
  return object;
}

std::string refusal(const Json& rules) {
  const auto set = load_rules(rules.dump(), "r.json");
  return set.ok() ? "loaded" : set.text();
}
std::string field_refusal(const Json& field, int tkl = 2) { return refusal(rule_with(list({token(), field}), tkl)); }

TEST(RuleFile, EveryWrapping) {
  const Json rule = rule_with(list({token()}));
  const Json device = {{"DeviceID", "lorawan:0"}, {"SoR", Json::array({rule})}};
  for (const Json& file : {rule, Json::array({rule}), Json{{"rules", list({rule})}}, Json{{"SoR", list({rule})}}, device, Json::array({device})}) {
    EXPECT_EQ(refusal(file), "loaded") << file;
  }
  Json alias = rule;
  alias["RuleIDValue"] = alias["RuleID"];
  alias.erase("RuleID");
  alias.erase("RuleIDLength");
  EXPECT_EQ(refusal({{"profile", {{"rule_id_bits", 8}}}, {"rules", list({alias})}}), "loaded");
  EXPECT_EQ(refusal({{"rules", list({alias})}}), "r.json: rule number 1 of the file: RuleIDLength is missing");
}

TEST(RuleFile, NotRules) {
  EXPECT_NE(load_rules("{\"rules\": [", "r.json").text().find("r.json: "), std::string::npos);
  EXPECT_EQ(refusal(Json::object()), "r.json: is neither a rule, nor a list of rules, nor an object with \"rules\" or \"SoR\"");
  EXPECT_EQ(refusal(Json::array()), "r.json: has no rule");
  EXPECT_EQ(refusal(7), "r.json: is neither a rule, nor a list of rules, nor an object with \"rules\" or \"SoR\"");
  EXPECT_EQ(refusal(Json::array({5})), "r.json: rule number 1 of the file: is 5, not an object");
  EXPECT_EQ(load_rules(R"({"RuleID":1,"RuleID":2})", "r.json").text(), "r.json: key \"RuleID\" stands twice in one object");
  EXPECT_EQ(load_rules(std::string(20, '[') + std::string(20, ']'), "r.json").text(), "r.json: nested deeper than 16");
  EXPECT_FALSE(load_rules_file("/nonexistent/rules.json").ok());
  EXPECT_EQ(refusal({{"RuleID", -1}, {"RuleIDLength", 8}}), "r.json: rule number 1 of the file: RuleID -1 is not an unsigned integer");
  EXPECT_EQ(refusal({{"RuleID", 1}, {"RuleIDLength", 8}}),
            "r.json: rule 1/8: needs exactly one of Compression, NoCompression, Fragmentation");
  EXPECT_EQ(refusal({{"RuleID", 1}, {"RuleIDLength", 8}, {"Compression", Json::array()}}),
            "r.json: rule 1/8: Compression is not a list of fields");
  Json many = Json::array();
  for (int i = 0; i < 300; ++i) many.push_back({{"RuleID", i}, {"RuleIDLength", 16}, {"NoCompression", Json::array()}});
  EXPECT_EQ(refusal(many), "r.json: 300 rules, limit 256");
}

TEST(RuleFile, RuleIds) {
  const auto plain = [](int id, int bits) { return Json{{"RuleID", id}, {"RuleIDLength", bits}, {"NoCompression", Json::array()}}; };
  EXPECT_EQ(refusal({plain(1, 8), plain(1, 8)}), "r.json: rule 1/8: RuleID stands twice in the set");
  EXPECT_EQ(refusal({plain(1, 4), plain(19, 8)}), "r.json: rule 19/8: and rule 1/4: one RuleID is the beginning of the other");
  EXPECT_EQ(refusal({plain(1, 4), plain(33, 8)}), "loaded");
  EXPECT_EQ(refusal({plain(256, 8)}), "r.json: rule 256/8: RuleID does not fit its 8 bits");
  EXPECT_EQ(refusal({plain(1, 17)}), "r.json: rule 1/17: RuleIDLength is not 1 to 16 bits");
  EXPECT_EQ(refusal({plain(0, 0)}), "r.json: rule 0/0: RuleIDLength is not 1 to 16 bits");
}

TEST(RuleFile, Profile) {
  const Json rule = rule_with(list({token()}));
  EXPECT_EQ(refusal({{"profile", {{"l2_word_bits", 16}}}, {"rules", list({rule})}}), "r.json: profile l2_word_bits 16, over UDP it is 8");
  EXPECT_EQ(refusal({{"profile", {{"padding", "1"}}}, {"rules", list({rule})}}), "r.json: profile padding \"1\", this implementation pads with 0");
  const RuleSet small = must_load({{"profile", {{"max_packet_size", 16}}}, {"rules", list({rule})}});
  EXPECT_EQ(decompressed(small, Direction::up, "030007aabb" + std::string(18, '1')), "52020007aabbff" + std::string(18, '1'));
  EXPECT_EQ(decompressed(small, Direction::up, "030007aabb" + std::string(20, '1')), "schc_too_large");
  EXPECT_EQ(compressed(small, Direction::up, "52020007aabbff" + std::string(20, '1')), "schc_too_large");
}

TEST(RuleFile, FieldWords) {
  const Json path = line("COAP.Uri-Path", "nrid", "equal", "not-sent");
  EXPECT_EQ(field_refusal(path), "loaded");
  EXPECT_EQ(field_refusal(line("coap.uri-path", "nrid", "EQUAL", "NOT-SENT")), "loaded");
  EXPECT_EQ(field_refusal(line("CoAP.option(65000)", "0x00ff", "equal", "not-sent")), "loaded");
  const std::string at = "r.json: rule 3/8, field 7 ";
  EXPECT_EQ(field_refusal(changed(path, "FID", "COAP.Uri-Pat")), at + "COAP.Uri-Pat: FID \"COAP.Uri-Pat\" is unknown");
  EXPECT_EQ(field_refusal(changed(path, "FID", "UDP.LEN")),
            at + "UDP.LEN: IPv6 and UDP fields travel below the UDP socket, only CoAP fields can stand here");
  EXPECT_EQ(field_refusal(changed(path, "MO", "equals")), at + "COAP.Uri-Path: MO \"equals\" is unknown");
  EXPECT_EQ(field_refusal(changed(path, "CDA", "sent")), at + "COAP.Uri-Path: CDA \"sent\" is unknown");
  EXPECT_EQ(field_refusal(changed(path, "DI", "Left")), at + "COAP.Uri-Path: DI \"Left\" is none of Up, Dw, Bi");
  EXPECT_EQ(field_refusal(changed(path, "CDA", "compute-length")),
            at + "COAP.Uri-Path: CDA \"compute-length\": no CoAP field can be computed from others");
  EXPECT_EQ(field_refusal(changed(path, "CDA", "DevIID")), at + "COAP.Uri-Path: CDA \"DevIID\" is for IPv6 interface identifiers");
  EXPECT_EQ(field_refusal(changed(path, "MO", 5)), at + "COAP.Uri-Path: MO 5 is not a word");
  EXPECT_EQ(field_refusal({{"FID", "COAP.Accept"}, {"CDA", "not-sent"}}), at + "COAP.Accept: MO is missing");
  EXPECT_EQ(field_refusal(changed(path, "FP", 300)), at + "COAP.Uri-Path: FP 300 is not 0..255");
  EXPECT_EQ(field_refusal(changed(path, "TV", -4)),
            at + "COAP.Uri-Path: TV -4 is neither an unsigned integer of 64 bits, nor text, nor \"0x..\" octets");
  EXPECT_EQ(field_refusal(changed(path, "TV", "0xabc")), at + "COAP.Uri-Path: TV \"0xabc\" is not whole octets in hex");
}

TEST(RuleFile, LengthsAndTargets) {
  const std::string at = "r.json: rule 3/8, field 7 COAP.Uri-Path: ";
  const Json path = line("COAP.Uri-Path", "nrid", "equal", "not-sent");
  EXPECT_EQ(field_refusal(changed(path, "FL", 32)), "loaded");
  EXPECT_EQ(field_refusal(changed(path, "FL", 24)), at + "TV has 4 octets, limit 3");
  EXPECT_EQ(field_refusal(changed(path, "FL", 40)), at + "TV has 4 octets, FL is 40 bits");
  EXPECT_EQ(field_refusal(changed(path, "FL", 12)), at + "FL 12, needs whole octets, 8 to 8192 bits");
  EXPECT_EQ(field_refusal(changed(path, "FL", "tkl")), at + "FL \"tkl\" is the length of COAP.TOKEN alone");
  EXPECT_EQ(field_refusal(changed(path, "FL", "long")), at + "FL \"long\" is unknown for this field");
  EXPECT_EQ(field_refusal({{"FID", "COAP.Uri-Path"}, {"MO", "equal"}, {"CDA", "not-sent"}}), at + "TV is missing");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", Json::array({"a", "b"}), "equal", "not-sent")), at + "TV is a list, but MO is equal");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", "a", "match-mapping", "mapping-sent")), at + "match-mapping needs a list as TV");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", Json::array(), "match-mapping", "mapping-sent")), at + "mapping list is empty");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", Json::array({"a", "0x61"}), "match-mapping", "mapping-sent")), at + "TV lists \"0x61\" twice");
  EXPECT_EQ(field_refusal(changed(line("COAP.Uri-Path", "k=", "MSB", "LSB"), "MO.VAL", 12)),
            at + "MSB(12) of a variable-length field is not a multiple of its unit, 8 bits (RFC 8724 section 7.3)");
  EXPECT_EQ(field_refusal(changed(line("COAP.Uri-Path", "k", "MSB", "LSB"), "MO.VAL", 16)), at + "TV has 1 octets, MSB needs 16 bits");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", "k", "MSB", "LSB")), at + "MSB needs its number of bits (MO.VAL), 1 to 8192");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", "k", "MSB(8)", "LSB")), "loaded");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", "k", "ignore", "LSB")), at + "MO ignore with CDA LSB: LSB needs MSB");
  EXPECT_EQ(field_refusal(changed(line("COAP.Uri-Path", "k", "MSB", "not-sent"), "MO.VAL", 8)),
            at + "MO MSB with CDA not-sent: the value could not be restored");
  EXPECT_EQ(field_refusal(line("COAP.Uri-Path", "k", "equal", "mapping-sent")),
            at + "MO equal with CDA mapping-sent: mapping-sent needs match-mapping");
  EXPECT_EQ(refusal(rule_with(list({changed(token(), "FL", "var")}))),
            "r.json: rule 3/8, field 6 COAP.TOKEN: FL \"var\", a token has FL \"tkl\" or bits: no size prefix ever (RFC 8824 section 4.5)");
  EXPECT_EQ(refusal(rule_with(list({changed(token(), "FL", 32)}))), "r.json: rule 3/8, field 6 COAP.TOKEN: FL 32, but COAP.TKL says 2 octets");
  EXPECT_EQ(refusal(rule_with(list({token()}), 9)), "r.json: rule 3/8, field 3 COAP.TKL: TV 9, RFC 7252 allows token lengths to 8");
  EXPECT_EQ(refusal(rule_with(list({token()}), 16)), "r.json: rule 3/8, field 3 COAP.TKL: TV 16 does not fit FL 4 bits");
}

TEST(RuleFile, OrderOfFields) {
  const Json path = line("COAP.Uri-Path", "a", "equal", "not-sent");
  const Json query = line("COAP.Uri-Query", "b", "equal", "not-sent");
  const auto order = [&](const Json& a, const Json& b) { return refusal(rule_with(list({token(), a, b}))); };
  const std::string at = "r.json: rule 3/8, field 8 ";
  EXPECT_EQ(order(path, query), "loaded");
  EXPECT_EQ(order(query, path), at + "COAP.Uri-Path: comes after option 15, options must ascend, direction up");
  EXPECT_EQ(order(path, path), at + "COAP.Uri-Path: FP 1 after FP 1, direction up");
  EXPECT_EQ(order(path, changed(path, "FP", 2)), "loaded");
  EXPECT_EQ(order(path, changed(path, "FP", 3)), at + "COAP.Uri-Path: FP 3 after FP 1, direction up");
  EXPECT_EQ(order(path, changed(path, "FP", 0)), at + "COAP.Uri-Path: FP 0 beside a numbered FP of the same option, direction up");
  EXPECT_EQ(order(path, changed(query, "FP", 2)), at + "COAP.Uri-Query: FP 2 without FP 1, direction up");
  EXPECT_EQ(order(path, token()), at + "COAP.TOKEN: comes after an option, header and token stand first, direction up");
  EXPECT_EQ(refusal(rule_with(list({token(), token()}))), "r.json: rule 3/8, field 7 COAP.TOKEN: stands twice, direction up");
  EXPECT_EQ(refusal(rule_with(list({line("COAP.OSCORE.piv", "0x", "equal", "not-sent")}), 0)),
            "r.json: rule 3/8, field 6 COAP.OSCORE.piv: the parts of the OSCORE option stand together and in order: flags, piv, "
            "kid_ctx, kid, direction up");
  // Up and Dw are two orders.
  EXPECT_EQ(order(changed(query, "DI", "Up"), changed(path, "DI", "Dw")), "loaded");
}

TEST(RuleFile, WholeMessages) {
  EXPECT_EQ(refusal(rule_with(Json::array(), 0)), "loaded");
  EXPECT_EQ(refusal(rule_with(Json::array())), "r.json: rule 3/8: holds no whole CoAP message: up lacks COAP.TOKEN, down lacks COAP.TOKEN");
  Json rule = rule_with(list({token()}));
  rule["Compression"][1]["DI"] = "UP";
  EXPECT_EQ(refusal(rule), "loaded");
  rule["Compression"][0]["DI"] = "dw";
  EXPECT_EQ(refusal(rule), "r.json: rule 3/8: holds no whole CoAP message: up lacks COAP.VER, down lacks COAP.TYPE");
}

TEST(RuleFile, Notes) {
  const auto noted = [](const Json& rules, const std::string& part) {
    const RuleSet set = must_load(rules);
    const auto all = notes(set);
    return std::any_of(all.begin(), all.end(), [&](const std::string& text) { return text.find(part) != std::string::npos; });
  };
  const Json rule = rule_with(list({token()}));
  EXPECT_TRUE(noted(rule, "no rule with NoCompression"));
  EXPECT_FALSE(has_fallback(must_load(rule)));
  const Json fragments = {{"RuleID", 9}, {"RuleIDLength", 8}, {"Fragmentation", {{"FRMode", "NoAck"}}}};
  EXPECT_TRUE(noted({rule, fragments}, "rule 9/8: Fragmentation is loaded but not served"));
  EXPECT_EQ(decompressed(must_load({rule, fragments}), Direction::up, "0911"), "schc_no_rule");
  EXPECT_TRUE(noted(rule_with(list({token(), line("COAP.Max-Age", 60, "ignore", "not-sent")})), "COAP.Max-Age, up: ignore with not-sent"));
  EXPECT_TRUE(noted(rule_with(list({token(), line("COAP.Max-Age", Json::array({60}), "match-mapping", "mapping-sent")})), "mapping list of one"));
  EXPECT_TRUE(has_fallback(shipped_rules()));
  EXPECT_TRUE(notes(shipped_rules()).empty());
}

}  // namespace
}  // namespace nrid::schc
