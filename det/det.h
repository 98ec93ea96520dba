// DETs from keys and in names: RFC 9374 section 3, RFC 9886 section 4. The value itself is base/det.h.
#pragma once

#include <string>
#include <string_view>

#include "base/det.h"
#include "base/ed25519.h"
#include "base/result.h"

namespace nrid::det {

// ORCHID hash of prefix|RAA|HDA|suite and the raw 32-octet key.
Det derive(uint16_t raa, uint16_t hda, const PublicKey& key);
// Errors: bad_kid (prefix), unsupported_suite, det_hi_mismatch.
Result<void> check(const Det& det, const PublicKey& key);

std::string owner_name(const Det& det);      // "2.b.6.c...3.0.0.1.0.0.2.ip6.arpa."
std::string fallback_name(const Det& det);   // "{hash16}.{suite}.{hda}.{raa}.2001003.hhit.arpa."
// CTA-2063-A, RFC 9374 4.2. `manufacturer` is four of its 32 characters (no I, O, S, Z); "" when it is not.
std::string serial_number(const Det& det, std::string_view manufacturer);
// parent_ok of drip.md 4.6: may `parent` register `child` by their numbers alone?
bool may_register(const Det& parent, const Det& child);

}  // namespace nrid::det
