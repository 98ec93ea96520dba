#include "nrid/frame.h"

namespace nrid {
namespace {

// RFC 7252 5.4: what this endpoint knows of an option. Odd numbers are critical (5.4.6). A length outside the range, or a
// repeat of what may stand once, makes the option unrecognised: 4.02 when critical, ignored when elective.
struct OptionRule {
  uint16_t number;
  bool repeatable;
  size_t length_min;
  size_t length_max;
  Error error;             // none: known; otherwise what its presence means
};
constexpr OptionRule kOptionRules[] = {
    // number                       repeat  min  max   presence
    {coap::option::uri_host,        false,  1,   255,  Error::none},          // known and ignored
    {coap::option::uri_port,        false,  0,   2,    Error::none},          // known and ignored
    {coap::option::uri_path,        true,   0,   255,  Error::none},
    {coap::option::content_format,  false,  0,   2,    Error::none},
    {coap::option::accept,          false,  0,   2,    Error::none},
    {coap::option::block2,          false,  0,   3,    Error::coap_block},    // RFC 7959: not offered
    {coap::option::block1,          false,  0,   3,    Error::coap_block},
    {coap::option::proxy_uri,       false,  1,   1034, Error::coap_proxy},    // RFC 7252 5.7.2
    {coap::option::proxy_scheme,    false,  1,   255,  Error::coap_proxy},
    {coap::option::size1,           false,  0,   4,    Error::none},
    {coap::option::echo,            false,  1,   40,   Error::none},          // RFC 9175
    {coap::option::no_response,     false,  0,   1,    Error::none},          // RFC 7967
};

const OptionRule* rule_of(uint16_t number) {
  for (const OptionRule& rule : kOptionRules) {
    if (rule.number == number) return &rule;
  }
  return nullptr;
}

bool recognised(const coap::Message& request, size_t index) {
  const coap::Option& option = request.option_list[index];
  const OptionRule* rule = rule_of(option.number);
  if (rule == nullptr) return false;
  if (option.value.size() < rule->length_min || option.value.size() > rule->length_max) return false;
  const bool repeated = index > 0 && request.option_list[index - 1].number == option.number;
  return rule->repeatable || !repeated;
}

constexpr bool critical(uint16_t number) { return number % 2 == 1; }

std::optional<uint32_t> uint_option(const coap::Message& request, uint16_t number) {
  const coap::Option* option = request.find(number);
  if (option == nullptr) return std::nullopt;
  return option->uint(4);
}

bool path_is_ours(const coap::Message& request) {
  bool seen = false;
  for (const coap::Option& option : request.options()) {
    if (option.number != coap::option::uri_path) continue;
    if (seen || as_text(option.value) != profile::kPath) return false;
    seen = true;
  }
  return seen;
}

FrameKind kind_of(const coap::Message& message) {
  if (message.type == coap::Type::ack) return FrameKind::acknowledged;
  if (message.type == coap::Type::rst) return FrameKind::reset;
  if (message.code == coap::kEmpty) return FrameKind::ping;
  return message.code < 0x20 ? FrameKind::request : FrameKind::response;
}

// RFC 7252 4.2, 4.3: an empty NON says nothing; classes 1, 6 and 7 are reserved; RST is empty, and a request in an ACK is
// nonsense. All are format errors.
bool message_layer_ok(const coap::Message& message) {
  const uint8_t code_class = message.code >> 5;
  if (code_class == 1 || code_class >= 6) return false;
  const bool empty = message.code == coap::kEmpty;
  if (message.type == coap::Type::rst) return empty;
  if (message.type == coap::Type::non) return !empty;
  if (message.type == coap::Type::ack) return empty || code_class != 0;
  return true;
}

}  // namespace

Error open_frame(Transport transport, const schc::RuleSet& rules, schc::Direction in, Bytes datagram, FrameSpace& space,
                 Frame& frame) {
  frame.has_head = false;
  const size_t length_min = transport == Transport::schc ? 1 : 4;  // pings and empty ACKs are 4
  if (datagram.size() < length_min || datagram.size() > profile::kDatagramMax) return Error::bad_length;

  Bytes octets = datagram;
  if (transport == Transport::schc) {
    const auto opened = schc::decompress(rules, in, datagram, space);
    if (!opened.ok()) return opened.error() == Error::no_space ? Error::schc_too_large : opened.error();
    octets = *opened;
    if (octets.size() < 4) return Error::bad_length;
  }
  if (octets[0] >> 6 != 1) return Error::coap_version;

  // The head is there whatever follows, so that a format error can be answered with its message id and token.
  frame.head = {static_cast<coap::Type>(octets[0] >> 4 & 3), octets[1], static_cast<uint16_t>(octets[2] << 8 | octets[3])};
  frame.has_head = true;
  frame.message = coap::Message{};
  frame.message.type = frame.head.type;
  frame.message.code = frame.head.code;
  frame.message.id = frame.head.id;
  const size_t token_length = octets[0] & 15;
  if (token_length <= 8 && octets.size() >= 4 + token_length) frame.message.token = octets.subspan(4, token_length);

  const auto message = coap::decode(octets);
  if (!message.ok()) return message.error();
  if (!message_layer_ok(*message)) return Error::coap_format;
  frame.message = *message;
  frame.kind = kind_of(*message);
  return Error::none;
}

Error check_request(const coap::Message& request) {
  Error presence = Error::none;
  for (size_t i = 0; i < request.option_count; ++i) {
    const uint16_t number = request.option_list[i].number;
    if (!recognised(request, i)) {
      if (critical(number)) return Error::coap_option;
      continue;
    }
    const Error error = rule_of(number)->error;
    if (error != Error::none && presence != Error::coap_block) presence = error;
  }
  if (presence != Error::none) return presence;
  if (!path_is_ours(request)) return Error::coap_path;
  if (request.code != coap::kPost) return Error::coap_method;
  const auto accept = uint_option(request, coap::option::accept);
  if (accept && *accept != profile::kContentFormatCwt) return Error::coap_accept;
  const auto format = uint_option(request, coap::option::content_format);
  if (format && *format != profile::kContentFormatCwt && *format != profile::kContentFormatCoseSign1) {
    return Error::coap_content_format;
  }
  if (request.payload.size() > profile::kPayloadMax) return Error::coap_too_large;
  return Error::none;
}

bool response_suppressed(const coap::Message& request, uint8_t code) {
  const coap::Option* option = request.find(coap::option::no_response);
  if (option == nullptr) return false;
  const auto mask = option->uint(1);
  if (!mask) return false;
  const unsigned code_class = code >> 5;  // 2.xx is bit 1, 4.xx bit 3, 5.xx bit 4
  return code_class > 0 && (*mask >> (code_class - 1) & 1) != 0;
}

Result<Bytes> seal_frame(Transport transport, const schc::RuleSet& rules, schc::Direction out, const coap::Message& message,
                         std::span<uint8_t> space) {
  if (transport == Transport::plain) return coap::encode(message, space);
  FrameSpace plain;
  const auto encoded = coap::encode(message, plain);
  if (!encoded.ok()) return encoded.error();
  return schc::compress(rules, out, *encoded, space);
}

}  // namespace nrid
