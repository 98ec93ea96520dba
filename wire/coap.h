// CoAP messages (RFC 7252) as values, over libcoap's PDU codec. No policy: what an endpoint must refuse stands in
// nrid/. Views borrow from the datagram that was parsed (not from libcoap's copy).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid::coap {

enum class Type : uint8_t { con = 0, non = 1, ack = 2, rst = 3 };

inline constexpr uint8_t kEmpty = 0x00, kPost = 0x02, kChanged = 0x44;  // 0.00, 0.02, 2.04

namespace option {  // numbers that this project names
inline constexpr uint16_t uri_host = 3, uri_port = 7, uri_path = 11, content_format = 12, max_age = 14, uri_query = 15,
                          accept = 17, block2 = 23, block1 = 27, proxy_uri = 35, proxy_scheme = 39, size1 = 60,
                          echo = 252, no_response = 258;
}

struct Option {
  uint16_t number = 0;
  Bytes value;
  // RFC 7252 3.2: big-endian, zero octets are 0; nullopt above `octets_max` octets.
  std::optional<uint32_t> uint(size_t octets_max) const;
};

inline constexpr size_t kOptionsMax = 16;

struct Message {
  Type type = Type::con;
  uint8_t code = 0;
  uint16_t id = 0;
  Bytes token;                                 // 0..8 octets
  std::array<Option, kOptionsMax> option_list{};  // ascending
  size_t option_count = 0;
  Bytes payload;

  std::span<const Option> options() const { return {option_list.data(), option_count}; }
  const Option* find(uint16_t number) const;   // first of that number, or null
  // For building: options must be added in ascending order. False when the list is full or the order is wrong.
  bool add(uint16_t number, Bytes value);
};

// What is known of a message that was refused, for the RST of RFC 7252 4.2 (type, id) or an error code (also the token).
struct Head {
  Type type = Type::non;
  uint8_t code = 0;
  uint16_t id = 0;
  Bytes token;  // borrowed; empty after a format error in the token itself
};

// Errors: bad_length (under 4, over 1280 octets), coap_version, coap_format (RFC 7252 section 3, also a code that the type
// may not carry), coap_option (a critical option of a length or count that its standard forbids, or more than kOptionsMax
// options). Elective options of such length or count are left out; options that no standard names are in the list.
// `head_out`, if given, is filled unless the error is bad_length or coap_version.
Result<Message> decode(Bytes datagram, Head* head_out = nullptr);

// Writes the message as it is, returns its octets as a prefix of `out`. Errors: no_space; coap_format (token over 8 octets).
Result<Bytes> encode(const Message& message, std::span<uint8_t> out);

// Shortest form of an option's uint into `space`; returns the used part (none for 0).
Bytes encode_uint(uint32_t value, std::span<uint8_t, 4> space);

}  // namespace nrid::coap
