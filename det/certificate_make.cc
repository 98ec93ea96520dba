// The writing half of certificate.h. The DER is written here and not by OpenSSL: OpenSSL 3.0 offers no way to have a
// certificate signed by a key that it does not hold, and the profile is one page of fixed form.
#include <algorithm>

#include "base/text.h"
#include "det/certificate.h"

namespace nrid::det {
namespace {

Buffer element(uint8_t tag, Bytes content) {
  Buffer out{tag};
  const size_t size = content.size();
  if (size >= 0x80) out.push_back(size >= 0x100 ? 0x82 : 0x81);
  if (size >= 0x100) out.push_back(static_cast<uint8_t>(size >> 8));
  out.push_back(static_cast<uint8_t>(size));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Buffer join(std::initializer_list<Bytes> parts) {
  Buffer out;
  for (const Bytes part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Buffer sequence(std::initializer_list<Bytes> parts) { return element(0x30, join(parts)); }

constexpr uint8_t kCommonName[] = {0x06, 0x03, 0x55, 0x04, 0x03};
constexpr uint8_t kBasicConstraints[] = {0x06, 0x03, 0x55, 0x1d, 0x13};
constexpr uint8_t kSubjectAltName[] = {0x06, 0x03, 0x55, 0x1d, 0x11};
constexpr uint8_t kTrue[] = {0x01, 0x01, 0xff};
constexpr uint8_t kVersion3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};

Buffer name(std::string_view cn) {
  if (cn.empty()) return sequence({});
  return sequence({element(0x31, sequence({kCommonName, element(0x0c, as_bytes(cn))}))});
}

// RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
Buffer time(Instant at) {
  std::string text = rfc3339(at);  // 2026-11-22T00:14:12Z: its digits, with the century only in GeneralizedTime
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == 'T' || c == ':'; }), text.end());
  const bool general = text >= "2050";
  return element(general ? 0x18 : 0x17, as_bytes(general ? text : text.substr(2)));
}

Buffer bit_string(Bytes content) {
  constexpr uint8_t kNoUnusedBits[] = {0};
  return element(0x03, join({kNoUnusedBits, content}));
}

Buffer integer(Bytes magnitude) {  // two's complement: a set top bit would make it negative
  const size_t zeros = static_cast<size_t>(
      std::find_if(magnitude.begin(), magnitude.end() - 1, [](uint8_t octet) { return octet != 0; }) - magnitude.begin());
  const Bytes digits = magnitude.subspan(zeros);
  constexpr uint8_t kZero[] = {0};
  return element(0x02, digits[0] >= 0x80 ? join({kZero, digits}) : join({digits}));
}

Buffer extensions(const CertificateRequest& request) {
  Buffer list;
  if (request.authority) {
    list = sequence({kBasicConstraints, kTrue, element(0x04, sequence({kTrue}))});
  }
  Buffer names = element(0x87, request.det.bytes());
  if (!request.uri.empty()) {
    const Buffer uri = element(0x86, as_bytes(request.uri));
    names.insert(names.end(), uri.begin(), uri.end());
  }
  const Buffer alternative = sequence({kSubjectAltName, kTrue, element(0x04, element(0x30, names))});
  list.insert(list.end(), alternative.begin(), alternative.end());
  return element(0xa3, element(0x30, list));
}

bool printable(std::string_view text, size_t max) {
  return text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool writable(const CertificateRequest& request) {
  constexpr int64_t kYear10000 = 253'402'300'800;
  const bool serial_ok = !request.serial.empty() && request.serial.size() <= 20 &&
                         std::any_of(request.serial.begin(), request.serial.end(), [](uint8_t octet) { return octet != 0; });
  return serial_ok && printable(request.subject, 64) && printable(request.uri, 255) && request.not_before <= request.not_after &&
         request.not_before.seconds() >= 0 && request.not_after.seconds() < kYear10000;
}

}  // namespace

Result<Buffer> make_certificate(const CertificateRequest& request, const Signer& issuer_signer) {
  if (!writable(request)) return Error::value_range;
  const Buffer validity = sequence({time(request.not_before), time(request.not_after)});
  const Buffer public_key = sequence({kEd25519Algorithm, bit_string(request.key)});
  const Buffer tbs = sequence({kVersion3, integer(request.serial), kEd25519Algorithm, name(to_hex(request.issuer)), validity,
                               name(request.subject), public_key, extensions(request)});
  TRY(signature, issuer_signer.sign(tbs));
  return sequence({tbs, kEd25519Algorithm, bit_string(signature)});
}

}  // namespace nrid::det
