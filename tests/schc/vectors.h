// What the tests of schc/ share: vector files, rule sets, and compress/decompress into owned octets.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "schc/schc.h"

namespace nrid::schc {

using Json = nlohmann::json;

inline Json vector_file(const std::string& name) {
  std::ifstream in(std::string(NRID_VECTORS) + "/schc/" + name);
  EXPECT_TRUE(in.good()) << name;
  return Json::parse(in);
}

inline RuleSet must_load(const Json& rules, const std::string& name = "test.json") {
  auto set = load_rules(rules.dump(), name);
  EXPECT_TRUE(set.ok()) << set.text();
  return set.ok() ? *set : RuleSet();
}

inline RuleSet shipped_rules() {
  auto set = load_rules_file(NRID_RULES);
  EXPECT_TRUE(set.ok()) << set.text();
  return *set;
}

inline Direction direction_of(const std::string& text) { return text == "Up" ? Direction::up : Direction::down; }

// Hex of the result, or the word of the error: one string that a test can compare and print.
using Convert = Result<Bytes> (*)(const RuleSet&, Direction, Bytes, std::span<uint8_t>);
inline std::string converted(Convert convert, const RuleSet& rules, Direction direction, Bytes in) {
  std::array<uint8_t, 1400> out{};
  const auto result = convert(rules, direction, in, out);
  return result.ok() ? to_hex(*result) : std::string(info(result.error()).counter);
}
inline std::string compressed(const RuleSet& rules, Direction direction, const std::string& hex) {
  return converted(compress, rules, direction, *from_hex(hex));
}
inline std::string decompressed(const RuleSet& rules, Direction direction, const std::string& hex) {
  return converted(decompress, rules, direction, *from_hex(hex));
}

}  // namespace nrid::schc
