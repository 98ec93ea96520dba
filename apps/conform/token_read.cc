#include "apps/conform/token.h"
#include "det/endorsement.h"
#include "det/lookup.h"
#include "wire/cbor.h"

namespace nrid::conform {
namespace {

using CborKind = cbor::Kind;

Det read_det(cbor::Reader& in) {
  in.expect(in.tag() == 54);
  const Bytes octets = in.bytes();
  in.expect(octets.size() == 16);
  return in.ok() ? Det::from(octets) : Det{};
}

cwt::MessageSet read_set(cbor::Reader& in) {
  cwt::MessageSet out;
  const size_t count = in.array();
  in.expect(count == 1 || count == 2);
  out.types = static_cast<uint32_t>(in.u64());
  if (count == 2) out.pages = static_cast<uint32_t>(in.u64());
  return out;
}

Move read_move(cbor::Reader& in) {
  Move out;
  in.expect(in.array() == 3);
  out.sp = read_det(in);
  const uint64_t tag = in.tag();
  if (tag == 32) {
    out.address = std::string(in.text());
  } else {
    const Bytes octets = in.bytes();
    det::IpAddress ip;
    in.expect((tag == 54 && octets.size() == 16) || (tag == 52 && octets.size() == 4));
    if (in.ok() && det::address_from_rdata(octets, ip)) out.address = det::to_text(ip);
  }
  const Bytes endorsement = in.bytes();
  in.expect(endorsement.size() == det::kEndorsementSize);
  out.endorsement = Buffer(endorsement.begin(), endorsement.end());
  return out;
}

Body read_body(cbor::Reader& in, Kind kind) {
  Body out;
  out.kind = kind;
  const size_t count = in.array();
  out.party = read_det(in);
  if (kind == Kind::uas) {
    if (in.peek() == CborKind::array) out.set = read_set(in);
    const Bytes data = in.bytes();
    out.data = Buffer(data.begin(), data.end());
    in.expect(count == (out.set ? 3u : 2u));
  } else if (kind == Kind::uss) {
    out.set = read_set(in);
    if (count == 3) out.move = read_move(in);
    in.expect(count == 2 || count == 3);
  } else {
    out.code = in.u64();
    out.ref = in.u64();
    if (count == 4) out.ua = read_det(in);
    in.expect((count == 3 || count == 4) && out.code <= 3);
  }
  return out;
}

// sub, exp, nbf, iat and the body of that subject; anything else is no part of what a program emits.
bool read_claims(Bytes payload, const Profile& profile, TokenRead& out) {
  const auto fault = [&](std::string_view requirement, const char* text) {
    out.faults.push_back({requirement, text});
    return false;
  };
  cbor::Reader in(payload);
  bool seen[4] = {};
  std::optional<Kind> kind;
  for (size_t pairs = in.map(); pairs > 0 && in.ok(); --pairs) {
    const int64_t key = in.i64();
    if (key == 2) out.values.subject = std::string(in.text()), seen[0] = true;
    else if (key == 4) out.values.exp = in.i64(), seen[1] = true;
    else if (key == 5) out.values.nbf = in.i64(), seen[2] = true;
    else if (key == 6) out.values.iat = in.i64(), seen[3] = true;
    else if (key == profile.claim_uas || key == profile.claim_uss || key == profile.claim_eoo) {
      kind = key == profile.claim_uas ? Kind::uas : key == profile.claim_uss ? Kind::uss : Kind::eoo;
      out.values.body = read_body(in, *kind);
      if (!in.ok()) return fault(*kind == Kind::uas ? "R-050" : *kind == Kind::uss ? "R-060" : "R-100", "the body has not the form of its CDDL");
    } else {
      in.skip();
    }
  }
  in.finish();
  if (!in.ok()) return fault("R-046", "the claims are no deterministic CBOR map");
  if (!seen[0] || !seen[1] || !seen[2] || !seen[3] || !kind) return fault("R-043", "sub, exp, nbf, iat or the body is missing");
  if (out.values.subject != subject_of(*kind)) return fault("R-043", "sub does not name the body that is there");
  return true;
}

bool read_kid(Bytes item, TokenRead& out) {
  cbor::Reader in(item);
  if (in.peek() == CborKind::tag) {
    out.kid_form = cwt::KidForm::literal_tag;
    out.kid = read_det(in);
    return in.ok() && out.kid.has_prefix();
  }
  Bytes octets = in.bytes();
  if (!in.ok()) return false;
  out.kid_form = octets.size() == 16 ? cwt::KidForm::bare : cwt::KidForm::tagged_in_bstr;
  if (octets.size() == 19 && octets[0] == 0xd8 && octets[1] == 0x36 && octets[2] == 0x50) octets = octets.subspan(3);
  if (octets.size() != 16) return false;
  out.kid = Det::from(octets);
  return out.kid.has_prefix();
}

// The one spelling of these values; members that no CDDL has, or another order, differ from it.
Buffer canonical(const TokenRead& token, const Profile& profile) {
  Buffer space(4096);
  cbor::Writer out(space);
  out.tag(18);
  out.array(4);
  out.bytes(Buffer{0xa1, 0x01, 0x27});
  out.map(1);
  out.i64(4);
  if (token.kid_form == cwt::KidForm::literal_tag) out.tag(54);
  Buffer kid(token.kid.octets.begin(), token.kid.octets.end());
  if (token.kid_form == cwt::KidForm::tagged_in_bstr) kid.insert(kid.begin(), {0xd8, 0x36, 0x50});
  out.bytes(kid);
  out.bytes(write_claims(token.values, profile));
  out.bytes(token.signature);
  return out.ok() ? Buffer(out.written().begin(), out.written().end()) : Buffer();
}

}  // namespace

TokenRead read_token(Bytes cwt, const Profile& profile) {
  TokenRead out;
  const auto fault = [&](std::string_view requirement, const char* text) {
    out.faults.push_back({requirement, text});
    return out;
  };
  cbor::Reader in(cwt);
  in.expect(in.tag() == 18);
  if (!in.ok()) return fault("R-040", "the token is no COSE_Sign1 with tag 18");
  in.expect(in.array() == 4);
  const Bytes header = in.bytes();
  Bytes kid;
  for (size_t pairs = in.map(); pairs > 0 && in.ok(); --pairs) {
    const int64_t label = in.i64();
    const Bytes item = in.item();
    if (label == 4) kid = item;
  }
  const Bytes payload = in.bytes();
  const Bytes signature = in.bytes();
  in.expect(signature.size() == 64);
  in.finish();
  if (!in.ok()) return fault("R-046", "the token is no deterministic CBOR array of a COSE_Sign1");
  if (!equal(header, Buffer{0xa1, 0x01, 0x27})) return fault("R-041", "the protected header is not {1: -8}");
  if (kid.empty() || !read_kid(kid, out)) return fault("R-042", "kid is missing or no DET");
  if (!read_claims(payload, profile, out)) return out;
  std::copy(signature.begin(), signature.end(), out.signature.begin());
  Buffer space(4096);
  cbor::Writer sig(space);
  sig.array(4);
  sig.text("Signature1");
  sig.bytes(header);
  sig.bytes({});
  sig.bytes(payload);
  out.to_verify = Buffer(sig.written().begin(), sig.written().end());
  out.readable = true;
  if (!equal(canonical(out, profile), cwt)) return fault("R-046", "the token is not in deterministic encoding, or has members that the CDDL has not");
  return out;
}

}  // namespace nrid::conform
