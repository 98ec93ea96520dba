// Whether published records make a key believable: pure functions over records, so that every verdict has a test without
// a network. The path is the DET that was asked for, then its issuers as far as they had to be fetched; judge() says what
// is missing, what is wrong, or what it all amounts to (drip.md 4.6 steps 4 to 8).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/det.h"
#include "base/result.h"
#include "det/resolver.h"

namespace nrid::det {

inline constexpr size_t kPathMax = 8;          // levels, the DET itself included
inline constexpr size_t kRecordsMax = 4;       // HHIT or BRID records read at one name
inline constexpr Duration kCacheMax = seconds(3600);

// What DNS said about one DET.
struct EntityRecords {
  Det det;
  std::string name;                            // owner name that answered
  std::vector<Buffer> hhit;
  std::vector<Buffer> brid;                    // of the first level only
  uint32_t ttl_s = 0;                          // smallest
  bool authenticated = false;                  // all answers carried AD
};

struct ChainPolicy {
  std::span<const TrustAnchor> anchors;
  Duration skew = seconds(5);
  bool require_ad = false;
  bool require_endorsement = false;
};

struct Verdict {
  std::optional<Det> issuer;                   // set: fetch this one's HHIT record, append it to the path, ask again
  Resolved result;                             // otherwise; addresses are the caller's to add. Its steps are there either way
};
// precondition: path is not empty
Verdict judge(std::span<const EntityRecords> path, const ChainPolicy& policy, Instant now);

const TrustAnchor* find_anchor(std::span<const TrustAnchor> anchors, const Det& det);

}  // namespace nrid::det
