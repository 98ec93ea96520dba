#include "cwt/cose.h"

#include <optional>

#include "base/profile.h"
#include "wire/cbor.h"

namespace nrid::cwt {
namespace {

using cbor::Kind;

constexpr uint64_t kTagSign1 = 18;   // RFC 9052 section 2
constexpr uint64_t kTagCwt = 61;     // RFC 8392 section 6
constexpr int64_t kAlg = 1, kCrit = 2, kKid = 4;  // RFC 9052 section 3.1
constexpr std::string_view kContext = "Signature1";
constexpr std::array<uint8_t, 3> kKidHead = {0xd8, 0x36, 0x50};  // 54(bstr 16)

// The header parameters that we read; all others are ignored and not trusted.
struct HeaderMap {
  bool crit = false;
  Bytes alg, kid;  // whole items, empty if absent
};

// Labels are integers or text (RFC 9052 section 1.4).
HeaderMap read_header(cbor::Reader& in) {
  HeaderMap header;
  for (size_t pairs = in.map(); pairs > 0 && in.ok(); --pairs) {
    const Kind kind = in.peek();
    in.expect(kind == Kind::unsigned_int || kind == Kind::negative_int || kind == Kind::text);
    cbor::Reader label(in.item());
    const int64_t name = kind == Kind::text ? 0 : label.i64();
    const Bytes value = in.item();
    if (name == kAlg) header.alg = value;
    if (name == kCrit) header.crit = true;
    if (name == kKid) header.kid = value;
  }
  return header;
}

std::optional<int64_t> read_alg(Bytes item) {
  cbor::Reader in(item);
  const int64_t alg = in.i64();
  if (!in.ok() || (alg != profile::kAlgEdDSA && alg != profile::kAlgEd25519)) return std::nullopt;
  return alg;
}

struct Kid {
  Det det;
  KidForm form;
};

// The three forms of R-042.
std::optional<Kid> read_kid(Bytes item) {
  cbor::Reader in(item);
  const bool literal = in.peek() == Kind::tag;
  if (literal) in.expect(in.tag() == kTagIpv6);
  const Bytes content = in.bytes();
  if (!in.ok()) return std::nullopt;
  if (content.size() == 16) return Kid{Det::from(content), literal ? KidForm::literal_tag : KidForm::bare};
  const bool tagged = !literal && content.size() == 19 && equal(content.first(3), kKidHead);
  if (!tagged) return std::nullopt;
  return Kid{Det::from(content.last(16)), KidForm::tagged_in_bstr};
}

void write_kid(cbor::Writer& out, const Det& det, KidForm form) {
  if (form == KidForm::literal_tag) out.tag(kTagIpv6);
  if (form != KidForm::tagged_in_bstr) return out.bytes(det.bytes());
  out.bytes_head(kKidHead.size() + det.octets.size());
  out.raw(kKidHead);
  out.raw(det.bytes());
}

}  // namespace

// COSE_Sign1 = 18([ protected: bstr, unprotected: map, payload: bstr, signature: bstr .size 64 ])   RFC 9052 section 4.2
Result<Sign1> decode_sign1(Bytes message) {
  cbor::Reader in(message);
  if (in.peek() == Kind::tag) {
    uint64_t tag = in.tag();
    if (tag == kTagCwt) tag = in.tag();  // must enclose a tagged COSE message, RFC 8392 section 6
    in.expect(tag == kTagSign1);
  }

  Sign1 out;
  in.expect(in.array() == 4);
  out.protected_header = in.bytes();
  const HeaderMap unsigned_header = read_header(in);
  out.payload = in.bytes();
  const Bytes signature = in.bytes();
  in.expect(signature.size() == 64);
  in.finish();
  if (!in.ok()) return Error::malformed;
  out.signature = signature.first<64>();

  HeaderMap signed_header;
  if (!out.protected_header.empty()) {  // h'' is an empty map, RFC 9052 section 3
    cbor::Reader header(out.protected_header);
    signed_header = read_header(header);
    header.finish();
    if (!header.ok()) return Error::malformed;
  }
  if (signed_header.crit || unsigned_header.crit) return Error::malformed;  // we understand no critical parameter

  const auto alg = read_alg(signed_header.alg);
  if (!alg || !unsigned_header.alg.empty()) return Error::bad_alg;
  out.alg = *alg;

  const auto kid = read_kid(unsigned_header.kid);
  if (!kid || !signed_header.kid.empty() || !kid->det.has_prefix()) return Error::bad_kid;
  if (kid->det.suite() != kSuiteEddsaCshake128) return Error::unsupported_suite;
  out.kid = kid->det;
  out.kid_form = kid->form;
  return out;
}

// Sig_structure = [ context: "Signature1", body_protected: bstr, external_aad: h'', payload: bstr ]   RFC 9052 section 4.4
Result<Bytes> signed_bytes(const Sign1& sign1, std::span<uint8_t> out) {
  cbor::Writer writer(out);
  writer.array(4);
  writer.text(kContext);
  writer.bytes(sign1.protected_header);  // as received, never encoded again
  writer.bytes({});
  writer.bytes(sign1.payload);
  if (!writer.ok()) return Error::no_space;
  return writer.written();
}

Result<Bytes> sign1(Bytes payload, const Det& kid, KidForm form, const Signer& signer, std::span<uint8_t> out) {
  std::array<uint8_t, 8> header_space;
  cbor::Writer header(header_space);
  header.map(1);
  header.i64(kAlg);
  header.i64(profile::kAlgEdDSA);

  Sign1 unsigned_message;
  unsigned_message.protected_header = header.written();
  unsigned_message.payload = payload;
  std::array<uint8_t, kSignedBytesMax> to_sign;
  TRY(message, signed_bytes(unsigned_message, to_sign));
  const auto signature = signer.sign(message);
  if (!signature.ok()) return Error::internal;

  cbor::Writer writer(out);
  writer.tag(kTagSign1);
  writer.array(4);
  writer.bytes(header.written());
  writer.map(1);
  writer.i64(kKid);
  write_kid(writer, kid, form);
  writer.bytes(payload);
  writer.bytes(*signature);
  if (!writer.ok()) return Error::no_space;
  return writer.written();
}

}  // namespace nrid::cwt
