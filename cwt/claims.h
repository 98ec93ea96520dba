// The claims of a Net-RID CWT (RFC 8392) and its three bodies.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/det.h"
#include "base/result.h"

namespace nrid::cwt {

// Sets of F3411 message types and authentication pages, bit n for type or page n (draft section 3.2, R-050).
struct MessageSet {
  uint32_t types = 0;
  std::optional<uint32_t> pages;
  bool operator==(const MessageSet&) const = default;
};

// uas-cwt, UAS to SP.
struct UasBody {
  Det sp;
  std::optional<MessageSet> encoded;
  Bytes data;                       // an F3411 Message Pack; borrowed
};

struct MoveSp {                     // redirect, R-091
  Det new_sp;
  std::variant<std::array<uint8_t, 16>, std::array<uint8_t, 4>, std::string_view> address;  // IPv6, IPv4, URI (borrowed)
  Bytes endorsement;                // 136 octets, borrowed
};

// uss-cwt, the Heartbeat, SP to UAS.
struct UssBody {
  Det ua;
  MessageSet expected;
  std::optional<MoveSp> move_sp;
};

// eoo-cwt, both ways.
struct EooBody {
  Det peer;
  uint64_t code = 0;
  uint64_t ref = 0;
  std::optional<Det> ua;            // when kid is not the UA
};

struct Claims {
  int64_t iat = 0;                  // Unix seconds
  int64_t nbf = 0;
  int64_t exp = 0;
  std::variant<UasBody, UssBody, EooBody> body;
};

struct TimePolicy {
  Duration skew = seconds(5);       // cwt.skew
  bool allow_relative = false;      // cwt.allow_relative: 0/10/0 means "from reception"
};

// Shape only; claims that we do not know are skipped. `kid` binds an iss claim if there is one.
// Errors: malformed, bad_claims.
Result<Claims> decode_claims(Bytes payload, const Det& kid);
// Errors: bad_claims (lifetime not in 1..60 s), expired, not_yet_valid. With allow_relative and exp < 1e6, claims
// are rewritten relative to `now`.
Result<void> check_times(Claims& claims, Instant now, const TimePolicy& policy);

// The claims map, deterministic. Error::no_space.
Result<Bytes> encode_claims(const Claims& claims, std::span<uint8_t> out);

}  // namespace nrid::cwt
