#include "apps/conform/token.h"
#include "base/profile.h"
#include "det/lookup.h"
#include "wire/cbor.h"

namespace nrid::conform {
namespace {

constexpr size_t kSpace = 4096;

void write_det(cbor::Writer& out, const Det& det) {
  out.tag(54);
  out.bytes(det.bytes());
}

void write_set(cbor::Writer& out, const cwt::MessageSet& set) {
  out.array(set.pages ? 2 : 1);
  out.u64(set.types);
  if (set.pages) out.u64(*set.pages);
}

void write_move(cbor::Writer& out, const Move& move) {
  out.array(3);
  write_det(out, move.sp);
  det::IpAddress ip;
  if (move.address.find("://") != std::string::npos || !det::address_from_text(move.address, ip)) {
    out.tag(32);
    out.text(move.address);
  } else {
    out.tag(ip.is_v4() ? 52 : 54);
    out.bytes(ip.rdata());
  }
  out.bytes(move.endorsement);
}

void write_body(cbor::Writer& out, const Body& body, const std::string& fault) {
  const size_t extra = (body.kind == Kind::uas ? 2 : body.kind == Kind::uss ? 1 : 3) + (body.set ? 1u : 0u) + (body.move ? 1u : 0u) + (body.ua ? 1u : 0u);
  if (fault == "short") {
    out.array(1);
    return write_det(out, body.party);
  }
  out.array(extra + (fault == "long" ? 1 : 0));
  const auto party = [&] { fault == "no-tag" ? out.bytes(body.party.bytes()) : write_det(out, body.party); };
  if (fault == "swapped" && body.kind == Kind::uas) {
    out.bytes(body.data);
    if (body.set) write_set(out, *body.set);
    return party();
  }
  party();
  if (body.set) write_set(out, *body.set);
  if (body.kind == Kind::uas) out.bytes(body.data);
  if (body.move) write_move(out, *body.move);
  if (body.kind == Kind::eoo) {
    out.u64(body.code);
    out.u64(body.ref);
  }
  if (body.ua) write_det(out, *body.ua);
  if (fault == "long") out.u64(0);
}

int64_t body_key(Kind kind, const Profile& profile) {
  return kind == Kind::uas ? profile.claim_uas : kind == Kind::uss ? profile.claim_uss : profile.claim_eoo;
}

// What comes beside the five claims; each fault adds at most one pair.
void write_extra(cbor::Writer& out, const std::string& fault, const Det* kid) {
  if (fault == "dup") {
    out.i64(2);
    out.text("NRID-UAS");
  } else if (fault == "deep") {
    out.i64(8);
    for (int depth = 0; depth < 12; ++depth) out.array(1);
    out.u64(0);
  } else if (fault == "utf8") {
    out.i64(8);
    out.raw(Buffer{0x62, 0xc3, 0x28});
  } else if (fault == "extra") {
    out.i64(7);
    out.bytes(Buffer{1, 2, 3, 4});
  } else if (fault == "iss" || fault == "iss-wrong") {
    Det named = *kid;
    if (fault == "iss-wrong") named.octets[15] ^= 1;
    out.i64(1);
    out.text(to_text(named));
  }
}

// A date in nine octets where five would do.
void write_long_head(cbor::Writer& out, int64_t value) {
  Buffer item{0x1b};
  for (int shift = 56; shift >= 0; shift -= 8) item.push_back(static_cast<uint8_t>(value >> shift));
  out.raw(item);
}

}  // namespace

std::string_view subject_of(Kind kind) {
  constexpr std::string_view subjects[] = {profile::kSubUas, profile::kSubUss, profile::kSubEoo};
  return subjects[static_cast<size_t>(kind)];
}

Buffer write_claims(const TokenValues& values, const Profile& profile, const TokenFaults& faults, const Det* kid) {
  const std::string& fault = faults.claims;
  Buffer space(kSpace);
  cbor::Writer out(space);
  const bool extra = fault == "dup" || fault == "deep" || fault == "utf8" || fault == "extra" || fault == "iss" || fault == "iss-wrong";
  if (fault == "indefinite") out.raw(Buffer{0xbf});
  else out.map(5 + (extra ? 1 : 0) - (fault == "no-iat" ? 1 : 0));
  if (fault.rfind("iss", 0) == 0) write_extra(out, fault, kid);  // key 1 sorts first
  out.i64(2);
  out.text(values.subject);
  const auto nbf = [&] {
    out.i64(5);
    out.i64(values.nbf);
  };
  if (fault == "order") nbf();
  out.i64(4);
  if (fault == "float-exp") out.f32(static_cast<float>(values.exp));
  else out.i64(values.exp);
  if (fault != "order") nbf();
  if (fault != "no-iat") {
    out.i64(6);
    fault == "long-head" ? write_long_head(out, values.iat) : out.i64(values.iat);
  }
  if (extra && fault.rfind("iss", 0) != 0) write_extra(out, fault, kid);
  out.i64(body_key(values.body.kind, profile));
  write_body(out, values.body, faults.body);
  if (fault == "indefinite") out.raw(Buffer{0xff});
  if (fault == "trailing") out.raw(Buffer{0x00});
  CHECK(out.ok());
  return Buffer(out.written().begin(), out.written().end());
}

namespace {

Buffer write_protected(const std::string& fault) {
  Buffer space(64);
  cbor::Writer out(space);
  const bool there = fault != "unprotected" && fault != "none";
  out.map((there ? 1u : 0u) + (fault == "crit" ? 1u : 0u));
  if (there) {
    out.i64(1);
    out.i64(fault == "-19" ? -19 : fault == "-7" ? -7 : -8);
  }
  if (fault == "crit") {
    out.i64(2);
    out.array(1);
    out.i64(99);
  }
  return Buffer(out.written().begin(), out.written().end());
}

void write_unprotected(cbor::Writer& out, const Det& kid, const TokenFaults& faults) {
  const bool alg = faults.alg == "unprotected" || faults.alg == "both";
  const bool named = faults.kid != "missing";
  out.map((alg ? 1u : 0u) + (named ? 1u : 0u));
  if (alg) {
    out.i64(1);
    out.i64(-8);
  }
  if (!named) return;
  out.i64(4);
  Buffer item(kid.octets.begin(), kid.octets.end());
  if (faults.kid == "short") item.pop_back();
  if (faults.kid == "bare" || faults.kid == "short") return out.bytes(item);
  if (faults.kid == "literal" || faults.kid == "tag") {
    out.tag(faults.kid == "literal" ? 54 : 52);
    return out.bytes(item);
  }
  item.insert(item.begin(), {0xd8, 0x36, 0x50});         // the item 54(DET) inside the bstr
  out.bytes(item);
}

// RFC 9052 section 4.4
Buffer to_be_signed(Bytes protected_header, Bytes payload) {
  Buffer space(kSpace);
  cbor::Writer out(space);
  out.array(4);
  out.text("Signature1");
  out.bytes(protected_header);
  out.bytes({});
  out.bytes(payload);
  CHECK(out.ok());
  return Buffer(out.written().begin(), out.written().end());
}

Signature sign(const Signer& signer, Bytes message, const std::string& fault) {
  const auto made = signer.sign(message);
  Signature out = made.ok() ? *made : Signature{};
  if (fault == "flip") out[10] ^= 0x40;
  if (fault == "zero") out = {};
  if (fault == "high-s") out[63] |= 0xe0;                 // S >= L
  return out;
}

}  // namespace

Buffer write_token(const TokenValues& values, const TokenSpeaker& speaker, const Profile& profile, const TokenFaults& faults) {
  const Buffer payload = write_claims(values, profile, faults, &speaker.kid);
  const Buffer header = write_protected(faults.alg);
  const Signature signature = sign(*speaker.signer, to_be_signed(header, payload), faults.signature);
  Buffer space(kSpace);
  cbor::Writer out(space);
  if (faults.tag == "61" || faults.tag == "61-none") out.tag(61);
  if (faults.tag.empty() || faults.tag == "61") out.tag(18);
  if (faults.tag == "17") out.tag(17);
  out.array(4);
  out.bytes(header);
  write_unprotected(out, speaker.kid, faults);
  out.bytes(payload);
  out.bytes(signature);
  CHECK(out.ok());
  return Buffer(out.written().begin(), out.written().end());
}

}  // namespace nrid::conform
