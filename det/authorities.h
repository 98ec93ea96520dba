// Who may vouch besides the anchors (R-054, drip.md 2.4): what a walk found with CA:TRUE or an RAA has made its HDA. A UA's key is not
// here, although its numbers would permit it. Asked for again before its time is over, so that a Link is accepted at once when DNS has
// gone meanwhile: while it is in trouble they serve on, as keys do, never past their certificates. Safe from any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ed25519.h"
#include "det/hid_map.h"
#include "det/revocations.h"

namespace nrid::det {

struct Authority {
  PublicKey key{};
  Instant valid_until;                        // min(TTL, trust_until); DNS is asked again before
  Instant trust_until;                        // of its certificate, its endorsement, and of all above it
  std::string chain;                          // for people, as in KeyEntry
  Issuers issuers;
};

class Authorities {
 public:
  static constexpr size_t kMax = 1024;

  Authorities(const Revocations& revocations, Duration stale_max) : revocations_(revocations), stale_max_(stale_max) {}

  void put(const Det& det, Authority authority, Instant now);
  void erase(const Det& det);
  void in_trouble(const Det& det);            // DNS gave no answer that counts
  // None that is revoked, or hangs below one that is. `asked_first`: its time is over and nobody has asked DNS since.
  struct Found {
    std::optional<Authority> authority;
    bool asked_first = false;
  };
  Found find(const Det& det, Instant now) const;
  std::vector<Det> due(Instant now);          // to be asked for now, at most kAtOnce; each is said once per kAgain

 private:
  static constexpr Duration kAgain = seconds(10);
  static constexpr size_t kAtOnce = 16;       // so that aircraft find look-ups free
  struct Kept {
    Authority authority;
    Instant ask_at;
    bool trouble = false;
  };

  const Revocations& revocations_;
  const Duration stale_max_;
  mutable std::mutex mutex_;
  HidMap<Kept> kept_{kMax};
};

}  // namespace nrid::det
