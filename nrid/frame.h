// Between a datagram and a request that the journey may read, both ways: SCHC (nrid.md R-027), the CoAP message layer and
// the duties of an endpoint (R-028, coap-schc-cwt.md 7) as one table of option rules. No state, no policy about peers:
// who gets an answer, and how much, is the journey's and the reply's affair. Server and gateway share it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/profile.h"
#include "base/result.h"
#include "schc/schc.h"
#include "wire/coap.h"

namespace nrid {

enum class Transport : uint8_t { plain, schc };

// Room for one decompressed CoAP message.
using FrameSpace = std::array<uint8_t, profile::kDatagramMax>;

// What a frame is to the message layer, once its head is known.
enum class FrameKind : uint8_t {
  request,       // code 0.01..0.31
  response,      // CON or NON with a response code
  acknowledged,  // ACK, empty or with a response in it
  reset,         // RST
  ping,          // empty CON: RFC 7252 4.3, answered with RST
};

struct Frame {
  coap::Head head;           // valid if has_head
  bool has_head = false;
  FrameKind kind = FrameKind::request;
  coap::Message message;     // borrows from the datagram or from the space; token is there whenever has_head
};

// Which way is in: SCHC rules are directed. `space` is written only for SCHC.
// Errors: bad_length, those of SCHC, coap_version, coap_format, coap_option (more options than fit). With the last two
// `frame` still has head and token, so that RST or 4.02 can be sent.
Error open_frame(Transport transport, const schc::RuleSet& rules, schc::Direction in, Bytes datagram, FrameSpace& space,
                 Frame& frame);

// The duties of an endpoint that offers POST /nrid and nothing else, in this order: critical options, block-wise, proxy,
// path, method, Accept, Content-Format, size. Errors: the coap_* ones.
Error check_request(const coap::Message& request);

// RFC 7967: is a response of this code unwanted? An absent or malformed option wants everything.
bool response_suppressed(const coap::Message& request, uint8_t code);

// CoAP message to datagram; with SCHC the smallest rule that matches, at worst the no-compression rule (RFC 8724 7.1).
// Errors: no_space, schc_no_rule.
Result<Bytes> seal_frame(Transport transport, const schc::RuleSet& rules, schc::Direction out, const coap::Message& message,
                         std::span<uint8_t> space);

}  // namespace nrid
