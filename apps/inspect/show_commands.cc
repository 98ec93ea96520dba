// `nrid show HEX`: any datagram or part of one, field by field, with the section that defines each field.
#include "apps/inspect/explain.h"
#include "base/file.h"
#include "base/text.h"
#include "det/det.h"
#include "det/endorsement.h"

namespace nrid::inspect {

std::string when(Instant instant) {
  return std::to_string(instant.seconds()) + " (" + rfc3339(instant) + ")";
}

std::string degrees(std::optional<int32_t> e7) {
  if (!e7) return "unknown";
  const int64_t magnitude = *e7 < 0 ? -static_cast<int64_t>(*e7) : *e7;
  std::string fraction = std::to_string(magnitude % 10'000'000);
  fraction.insert(0, 7 - fraction.size(), '0');
  return (*e7 < 0 ? "-" : "") + std::to_string(magnitude / 10'000'000) + "." + fraction;
}

std::string refused_text(Error error) {
  return "refused: " + std::string(info(error).counter) + " (" + std::string(info(error).text) + ")";
}

bool explain_det(const Det& det, Explanation& out) {
  out.add("DET", to_text(det), "RFC 9374 3");
  out.enter();
  out.add("prefix", det.has_prefix() ? "2001:30::/28" : "not 2001:30::/28: no DET", "RFC 9374 3.1");
  out.add("RAA", std::to_string(det.raa()), "RFC 9374 3.3.1");
  out.add("HDA", std::to_string(det.hda()), "RFC 9374 3.3.2");
  out.add("suite", std::to_string(det.suite()) + (det.suite() == kSuiteEddsaCshake128 ? " (EdDSA/cSHAKE128)" : " (not supported)"),
          "RFC 9374 3.2");
  out.add("hash", to_hex(det.bytes().subspan(8)), "RFC 9374 3.5");
  out.add("DNS name", det::owner_name(det), "RFC 9886 4");
  out.leave();
  return det.has_prefix();
}

bool explain_endorsement(Bytes octets, Explanation& out) {
  const auto endorsement = det::decode_endorsement(octets);
  if (!endorsement.ok()) {
    out.refuse("Broadcast Endorsement", endorsement.error(), "RFC 9575 3.1.2.1");
    return false;
  }
  out.add("Broadcast Endorsement", "136 octets", "RFC 9575 3.1.2.1");
  out.enter();
  out.add("valid not before", when(endorsement->not_before) + (endorsement->unix_epoch ? ", written as Unix seconds" : ""), "RFC 9575 3.1");
  out.add("valid not after", when(endorsement->not_after), "RFC 9575 3.1");
  out.add("DET of child", to_text(endorsement->child), "RFC 9374 3");
  out.add("HI of child", to_hex(Bytes(endorsement->child_key)), "RFC 8032");
  out.add("DET of parent", to_text(endorsement->parent), "RFC 9374 3");
  out.add("signature by parent", to_hex(Bytes(endorsement->signature)), "RFC 8032");
  out.leave();
  return true;
}

namespace {

// What hex without a label most likely is. SCHC cannot be told from its octets, so it takes --schc or --rules.
enum class Guess : uint8_t { det, message, pack, endorsement, token, coap };

Guess guess(Bytes in) {
  if (in.size() == 16) return Guess::det;
  if (in.size() == rid::kMessageSize && in[0] >> 4 <= 5) return Guess::message;
  if (in.size() >= 3 && in[0] >> 4 == 0xf && in[1] == rid::kMessageSize) return Guess::pack;
  if (in.size() == det::kEndorsementSize && det::decode_endorsement(in).ok()) return Guess::endorsement;
  if (in[0] == 0xd2 || in[0] == 0x84 || (in[0] == 0xd8 && in.size() > 1 && in[1] == 0x3d)) return Guess::token;
  return Guess::coap;
}

bool explain_any(Bytes in, Explanation& out) {
  switch (guess(in)) {
    case Guess::det: return explain_det(Det::from(in), out);
    case Guess::message: return explain_message(rid::RawMessage(in.data(), rid::kMessageSize), out);
    case Guess::pack: return explain_pack(in, out);
    case Guess::endorsement: return explain_endorsement(in, out);
    case Guess::token: return explain_token(in, out);
    case Guess::coap: return explain_coap(in, out);
  }
  return false;
}

bool explain_schc(const schc::RuleSet& rules, schc::Direction direction, Bytes in, Explanation& out) {
  out.add("SCHC packet", std::to_string(in.size()) + " octets", "RFC 8724 7");
  out.enter();
  const std::string lines = schc::explain(rules, direction, in);
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    if (end > at) out.add(lines.substr(at, end - at), "", "RFC 8724 7; RFC 8824");
    at = end + 1;
  }
  out.leave();
  uint8_t buffer[2048];
  const auto coap = schc::decompress(rules, direction, in, buffer);
  if (!coap.ok()) {
    out.refuse("decompression", coap.error(), "RFC 8724 7.2");
    return false;
  }
  return explain_coap(*coap, out);
}

Json to_json(const Explanation& explanation, bool understood) {
  Json fields = Json::array();
  for (const Row& row : explanation.rows()) {
    fields.push_back({{"depth", row.depth}, {"field", row.field}, {"value", row.value}, {"section", row.section}});
  }
  Json out = {{"understood", understood}, {"fields", std::move(fields)}};
  if (explanation.error() != Error::none) out.update(refusal(explanation.error()));
  return out;
}

Json run_show(const Json& input) {
  Buffer in;
  Json refused;
  if (!hex_field(input, "hex", in, refused)) return refused;
  if (in.empty()) return refusal("bad_request", "field hex is empty");
  Explanation out;
  const bool own_rules = input.contains("rules");
  if (!own_rules && !input.value("schc", false)) return to_json(out, explain_any(in, out));

  const Json source = {{"rules", own_rules ? input["rules"] : Json(installed_file("rules/nrid.json"))}};
  if (source["rules"] == "") return refusal("bad_rules", "no SCHC rule file is installed beside the program; name one with --rules");
  std::string text, file = "rules";
  if (!json_or_file(source, "rules", text, file, refused)) return refused;
  const auto rules = schc::load_rules(text, file);
  if (!rules.ok()) return refusal("bad_rules", rules.text());
  schc::Direction direction{};
  if (!direction_field(input, direction, refused)) return refused;
  return to_json(out, explain_schc(*rules, direction, in, out));
}

std::string render(const Json&, const Json& answer) {
  std::string text;
  for (const Json& row : answer["fields"]) {
    std::string line(row["depth"].get<size_t>() * 2, ' ');
    line += row["field"].get<std::string>();
    const auto& value = row["value"].get_ref<const std::string&>();
    if (!value.empty()) line += ": " + value;
    if (line.size() < 84) line.append(84 - line.size(), ' ');
    text += line + "  [" + row["section"].get<std::string>() + "]\n";
  }
  return text;
}

}  // namespace

std::vector<Command> show_commands() {
  return {{"show", "", "explain a datagram, CWT, message pack, endorsement or DET field by field",
           {{"hex", FieldKind::text, true, "octets as hex; SCHC packets need --schc or --rules"},
            {"schc", FieldKind::flag, false, "the octets are a SCHC packet of the rules that come with the program"},
            {"rules", FieldKind::json, false, "the same with a SCHC rule set of your own, file or JSON"},
            {"direction", FieldKind::text, false, "up (UAS to SP, default) or down, for SCHC"}},
           run_show, render}};
}

}  // namespace nrid::inspect
