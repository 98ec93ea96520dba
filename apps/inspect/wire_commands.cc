// nrid coap decode|encode: one CoAP message and its fields, in the form of tests/vectors/coap/messages.json. What the
// server would refuse only as an endpoint (unknown critical options, wrong path) is decoded here.
#include <algorithm>
#include <array>

#include "apps/inspect/explain.h"
#include "apps/inspect/token.h"
#include "base/profile.h"
#include "wire/coap.h"

namespace nrid::inspect {
namespace {

// "2.04": class 0..7, detail 00..31.
std::optional<uint8_t> code_of(std::string_view text) {
  if (text.size() != 4 || text[1] != '.' || text[0] < '0' || text[0] > '7') return std::nullopt;
  if (text[2] < '0' || text[2] > '9' || text[3] < '0' || text[3] > '9') return std::nullopt;
  const int detail = (text[2] - '0') * 10 + (text[3] - '0');
  if (detail > 31) return std::nullopt;
  return static_cast<uint8_t>((text[0] - '0') << 5 | detail);
}

Json coap_decode(const Json& input) {
  Buffer datagram;
  Json refused;
  if (!hex_field(input, "hex", datagram, refused)) return refused;
  const auto message = coap::decode(datagram);
  if (!message.ok()) return refusal(message.error());
  Json options = Json::array();
  for (const coap::Option& each : message->options()) options.push_back({each.number, to_hex(each.value)});
  const std::array<uint8_t, 2> mid = {static_cast<uint8_t>(message->id >> 8), static_cast<uint8_t>(message->id)};
  return {{"ver", 1},
          {"type", kCoapTypes[static_cast<size_t>(message->type)]},
          {"tkl", message->token.size()},
          {"code", code_text(message->code)},
          {"mid", to_hex(mid)},
          {"token", to_hex(message->token)},
          {"options", options},
          {"payload", to_hex(message->payload)}};
}

// [[number, "hex"], ...], ascending; `values` owns the octets.
bool read_options(const Json& list, coap::Message& message, std::vector<Buffer>& values, Json& refused) {
  refused = refusal("bad_request", "field options must be [[number, hex], ...] in ascending order, at most 16");
  if (!list.is_array() || list.size() > coap::kOptionsMax) return false;
  values.reserve(list.size());
  for (const Json& each : list) {
    if (!each.is_array() || each.size() != 2 || !each[0].is_number_unsigned() || !each[1].is_string()) return false;
    const auto number = each[0].get<uint64_t>();
    auto value = from_hex(each[1].get_ref<const std::string&>());
    if (number > UINT16_MAX || !value) return false;
    values.push_back(std::move(*value));
    if (!message.add(static_cast<uint16_t>(number), values.back())) return false;
  }
  return true;
}

Json coap_encode(const Json& input) {
  coap::Message message;
  const auto& type = input["type"].get_ref<const std::string&>();
  const auto* const known = std::find(std::begin(kCoapTypes), std::end(kCoapTypes), type);
  if (known == std::end(kCoapTypes)) return refusal("bad_request", "field type must be CON, NON, ACK or RST");
  message.type = static_cast<coap::Type>(known - std::begin(kCoapTypes));
  const auto code = code_of(input["code"].get_ref<const std::string&>());
  if (!code) return refusal("bad_request", "field code must be like 0.02 or 2.04");
  message.code = *code;

  Json refused;
  Buffer mid, token, payload;
  std::vector<Buffer> values;
  if (!hex_field(input, "mid", mid, refused) || !hex_field(input, "token", token, refused) ||
      !hex_field(input, "payload", payload, refused)) {
    return refused;
  }
  if (mid.size() != 2) return refusal("bad_request", "field mid must be 2 octets of hex");
  message.id = static_cast<uint16_t>(mid[0] << 8 | mid[1]);
  message.token = token;
  message.payload = payload;
  if (input.contains("options")) {
    std::string text, file;
    if (!json_or_file(input, "options", text, file, refused)) return refused;
    if (!read_options(parse_json(text), message, values, refused)) return refused;
  }

  std::array<uint8_t, profile::kDatagramMax> space;
  const auto octets = coap::encode(message, space);
  if (!octets.ok()) return refusal(octets.error());
  // Whatever decode would refuse is not written either: an empty message with content, a code that the type cannot carry.
  const auto read_back = coap::decode(*octets);
  if (!read_back.ok()) return refusal(read_back.error());
  return {{"hex", to_hex(*octets)}};
}

}  // namespace

std::vector<Command> wire_commands() {
  std::vector<Command> out = {
      {"coap", "decode", "fields of a CoAP message (RFC 7252)",
       {{"hex", FieldKind::text, true, "the datagram"}},
       coap_decode, nullptr},
      {"coap", "encode", "a CoAP message from its fields",
       {{"type", FieldKind::text, true, "CON, NON, ACK or RST"},
        {"code", FieldKind::text, true, "0.02, 2.04, ..."},
        {"mid", FieldKind::text, true, "message id, 4 hex digits"},
        {"token", FieldKind::text, false, "up to 8 octets of hex"},
        {"options", FieldKind::json, false, "[[number, hex], ...], ascending"},
        {"payload", FieldKind::text, false, "octets of hex"}},
       coap_encode, nullptr},
  };
  std::vector<Command> tokens = token_commands();
  for (Command& command : tokens) out.push_back(std::move(command));
  return out;
}

}  // namespace nrid::inspect
