// The journey backwards: pack → uas-cwt → COSE_Sign1 → CoAP → plain or SCHC datagram, and the provider's words read as
// values. No state, no timers, no sockets: gateway, load generator and conformance tool share it.
#pragma once

#include <array>
#include <optional>
#include <variant>

#include "base/ed25519.h"
#include "base/profile.h"
#include "cwt/claims.h"
#include "cwt/cose.h"
#include "nrid/frame.h"
#include "rid/pack.h"

namespace nrid {

// How datagrams travel: plain CoAP when `rules` is empty. `outgoing` is Direction::up for a gateway, down for a provider.
struct Carriage {
  schc::RuleSet rules;
  schc::Direction outgoing = schc::Direction::up;
  bool schc() const { return !rules.empty(); }
  Transport transport() const { return schc() ? Transport::schc : Transport::plain; }
};

// Who signs (kid) and for how long.
struct Speaker {
  Det kid;
  const Signer* signer = nullptr;
  cwt::KidForm form = cwt::KidForm::tagged_in_bstr;
  int64_t lifetime_s = 10;
};

// Octets are a prefix of `out`. Errors: bad_pack, no_space, internal.
Result<Bytes> make_uas_cwt(const Speaker& speaker, const Det& sp, Bytes pack, int64_t iat, std::span<uint8_t> out);
Result<Bytes> make_uss_cwt(const Speaker& speaker, const cwt::UssBody& body, int64_t iat, std::span<uint8_t> out);
Result<Bytes> make_eoo_cwt(const Speaker& speaker, const cwt::EooBody& body, int64_t iat, std::span<uint8_t> out);

inline constexpr size_t kEchoMax = 40;  // RFC 9175 section 2.2.1

struct Token {
  std::array<uint8_t, 8> octets{};
  uint8_t size = 0;
  Bytes bytes() const { return {octets.data(), size}; }
  static Token of(Bytes value);            // at most 8 octets
  bool operator==(const Token& o) const { return equal(bytes(), o.bytes()); }
};

// POST /nrid with Content-Format 61, and the Echo value that the provider gave, if any. Errors: no_space, schc_no_rule.
Result<Bytes> make_post(const Carriage& carriage, coap::Type type, uint16_t id, const Token& token, Bytes cwt, std::span<uint8_t> out,
                        Bytes echo = {});
// A response: ACK when `type` says so, payload may be empty.
Result<Bytes> make_response(const Carriage& carriage, coap::Type type, uint8_t code, uint16_t id, const Token& token, Bytes cwt,
                            std::span<uint8_t> out);

// A datagram as it came in; `payload` borrows from `scratch` or from the datagram.
struct Inbound {
  coap::Type type = coap::Type::non;
  uint8_t code = 0;
  uint16_t id = 0;
  Token token;
  Bytes payload;
  Bytes echo;                              // RFC 9175: to be sent with the next request; empty: none
  bool post() const { return code == coap::kPost; }
  bool response() const { return code >= 0x40; }
};
// Errors: those of open_frame() and, for a request, of check_request().
Result<Inbound> read_datagram(const Carriage& carriage, Bytes datagram, FrameSpace& scratch);

// What the provider said. Borrows from the payload that was read.
struct Heartbeat {
  int64_t iat = 0;
  cwt::MessageSet expected;
  std::optional<cwt::MoveSp> move_sp;
};
struct EndWord {
  int64_t iat = 0;
  uint64_t code = 0;
  uint64_t ref = 0;
};
using ProviderWord = std::variant<Heartbeat, EndWord>;

struct Expected {                          // from whom, about whom, not older than
  Det sp;
  const PreparedKey* sp_key = nullptr;
  Det ua;
  int64_t iat_newest = 0;
  cwt::TimePolicy times;
};
// Cheap checks first, signature last. Errors: those of COSE and claims, wrong_signer, wrong_ua, stale_word, bad_signature.
Result<ProviderWord> read_provider_word(const Expected& expected, Bytes cwt, Instant now);

}  // namespace nrid
