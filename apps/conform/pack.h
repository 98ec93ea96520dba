// F3411 packs by our own hand, with whatever is to be wrong about them (nrid.md, RFC 9575 section 4.3).
#pragma once

#include <optional>
#include <string>

#include "base/ed25519.h"
#include "nrid/region.h"
#include "rid/auth.h"

namespace nrid::conform {

struct PackPlan {
  std::string messages = "location";                   // of: basic serial location self null-self system operator; with commas
  std::string wrapper = "extended";                    // extended full none link manifest frame
  std::string wrapper_fault;                           // flip odd descending inner-auth missing-page parity auth-type unix sam
  std::string pack_fault;                              // count-0 count-10 size long short nested twice reversed
  int64_t window_from = 0, window_to = 120;            // VNB and VNA, from now
  std::string location;                                // no-time jump ground
  GeoPoint place{473'900'000, 85'400'000};             // of the first pack; the others a little north of it
  Det session;                                         // of the Basic ID
  Det signed_as;                                       // DET in the Wrapper
  const Signer* signer = nullptr;
  std::array<uint8_t, rid::kEndorsementSize> endorsement{};  // for link
  int number = 0;                                      // each pack a new position
};

// The Status is for a plan that no pack can carry: a mistake in a script.
StatusOr<Buffer> write_pack(const PackPlan& plan, Instant now);

// Type bits of a list of messages.
uint32_t type_bits(std::string_view messages);

}  // namespace nrid::conform
