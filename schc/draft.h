// A rule file between its JSON (schc/rule_file.cc) and the checked rule set (schc/rule_check.cc): the words as written, with
// where they stand. The JSON library stays on its side of this header.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schc/rules.h"

namespace nrid::schc {

using TargetDraft = std::variant<uint64_t, std::string, Buffer>;  // 61, "nrid", "0x80"

struct FieldDraft {
  std::string fid;
  std::optional<std::variant<uint64_t, std::string>> length;      // bits, or "var", "tkl" ...
  uint64_t position = 1;
  std::string direction = "Bi";
  std::vector<TargetDraft> targets;
  bool list = false;                                              // the target value was a list
  std::string match, action;
  std::optional<uint64_t> msb;
};

struct RuleDraft {
  uint64_t id = 0;
  uint64_t id_bits = 0;
  Nature nature = Nature::compression;
  std::string description;
  std::vector<FieldDraft> fields;
};

struct RuleSetDraft {
  std::vector<RuleDraft> rules;
  uint64_t message_max = kMessageMax;
};

// "rules.json: rule 3/8, field 2 COAP.Uri-Path: text". Fields count from 1.
Status at_file(const std::string& file, const std::string& text);
Status at_rule(const std::string& file, uint64_t id, uint64_t id_bits, const std::string& text);
Status at_field(const std::string& file, const RuleDraft& rule, size_t field, const std::string& text);

// schc/rule_file.cc
StatusOr<RuleSetDraft> read_rule_file(std::string_view json, const std::string& file);
// schc/rule_check.cc
StatusOr<RuleSet> check_rules(const RuleSetDraft& draft, const std::string& file);

// schc/field_check.cc: one field of one direction. `token_octets` is what an earlier COAP.TKL of the rule fixes.
struct FieldContext {
  std::optional<uint32_t> token_octets;
  std::string error;                 // the reason, when compile_field() returns nullopt
};
std::optional<Field> compile_field(const FieldDraft& draft, RuleSet::Rules& rules, FieldContext& context);

}  // namespace nrid::schc
