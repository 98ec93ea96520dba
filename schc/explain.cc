// explain(): what people ask a SCHC tool most: which rule, which bits became which field.
#include <array>
#include <cstdio>

#include "base/bits.h"
#include "schc/decompress.h"
#include "schc/fields.h"

namespace nrid::schc {
namespace {

std::string bit_text(Bytes packet, size_t at, size_t count) {
  BitReader in(packet);
  in.skip(at);
  std::string text;
  for (size_t i = 0; i < count; ++i) text += in.bits(1) != 0 ? '1' : '0';
  return text;
}

std::string value_text(const Step& step) {
  if (step.absent) return "absent";
  const Kind kind = step.field->kind;
  if (kind == Kind::code) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%u.%02u", step.number >> 5, step.number & 31);
    return text.data();
  }
  if (kind == Kind::type) {
    constexpr std::string_view kTypes[] = {"CON", "NON", "ACK", "RST"};
    return std::string(kTypes[step.number & 3]);
  }
  if (is_number(kind)) return std::to_string(step.number);
  bool printable = !step.value.empty();
  for (const uint8_t octet : step.value) printable = printable && octet > 0x20 && octet < 0x7f;
  std::string text = "0x" + to_hex(step.value);
  if (printable) text.append(" \"").append(as_text(step.value)).append("\"");
  return text;
}

std::string pad(std::string text, size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string step_line(const Step& step, Bytes packet) {
  const Field& field = *step.field;
  std::string name = field_name(field.kind, field.option);
  if (field.position > 1) name += " #" + std::to_string(field.position);
  std::string match(match_name(field.match));
  if (field.match == Match::msb) match += "(" + std::to_string(field.msb) + ")";
  return "  " + pad(name, 24) + pad(match, 15) + pad(std::string(action_name(field.action)), 14) +
         pad(std::to_string(step.bits) + " b", 7) + pad(step.bits == 0 ? "-" : bit_text(packet, step.at, step.bits), 18) + "= " +
         value_text(step) + "\n";
}

}  // namespace

std::string explain(const RuleSet& set, Direction direction, Bytes packet) {
  const auto& rules = set.rules();
  std::vector<uint8_t> out(rules.message_max);
  Trace trace;
  const auto message = decompress_traced(rules, direction, packet, out, &trace);

  std::string text;
  if (trace.rule != nullptr) {
    const Rule& rule = *trace.rule;
    text = "RuleID " + rule_name(rule) + " = " + bit_text(packet, 0, rule.id_bits);
    if (!rule.description.empty()) text += "  " + rule.description;
    text += "\n";
    if (rule.nature == Nature::no_compression) text += "  no compression: the whole message follows\n";
    if (rule.nature == Nature::fragmentation) text += "  fragmentation: not for compression, refused\n";
    if (rule.nature == Nature::compression && !rule.usable[static_cast<size_t>(direction)]) {
      text += std::string("  not usable ") + (direction == Direction::up ? "up" : "down") + "\n";
    }
  }
  for (const Step& step : trace.steps) {
    if (&step == &trace.steps.back() && step.field == trace.stopped_at) {
      text += "  " + field_name(step.field->kind, step.field->option) + ": refused here, at bit " + std::to_string(step.at) + "\n";
    } else {
      text += step_line(step, packet);
    }
  }
  if (!message.ok()) return text + "refused: " + std::string(info(message.error()).counter) + ", " + std::string(info(message.error()).text) + "\n";
  text += "  payload " + std::to_string(trace.payload_size) + " octets from bit " + std::to_string(trace.payload_at) + ", padding " +
          std::to_string(trace.padding) + " b\n";
  text += std::to_string(packet.size()) + " octets, CoAP message " + std::to_string(message->size()) + " octets: " + to_hex(*message) + "\n";
  return text;
}

}  // namespace nrid::schc
