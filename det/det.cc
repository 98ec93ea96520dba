#include "det/det.h"

#include <array>
#include <cstring>

#include "base/cshake128.h"

namespace nrid::det {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
// CTA-2063-A: digits and capitals without I, O, S and Z.
constexpr std::string_view kSerialAlphabet = "0123456789ABCDEFGHJKLMNPQRTUVWXY";
static_assert(kSerialAlphabet.size() == 32);

// RFC 9886 section 4: these four HDA numbers stand for the RAA itself.
bool is_raa_number(uint16_t hda) { return (hda & 0x0fff) == 0; }

}  // namespace

Det derive(uint16_t raa, uint16_t hda, const PublicKey& key) {
  Det det = Det::with_hid(raa, hda, kSuiteEddsaCshake128);
  // The hash takes the raw key, without the HIP curve field: RFC 9374's text reads otherwise, every published vector
  // reproduces only so.
  const auto hash = orchid_hash(det.bytes().first(8), key);
  std::memcpy(det.octets.data() + 8, hash.data(), hash.size());
  return det;
}

Result<void> check(const Det& det, const PublicKey& key) {
  if (!det.has_prefix()) return Error::bad_kid;
  if (det.suite() != kSuiteEddsaCshake128) return Error::unsupported_suite;
  if (derive(det.raa(), det.hda(), key) != det) return Error::det_hi_mismatch;
  return {};
}

std::string owner_name(const Det& det) {
  std::string name;
  name.reserve(73);
  for (size_t i = det.octets.size(); i-- > 0;) {
    name += kHexDigits[det.octets[i] & 0x0f];
    name += '.';
    name += kHexDigits[det.octets[i] >> 4];
    name += '.';
  }
  return name + "ip6.arpa.";
}

std::string fallback_name(const Det& det) {
  return to_hex(det.bytes().subspan(8)) + '.' + std::to_string(det.suite()) + '.' + std::to_string(det.hda()) + '.' +
         std::to_string(det.raa()) + ".2001003.hhit.arpa.";
}

std::string serial_number(const Det& det, std::string_view manufacturer) {
  if (manufacturer.size() != 4) return {};
  for (const char c : manufacturer) {
    if (kSerialAlphabet.find(c) == std::string_view::npos) return {};
  }
  std::string serial(manufacturer);
  serial += 'F';  // length code: 15 characters follow
  // 72 bits in 15 symbols of 5: three zero bits lead.
  uint32_t bits = 0;
  int count = 3;
  for (const uint8_t octet : det.bytes().subspan(7)) {
    bits = bits << 8 | octet;
    count += 8;
    while (count >= 5) {
      count -= 5;
      serial += kSerialAlphabet[bits >> count & 0x1f];
    }
  }
  return serial;
}

bool may_register(const Det& parent, const Det& child) {
  if (parent.raa() <= 3) return true;  // the Apex
  if (parent.raa() != child.raa()) return false;
  return is_raa_number(parent.hda()) || parent.hda() == child.hda();
}

}  // namespace nrid::det
