#include "wire/coap.h"

#include <coap3/coap.h>

#include <algorithm>
#include <memory>

#include "base/profile.h"

namespace nrid::coap {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHeadSize = 4;
constexpr size_t kTokenMax = 8;
constexpr uint8_t kPayloadMarker = 0xff;
constexpr size_t kPduMax = 2048;  // above profile::kDatagramMax, so libcoap's own limit never speaks

struct DeletePdu {
  void operator()(coap_pdu_t* pdu) const { coap_delete_pdu(pdu); }
};
using Pdu = std::unique_ptr<coap_pdu_t, DeletePdu>;

Pdu make_pdu() {
  // libcoap prints a line per bad datagram unless told otherwise; a peer must not fill our log.
  static const bool quiet = (coap_set_log_level(LOG_EMERG), true);
  static_cast<void>(quiet);
  return Pdu(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, kPduMax));
}

// What the standards allow an option: its length in octets, and whether it may come more than once.
struct OptionFormat {
  uint16_t number;
  uint16_t min, max;
  bool repeatable = false;
};
constexpr uint16_t kAny = UINT16_MAX;  // 255 by the RFC; a longer segment is merely no path of ours, 4.04
constexpr OptionFormat kOptionFormats[] = {
    {1, 0, 8, true},      // If-Match        RFC 7252 5.10, to Size1 unless noted
    {3, 1, 255},          // Uri-Host
    {4, 1, 8, true},      // ETag
    {5, 0, 0},            // If-None-Match
    {6, 0, 3},            // Observe         RFC 7641 2
    {7, 0, 2},            // Uri-Port
    {8, 0, kAny, true},   // Location-Path
    {9, 0, 255},          // OSCORE          RFC 8613 2
    {11, 0, kAny, true},  // Uri-Path
    {12, 0, 2},           // Content-Format
    {14, 0, 4},           // Max-Age
    {15, 0, kAny, true},  // Uri-Query
    {16, 1, 1},           // Hop-Limit       RFC 8768 3
    {17, 0, 2},           // Accept
    {19, 0, 3},           // Q-Block1        RFC 9177 4.1
    {20, 0, kAny, true},  // Location-Query
    {21, 0, 0},           // EDHOC           RFC 9668 3.1
    {23, 0, 3},           // Block2          RFC 7959 2.1
    {27, 0, 3},           // Block1
    {28, 0, 4},           // Size2           RFC 7959 4
    {31, 0, 3, true},     // Q-Block2        RFC 9177 4.1
    {35, 1, 1034},        // Proxy-Uri
    {39, 1, 255},         // Proxy-Scheme
    {60, 0, 4},           // Size1
    {252, 1, 40},         // Echo            RFC 9175 2.2.1
    {258, 0, 1},          // No-Response     RFC 7967 2
    {292, 0, 8, true},    // Request-Tag     RFC 9175 3.2.1
};

const OptionFormat* format_of(uint16_t number) {
  for (const OptionFormat& row : kOptionFormats) {
    if (row.number == number) return &row;
  }
  return nullptr;
}

bool critical(uint16_t number) { return (number & 1) != 0; }  // RFC 7252 5.4.6

// RFC 7252 5.4.3, 5.4.5: of wrong length or one too many is "not recognised": a critical option then refuses the message,
// an elective one is left out. Numbers that no row names stay in the list; whoever reads it knows what it recognises.
Result<void> take_option(Message& message, uint16_t number, Bytes value) {
  if (const OptionFormat* format = format_of(number)) {
    const bool length_fits = value.size() >= format->min && value.size() <= format->max;
    const bool one_too_many = !format->repeatable && message.find(number) != nullptr;
    if (!length_fits || one_too_many) return critical(number) ? Error::coap_option : Error::none;
  }
  return message.add(number, value) ? Error::none : Error::coap_option;
}

// RFC 7252 sections 3, 4.1 to 4.3: the code classes that UDP does not know, and which type may carry which code.
bool code_fits(const Message& message, size_t size) {
  const uint8_t code_class = message.code >> 5;
  if (code_class == 1 || code_class == 6 || code_class == 7) return false;
  if (message.code == kEmpty) return size == kHeadSize && message.type != Type::non;
  if (message.type == Type::ack) return code_class != 0;
  return message.type != Type::rst;
}

// What libcoap read, with every pointer moved from its copy to the caller's octets.
Result<Message> read_pdu(const coap_pdu_t* pdu, Bytes datagram, Message message) {
  const uint8_t* copy = coap_pdu_get_token(pdu).s;  // stands behind the head, also when there is no token
  const auto borrowed = [&](const uint8_t* at, size_t length) {
    const auto offset = kHeadSize + static_cast<size_t>(at - copy);
    CHECK(offset <= datagram.size() && length <= datagram.size() - offset);
    return datagram.subspan(offset, length);
  };

  coap_opt_iterator_t walk;
  coap_option_iterator_init(pdu, &walk, COAP_OPT_ALL);
  uint32_t number = 0;
  Error refused = Error::none;
  while (const coap_opt_t* opt = coap_option_next(&walk)) {
    if (walk.number < number) return Error::coap_format;  // libcoap's 16 bits wrapped: number above 65535
    number = walk.number;
    const size_t length = coap_opt_length(opt);
    const Bytes value = length == 0 ? Bytes{} : borrowed(coap_opt_value(opt), length);
    const auto taken = take_option(message, walk.number, value);
    if (!taken.ok()) refused = taken.error();  // a format error further on goes first
  }
  if (refused != Error::none) return refused;

  size_t length = 0;
  const uint8_t* data = nullptr;
  if (coap_get_data(pdu, &length, &data) != 0 && length > 0) message.payload = borrowed(data, length);
  return message;
}

// One extended delta or length, RFC 7252 3.1. Values 0..12 stand for themselves.
uint32_t extended(Reader& in, uint8_t nibble) {
  if (nibble == 13) return in.u8() + 13u;
  if (nibble == 14) return in.u16_be() + 269u;
  return nibble;
}

// libcoap refuses a whole message for one known option of odd length, which is no message format error (RFC 7252
// 5.4.3). Only what it refused comes here, to be told apart.
Result<Message> read_refused(Bytes datagram, Message message) {
  Reader in(datagram);
  in.skip(kHeadSize + message.token.size());
  uint32_t number = 0;
  Error refused = Error::none;
  while (in.ok() && in.left() > 0) {
    const uint8_t head = in.u8();
    if (head == kPayloadMarker) {
      message.payload = in.rest();
      if (message.payload.empty()) return Error::coap_format;
      break;
    }
    if ((head >> 4) == 15 || (head & 15) == 15) return Error::coap_format;
    number += extended(in, head >> 4);
    const Bytes value = in.bytes(extended(in, head & 15));
    if (!in.ok() || number > UINT16_MAX) return Error::coap_format;
    const auto taken = take_option(message, static_cast<uint16_t>(number), value);
    if (!taken.ok()) refused = taken.error();
  }
  if (!in.ok()) return Error::coap_format;
  if (refused != Error::none) return refused;
  return message;
}

}  // namespace

std::optional<uint32_t> Option::uint(size_t octets_max) const {
  if (value.size() > octets_max || value.size() > 4) return std::nullopt;
  return coap_decode_var_bytes(value.data(), value.size());
}

const Option* Message::find(uint16_t number) const {
  for (const Option& each : options()) {
    if (each.number == number) return &each;
  }
  return nullptr;
}

bool Message::add(uint16_t number, Bytes value) {
  if (option_count == kOptionsMax) return false;
  if (option_count > 0 && option_list[option_count - 1].number > number) return false;
  option_list[option_count++] = {number, value};
  return true;
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1     RFC 7252 section 3
// |Ver| T |  TKL  |      Code     |          Message ID           |
Result<Message> decode(Bytes datagram, Head* head_out) {
  if (datagram.size() < kHeadSize || datagram.size() > profile::kDatagramMax) return Error::bad_length;
  if (datagram[0] >> 6 != kVersion) return Error::coap_version;

  Message message;
  message.type = static_cast<Type>(datagram[0] >> 4 & 3);
  message.code = datagram[1];
  message.id = static_cast<uint16_t>(datagram[2] << 8 | datagram[3]);
  if (head_out != nullptr) *head_out = {message.type, message.code, message.id, {}};

  const size_t token_length = datagram[0] & 15;
  if (token_length > kTokenMax || token_length > datagram.size() - kHeadSize) return Error::coap_format;
  message.token = datagram.subspan(kHeadSize, token_length);
  if (head_out != nullptr) head_out->token = message.token;

  if (!code_fits(message, datagram.size())) return Error::coap_format;

  thread_local const Pdu pdu = make_pdu();
  if (pdu == nullptr) return Error::internal;
  // After a failed parse the PDU holds stale pointers and must not be read.
  if (coap_pdu_parse(COAP_PROTO_UDP, datagram.data(), datagram.size(), pdu.get()) == 0) {
    return read_refused(datagram, message);
  }
  return read_pdu(pdu.get(), datagram, message);
}

// libcoap writes each option, but no PDU: it would slip in a Hop-Limit beside Proxy-Uri and drop repeated options.
Result<Bytes> encode(const Message& message, std::span<uint8_t> out) {
  if (message.token.size() > kTokenMax) return Error::coap_format;
  if (out.size() < kHeadSize + message.token.size()) return Error::no_space;
  Writer head(out);
  head.u8(kVersion << 6 | static_cast<unsigned>(message.type) << 4 | message.token.size());
  head.u8(message.code);
  head.u8(message.id >> 8);
  head.u8(message.id & 0xff);
  head.bytes(message.token);

  size_t at = head.size();
  uint16_t number = 0;
  for (const Option& each : message.options()) {
    const auto delta = static_cast<uint16_t>(each.number - number);
    if (coap_opt_encode_size(delta, each.value.size()) > out.size() - at) return Error::no_space;
    at += coap_opt_encode(out.data() + at, out.size() - at, delta, each.value.data(), each.value.size());
    number = each.number;
  }

  Writer body(out.subspan(at));
  if (!message.payload.empty()) {
    body.u8(kPayloadMarker);
    body.bytes(message.payload);
  }
  if (!body.ok()) return Error::no_space;
  return Bytes(out).first(at + body.size());
}

Bytes encode_uint(uint32_t value, std::span<uint8_t, 4> space) {
  const size_t length = coap_encode_var_safe(space.data(), space.size(), value);
  return Bytes(space).first(length);
}

}  // namespace nrid::coap
