// HHIT RDATA, type 67: RFC 9886 section 5.1. CBOR array [entity type, abbreviation, certificate]. Sizes of the CDDL are
// read as maxima, because the RFC's own examples are shorter.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/det.h"
#include "base/result.h"

namespace nrid::det {

inline constexpr size_t kAbbreviationMax = 15;

// The registered values that this project names; others are opaque.
namespace entity {
inline constexpr uint64_t dime = 1, apex = 5, raa = 9, raa_auth = 10, hda = 13, hda_auth = 14, hda_issue = 15, ua = 16, gcs = 17,
                          uas = 18, rid = 19, pilot = 20, operator_ = 21, dss = 22, uss = 23, sp = 24, dp = 25, sdsp = 26;
}
// "sp", "ua" ... or a decimal number; false when it is neither.
bool entity_from_text(std::string_view text, uint64_t& type);
std::string entity_name(uint64_t type);            // "sp"; the number when it has no name
bool is_authority(uint64_t type);                  // DIME, Apex, RAA, HDA: registers others

struct Hhit {
  uint64_t entity_type = 0;
  std::string abbreviation;                        // for display; RFC 9886: compared without regard to case
  Buffer certificate;                              // DER
  bool operator==(const Hhit&) const = default;
};
std::string default_abbreviation(const Det& det);  // "3ff8 000a"

Result<Hhit> decode_hhit(Bytes rdata);             // Error::malformed
Result<Buffer> encode_hhit(const Hhit& hhit);      // Error::value_range beyond the maxima

}  // namespace nrid::det
