// nrid schc: compress and decompress one CoAP message with a rule set, and check a rule file.
#include <algorithm>
#include <cctype>

#include "apps/inspect/explain.h"

namespace nrid::inspect {
namespace {

constexpr size_t kPacketMax = 2048;  // above any rule set's limit

// A stream of lines mostly names one rule set: the last one stays loaded. One thread.
const StatusOr<schc::RuleSet>& loaded(const std::string& text, const std::string& file) {
  static std::string last_text, last_file;
  static StatusOr<schc::RuleSet> last = Status::failed("nothing loaded");
  if (last_file != file || last_text != text || text.empty()) {
    last = schc::load_rules(text, file);
    last_text = text;
    last_file = file;
  }
  return last;
}

struct SchcQuestion {
  schc::RuleSet rules;
  schc::Direction direction = schc::Direction::up;
  Buffer in;
};

bool read_question(const Json& input, SchcQuestion& question, Json& refused) {
  std::string text, file = "rules";
  if (!json_or_file(input, "rules", text, file, refused)) return false;
  if (!hex_field(input, "hex", question.in, refused)) return false;
  if (!direction_field(input, question.direction, refused)) return false;
  const auto& rules = loaded(text, file);
  if (!rules.ok()) {
    refused = refusal("bad_rules", rules.text());
    return false;
  }
  question.rules = *rules;
  return true;
}

// Both directions of work differ in the function, and in which side is the SCHC packet that can be explained.
template <bool compressing>
Json convert(const Json& input) {
  SchcQuestion question;
  Json refused;
  if (!read_question(input, question, refused)) return refused;
  std::array<uint8_t, kPacketMax> space{};
  const auto result = compressing ? schc::compress(question.rules, question.direction, question.in, space)
                                  : schc::decompress(question.rules, question.direction, question.in, space);
  const bool wanted = input.value("explain", false);
  if (!result.ok()) {
    Json answer = refusal(result.error());
    if (wanted && !compressing) answer["explain"] = schc::explain(question.rules, question.direction, question.in);
    return answer;
  }
  Json answer = {{"hex", to_hex(*result)}};
  if (wanted) answer["explain"] = schc::explain(question.rules, question.direction, compressing ? *result : Bytes(question.in));
  return answer;
}

std::string render_conversion(const Json&, const Json& answer) {
  return answer.value("explain", "") + answer["hex"].get<std::string>() + "\n";
}

Json check(const Json& input) {
  std::string text, file = "rules";
  Json refused;
  if (!json_or_file(input, "rules", text, file, refused)) return refused;
  const auto rules = schc::load_rules(text, file);
  if (!rules.ok()) return {{"ok", false}, {"error", "bad_rules"}, {"detail", rules.text()}};
  Json all = Json::array();
  for (const std::string& note : schc::notes(*rules)) all.push_back(note);
  return {{"ok", true}, {"rules", schc::rule_count(*rules)}, {"fallback", schc::has_fallback(*rules)}, {"notes", all}};
}

std::string render_check(const Json&, const Json& answer) {
  std::string text;
  for (const Json& note : answer["notes"]) text += "note: " + note.get<std::string>() + "\n";
  return text + "ok: " + std::to_string(answer["rules"].get<size_t>()) + " rules\n";
}

}  // namespace

bool direction_field(const Json& input, schc::Direction& out, Json& refused) {
  std::string word = input.value("direction", "up");
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word != "up" && word != "down" && word != "dw") {  // Up and Dw are the words of RFC 8724's rules
    refused = refusal("bad_request", "field direction must be up or down");
    return false;
  }
  out = word == "up" ? schc::Direction::up : schc::Direction::down;
  return true;
}

std::vector<Command> schc_commands() {
  const Field rules = {"rules", FieldKind::json, true, "rule set: JSON, or the name of a file"};
  const Field direction = {"direction", FieldKind::text, true, "up (UAS to service provider) or down"};
  const Field explain = {"explain", FieldKind::flag, false, "say which rule, and which bits are which field"};
  return {
      {"schc", "compress", "CoAP message to SCHC packet (RFC 8724, RFC 8824)",
       {rules, direction, {"hex", FieldKind::text, true, "CoAP message"}, explain}, convert<true>, render_conversion},
      {"schc", "decompress", "SCHC packet to CoAP message",
       {rules, direction, {"hex", FieldKind::text, true, "SCHC packet"}, explain}, convert<false>, render_conversion},
      {"schc", "check-rules", "load a rule set and say what is wrong or unwise in it", {rules}, check, render_check},
  };
}

}  // namespace nrid::inspect
