#include "det/authorities.h"

#include <algorithm>

namespace nrid::det {

void Authorities::put(const Det& det, Authority authority, Instant now) {
  const Duration life = std::max(authority.valid_until - now, Duration{0});
  const Instant ask_at = authority.valid_until - std::min(Duration{life.us / 5}, seconds(30));
  const std::lock_guard lock(mutex_);
  kept_.put(det, {std::move(authority), ask_at});
}

void Authorities::erase(const Det& det) {
  const std::lock_guard lock(mutex_);
  kept_.erase(det);
}

void Authorities::in_trouble(const Det& det) {
  const std::lock_guard lock(mutex_);
  if (Kept* const kept = kept_.find(det)) kept->trouble = true;
}

Authorities::Found Authorities::find(const Det& det, Instant now) const {
  const std::lock_guard lock(mutex_);
  const Kept* const kept = kept_.find(det);
  if (kept == nullptr || kept->authority.trust_until < now || revocations_.reaches(det, kept->authority.issuers)) return {};
  const Instant until = kept->authority.valid_until;
  if (now <= until || (kept->trouble && now <= until + stale_max_)) return {kept->authority};
  return {.authority = {}, .asked_first = !kept->trouble};
}

std::vector<Det> Authorities::due(Instant now) {
  std::vector<Det> out;
  const std::lock_guard lock(mutex_);
  kept_.each([&](const Det& det, Kept& kept) {
    if (now < kept.ask_at || kept.authority.trust_until < now || out.size() == kAtOnce) return;
    kept.ask_at = now + kAgain;
    out.push_back(det);
  });
  return out;
}

}  // namespace nrid::det
