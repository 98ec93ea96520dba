#include "cwt/claims.h"

#include <array>

#include "base/profile.h"
#include "cwt/cose.h"
#include "wire/cbor.h"

namespace nrid::cwt {
namespace {

using cbor::Kind;

constexpr uint64_t kTagUri = 32;                 // RFC 8949 3.4.5.3
constexpr uint64_t kTagIpv4 = 52;  // RFC 9164
constexpr size_t kEndorsementSize = 136;         // RFC 9575 section 4.1: Broadcast Endorsement
constexpr int64_t kDateMax = 253'402'300'799;    // 9999-12-31T23:59:59Z, RFC 8949 3.4.2 dates; keeps sums in range
constexpr int64_t kRelativeBelow = 1'000'000;    // no absolute date is that small
constexpr uint64_t kBitsMax = 0xffff;            // message types and pages are 0..15

// RFC 8392 section 3.1 and R-043. Every one is read as a whole item first, so that what is no CBOR at all is told
// apart from what is no claim.
enum Claim { iss, sub, exp, nbf, iat, uas, uss, eoo, claims_known };
struct ClaimKey {
  Claim claim;
  int64_t key;
};
constexpr ClaimKey kClaimKeys[] = {
    {iss, 1}, {sub, 2}, {exp, 4}, {nbf, 5}, {iat, 6},
    {uas, profile::kClaimUas}, {uss, profile::kClaimUss}, {eoo, profile::kClaimEoo},
};
using Items = std::array<Bytes, claims_known>;

// Claim names are integers or text (RFC 8392 section 1.1); unknown ones are passed over.
Result<Items> read_items(Bytes payload) {
  cbor::Reader in(payload);
  Items items;
  for (size_t pairs = in.map(); pairs > 0 && in.ok(); --pairs) {
    const Kind kind = in.peek();
    in.expect(kind == Kind::unsigned_int || kind == Kind::negative_int || kind == Kind::text);
    cbor::Reader name(in.item());
    const int64_t key = kind == Kind::text ? 0 : name.i64();
    const Bytes value = in.item();
    for (const ClaimKey& row : kClaimKeys) {
      if (row.key == key) items[row.claim] = value;
    }
  }
  in.finish();
  if (!in.ok()) return Error::malformed;
  return items;
}

std::optional<int64_t> read_date(Bytes item) {
  cbor::Reader in(item);
  const int64_t seconds = in.i64();  // no floats
  if (!in.ok() || seconds < 0 || seconds > kDateMax) return std::nullopt;
  return seconds;
}

Det read_det(cbor::Reader& in) {
  in.expect(in.tag() == kTagIpv6);
  const Bytes octets = in.bytes();
  in.expect(octets.size() == 16);
  return in.ok() ? Det::from(octets) : Det{};
}

void write_det(cbor::Writer& out, const Det& det) {
  out.tag(kTagIpv6);
  out.bytes(det.bytes());
}

// [ message_types, ? auth_pages ]
MessageSet read_set(cbor::Reader& in) {
  MessageSet set;
  const size_t count = in.array();
  const uint64_t types = in.u64();
  const uint64_t pages = count == 2 ? in.u64() : 0;
  in.expect((count == 1 || count == 2) && types <= kBitsMax && pages <= kBitsMax);
  set.types = static_cast<uint32_t>(types);
  if (count == 2) set.pages = static_cast<uint32_t>(pages);
  return set;
}

void write_set(cbor::Writer& out, const MessageSet& set) {
  out.array(set.pages ? 2 : 1);
  out.u64(set.types);
  if (set.pages) out.u64(*set.pages);
}

// [ det_sp, ? encoded, data ]  : the optional element in the middle is known by its type
UasBody read_uas(cbor::Reader& in) {
  UasBody body;
  const size_t count = in.array();
  body.sp = read_det(in);
  if (in.peek() == Kind::array) body.encoded = read_set(in);
  body.data = in.bytes();
  in.expect(count == (body.encoded ? 3u : 2u));
  return body;
}

void write_body(cbor::Writer& out, const UasBody& body) {
  out.array(body.encoded ? 3 : 2);
  write_det(out, body.sp);
  if (body.encoded) write_set(out, *body.encoded);
  out.bytes(body.data);
}

// [ new_sp, new_ip, new_be ]   R-060
MoveSp read_move(cbor::Reader& in) {
  MoveSp move;
  in.expect(in.array() == 3);
  move.new_sp = read_det(in);
  const uint64_t tag = in.tag();
  if (tag == kTagUri) {
    move.address = in.text();
  } else {
    const Bytes octets = in.bytes();
    in.expect((tag == kTagIpv6 && octets.size() == 16) || (tag == kTagIpv4 && octets.size() == 4));
    Reader copy(octets);
    if (tag == kTagIpv6) move.address = copy.array<16>();
    if (tag == kTagIpv4) move.address = copy.array<4>();
  }
  move.endorsement = in.bytes();
  in.expect(move.endorsement.size() == kEndorsementSize);
  return move;
}

void write_move(cbor::Writer& out, const MoveSp& move) {
  out.array(3);
  write_det(out, move.new_sp);
  if (const auto* ipv6 = std::get_if<std::array<uint8_t, 16>>(&move.address)) {
    out.tag(kTagIpv6);
    out.bytes(*ipv6);
  } else if (const auto* ipv4 = std::get_if<std::array<uint8_t, 4>>(&move.address)) {
    out.tag(kTagIpv4);
    out.bytes(*ipv4);
  } else {
    out.tag(kTagUri);
    out.text(std::get<std::string_view>(move.address));
  }
  out.bytes(move.endorsement);
}

// [ det_uas, expected, ? move_sp ]   R-060
UssBody read_uss(cbor::Reader& in) {
  UssBody body;
  const size_t count = in.array();
  body.ua = read_det(in);
  body.expected = read_set(in);
  if (count == 3) body.move_sp = read_move(in);
  in.expect(count == 2 || count == 3);
  return body;
}

void write_body(cbor::Writer& out, const UssBody& body) {
  out.array(body.move_sp ? 3 : 2);
  write_det(out, body.ua);
  write_set(out, body.expected);
  if (body.move_sp) write_move(out, *body.move_sp);
}

// [ det_peer, code, ref, ? det_ua ]   R-100
EooBody read_eoo(cbor::Reader& in) {
  EooBody body;
  const size_t count = in.array();
  body.peer = read_det(in);
  body.code = in.u64();
  body.ref = in.u64();
  if (count == 4) body.ua = read_det(in);
  in.expect((count == 3 || count == 4) && body.code <= profile::kEooAborted);
  return body;
}

void write_body(cbor::Writer& out, const EooBody& body) {
  out.array(body.ua ? 4 : 3);
  write_det(out, body.peer);
  out.u64(body.code);
  out.u64(body.ref);
  if (body.ua) write_det(out, *body.ua);
}

struct Subject {
  std::string_view name;
  Claim body;
  int64_t key;
};
constexpr Subject kSubjects[] = {  // in the order of the variant in Claims
    {profile::kSubUas, uas, profile::kClaimUas},
    {profile::kSubUss, uss, profile::kClaimUss},
    {profile::kSubEoo, eoo, profile::kClaimEoo},
};

// sub selects the body, and no other body may be there.
const Subject* subject_of(const Items& items) {
  cbor::Reader in(items[sub]);
  const std::string_view name = in.text();
  const Subject* found = nullptr;
  for (const Subject& each : kSubjects) {
    if (each.name == name) {
      found = &each;
    } else if (!items[each.body].empty()) {
      return nullptr;
    }
  }
  return in.ok() ? found : nullptr;
}

bool issuer_is(Bytes item, const Det& kid) {
  cbor::Reader in(item);
  const auto issuer = det_from_text(in.text());
  return in.ok() && issuer == kid;
}

}  // namespace

Result<Claims> decode_claims(Bytes payload, const Det& kid) {
  TRY(items, read_items(payload));
  const Subject* subject = subject_of(items);
  const auto expires = read_date(items[exp]);
  const auto not_before = read_date(items[nbf]);
  const auto issued = read_date(items[iat]);
  if (subject == nullptr || !expires || !not_before || !issued) return Error::bad_claims;
  if (!items[iss].empty() && !issuer_is(items[iss], kid)) return Error::bad_claims;

  Claims claims;
  claims.exp = *expires;
  claims.nbf = *not_before;
  claims.iat = *issued;
  cbor::Reader in(items[subject->body]);
  switch (subject->body) {
    case uas: claims.body = read_uas(in); break;
    case uss: claims.body = read_uss(in); break;
    default: claims.body = read_eoo(in); break;
  }
  in.finish();
  if (!in.ok()) return Error::bad_claims;
  return claims;
}

Result<void> check_times(Claims& claims, Instant now, const TimePolicy& policy) {
  const int64_t lifetime = claims.exp - claims.iat;
  if (lifetime <= 0 || lifetime > profile::kLifetimeMaxSeconds) return Error::bad_claims;
  if (policy.allow_relative && claims.exp < kRelativeBelow) {
    const int64_t arrived = now.seconds();
    claims = {arrived, arrived + claims.nbf - claims.iat, arrived + lifetime, claims.body};
  }
  if (now >= at_second(claims.exp) + policy.skew) return Error::expired;
  if (now < at_second(claims.nbf) - policy.skew) return Error::not_yet_valid;
  if (now < at_second(claims.iat) - policy.skew) return Error::not_yet_valid;
  return {};
}

// Keys in bytewise order of their encodings (RFC 8949 4.2.1): 2, 4, 5, 6, then the negative body key.
Result<Bytes> encode_claims(const Claims& claims, std::span<uint8_t> out) {
  const Subject& subject = kSubjects[claims.body.index()];
  cbor::Writer writer(out);
  writer.map(5);
  writer.i64(2);
  writer.text(subject.name);
  writer.i64(4);
  writer.i64(claims.exp);
  writer.i64(5);
  writer.i64(claims.nbf);
  writer.i64(6);
  writer.i64(claims.iat);
  writer.i64(subject.key);
  std::visit([&](const auto& body) { write_body(writer, body); }, claims.body);
  if (!writer.ok()) return Error::no_space;
  return writer.written();
}

}  // namespace nrid::cwt
