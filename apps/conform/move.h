// What a redirect must be so that an aircraft may follow it (nrid.md ).
#pragma once

#include <optional>
#include <span>

#include "apps/conform/token.h"

namespace nrid::conform {

struct MoveTerms {                                     // borrowed
  Det from;                                            // who says it
  Det registry;                                        // the HDA that both trust
  PublicKey registry_key{};
  std::span<const Det> peers;                          // empty: nobody told us
  Duration skew;
};

// The first thing that is wrong with it, under the requirement that it breaks.
std::optional<Fault> fault_of(const Move& move, const MoveTerms& terms, Instant now);

}  // namespace nrid::conform
