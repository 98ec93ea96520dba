// The JSON of rule files: OpenSCHC's dialect and what its users made of it. Only shape is judged here; what the words
// mean is schc/rule_check.cc's.
#include <set>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "schc/draft.h"
#include "schc/fields.h"

namespace nrid::schc {
namespace {

using nlohmann::json;

constexpr size_t kFileMax = 1 << 20;
constexpr int kDepthMax = 16;

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() > 40 ? text.substr(0, 40) + "..." : text;
}

// A key that stands twice would silently lose its first value; a depth limit keeps hostile files cheap.
class Guard {
 public:
  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDepthMax && problem_.empty()) problem_ = "nested deeper than " + std::to_string(kDepthMax);
    if (event == json::parse_event_t::object_start) open_.emplace_back();
    if (event == json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event == json::parse_event_t::key && !open_.empty() && !open_.back().insert(parsed.get<std::string>()).second &&
        problem_.empty()) {
      problem_ = "key " + shown(parsed) + " stands twice in one object";
    }
    return depth <= kDepthMax;
  }
  const std::string& problem() const { return problem_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string problem_;
};

const json* find(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto at = object.find(name); at != object.end() && !at->is_null()) return &*at;
  }
  return nullptr;
}

std::optional<uint64_t> as_number(const json* value) {
  if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
  return value->get<uint64_t>();
}

// Empty on success, else what is wrong.
std::string read_target(const json& value, std::vector<TargetDraft>& targets) {
  if (value.is_number_unsigned()) {
    targets.emplace_back(value.get<uint64_t>());
    return {};
  }
  if (!value.is_string()) return "TV " + shown(value) + " is neither an unsigned integer of 64 bits, nor text, nor \"0x..\" octets";
  const auto& text = value.get_ref<const std::string&>();
  if (text.rfind("0x", 0) != 0 && text.rfind("0X", 0) != 0) {
    targets.emplace_back(text);
    return {};
  }
  auto octets = from_hex(std::string_view(text).substr(2));
  if (!octets) return "TV " + shown(value) + " is not whole octets in hex";
  targets.emplace_back(std::move(*octets));
  return {};
}

std::string read_field(const json& line, FieldDraft& field) {
  if (!line.is_object()) return "is " + shown(line) + ", not an object";
  const auto word = [&](const char* name, std::string& to, bool required) -> std::string {
    const json* value = find(line, {name});
    if (value == nullptr) return required ? std::string(name) + " is missing" : std::string();
    if (!value->is_string()) return std::string(name) + " " + shown(*value) + " is not a word";
    to = value->get<std::string>();
    return {};
  };
  for (auto problem : {word("FID", field.fid, true), word("DI", field.direction, false), word("MO", field.match, true),
                       word("CDA", field.action, true)}) {
    if (!problem.empty()) return problem;
  }
  if (const json* length = find(line, {"FL"})) {
    if (length->is_string()) field.length = length->get<std::string>();
    else if (const auto bits = as_number(length)) field.length = *bits;
    else return "FL " + shown(*length) + " is neither a number of bits nor a word";
  }
  if (const json* position = find(line, {"FP"})) {
    const auto number = as_number(position);
    if (!number || *number > 255) return "FP " + shown(*position) + " is not 0..255";
    field.position = *number;
  }
  if (const json* argument = find(line, {"MO.VAL", "MO_VAL", "MOVal"})) {
    field.msb = as_number(argument);
    if (!field.msb) return "MO.VAL " + shown(*argument) + " is not a number of bits";
  }
  const json* target = find(line, {"TV"});
  if (target == nullptr) return {};
  field.list = target->is_array();
  if (!field.list) return read_target(*target, field.targets);
  if (target->size() > kTargetsMax) return "TV lists " + std::to_string(target->size()) + " values, limit 256";
  for (const json& each : *target) {
    if (auto problem = read_target(each, field.targets); !problem.empty()) return problem;
  }
  return {};
}

StatusOr<RuleDraft> read_rule(const json& object, size_t number, uint64_t profile_id_bits, const std::string& file) {
  const std::string nth = "rule number " + std::to_string(number) + " of the file: ";
  if (!object.is_object()) return at_file(file, nth + "is " + shown(object) + ", not an object");
  RuleDraft rule;
  const json* id = find(object, {"RuleID", "RuleIDValue"});
  const json* bits = find(object, {"RuleIDLength"});
  if (id == nullptr) return at_file(file, nth + "RuleID is missing");
  if (!as_number(id)) return at_file(file, nth + "RuleID " + shown(*id) + " is not an unsigned integer");
  if (bits != nullptr && !as_number(bits)) return at_file(file, nth + "RuleIDLength " + shown(*bits) + " is not a number of bits");
  if (bits == nullptr && profile_id_bits == 0) return at_file(file, nth + "RuleIDLength is missing");
  rule.id = *as_number(id);
  rule.id_bits = bits != nullptr ? *as_number(bits) : profile_id_bits;

  const auto here = [&](const std::string& text) { return at_rule(file, rule.id, rule.id_bits, text); };
  if (const json* text = find(object, {"Description"}); text != nullptr && text->is_string()) {
    rule.description = text->get<std::string>();
  }
  const json* fields = find(object, {"Compression"});
  const bool plain = find(object, {"NoCompression"}) != nullptr;
  const bool fragments = find(object, {"Fragmentation"}) != nullptr;
  if ((fields != nullptr) + plain + fragments != 1) {
    return here("needs exactly one of Compression, NoCompression, Fragmentation");
  }
  if (plain) rule.nature = Nature::no_compression;
  if (fragments) rule.nature = Nature::fragmentation;
  if (fields == nullptr) return rule;
  if (!fields->is_array() || fields->empty()) return here("Compression is not a list of fields");
  if (fields->size() > kFieldsMax) return here("has " + std::to_string(fields->size()) + " fields, limit 64");
  for (const json& line : *fields) {
    rule.fields.emplace_back();
    const auto problem = read_field(line, rule.fields.back());
    if (!problem.empty()) return at_field(file, rule, rule.fields.size() - 1, problem);
  }
  return rule;
}

// What the profile of a set fixes, and what of it we could not honour.
Status read_profile(const json& profile, const std::string& file, RuleSetDraft& set, uint64_t& id_bits) {
  if (!profile.is_object()) return at_file(file, "profile is not an object");
  if (const json* word = find(profile, {"l2_word_bits"}); word != nullptr && *word != 8) {
    return at_file(file, "profile l2_word_bits " + shown(*word) + ", over UDP it is 8");
  }
  if (const json* padding = find(profile, {"padding"}); padding != nullptr && *padding != "0" && *padding != 0) {
    return at_file(file, "profile padding " + shown(*padding) + ", this implementation pads with 0");
  }
  if (const json* most = find(profile, {"max_packet_size"})) {
    const auto octets = as_number(most);
    if (!octets || *octets < 16) return at_file(file, "profile max_packet_size " + shown(*most) + " is not a number of octets from 16");
    set.message_max = std::min<uint64_t>(*octets, kMessageMax);  // the lower of the two
  }
  if (const json* bits = find(profile, {"rule_id_bits"})) id_bits = as_number(bits).value_or(0);
  return {};
}

// One rule, a list of rules, or an object that holds the list as "rules" or "SoR"; OpenSCHC wraps the latter in a list of
// devices. nullptr if it is none of these.
const json* find_rules(const json& document) {
  if (document.is_object()) return find(document, {"rules", "SoR"});
  if (document.is_array() && document.size() == 1 && document[0].is_object() && document[0].contains("SoR")) {
    return find(document[0], {"SoR"});
  }
  return document.is_array() ? &document : nullptr;
}

}  // namespace

Status at_file(const std::string& file, const std::string& text) { return Status::failed(file + ": " + text); }

Status at_rule(const std::string& file, uint64_t id, uint64_t id_bits, const std::string& text) {
  return at_file(file, "rule " + std::to_string(id) + "/" + std::to_string(id_bits) + ": " + text);
}

Status at_field(const std::string& file, const RuleDraft& rule, size_t field, const std::string& text) {
  return at_file(file, "rule " + std::to_string(rule.id) + "/" + std::to_string(rule.id_bits) + ", field " +
                           std::to_string(field + 1) + " " + rule.fields[field].fid + ": " + text);
}

StatusOr<RuleSetDraft> read_rule_file(std::string_view text, const std::string& file) {
  if (text.size() > kFileMax) return at_file(file, std::to_string(text.size()) + " octets, limit 1048576");
  json document;
  Guard guard;
  try {
    document = json::parse(text, std::ref(guard));
  } catch (const json::exception& wrong) {
    return at_file(file, wrong.what());
  }
  if (!guard.problem().empty()) return at_file(file, guard.problem());

  RuleSetDraft set;
  uint64_t id_bits = 0;
  if (document.is_object()) {
    if (const json* profile = find(document, {"profile"})) TRY_VOID(read_profile(*profile, file, set, id_bits));
  }
  const json* rules = find_rules(document);
  const bool one = rules == nullptr && document.is_object() && find(document, {"RuleID", "RuleIDValue"}) != nullptr;
  if (!one && (rules == nullptr || !rules->is_array())) {
    return at_file(file, "is neither a rule, nor a list of rules, nor an object with \"rules\" or \"SoR\"");
  }
  const json single = one ? json::array({document}) : json();
  if (one) rules = &single;
  if (rules->size() > kRulesMax) return at_file(file, std::to_string(rules->size()) + " rules, limit 256");
  for (const json& each : *rules) {
    TRY(rule, read_rule(each, set.rules.size() + 1, id_bits, file));
    set.rules.push_back(std::move(rule));
  }
  return set;
}

StatusOr<RuleSet> load_rules(std::string_view text, std::string_view file_name) {
  const std::string file(file_name);
  TRY(draft, read_rule_file(text, file));
  return check_rules(draft, file);
}

StatusOr<RuleSet> load_rules_file(const std::string& path) {
  TRY(text, read_file(path, kFileMax));
  return load_rules(text, path);
}

}  // namespace nrid::schc
