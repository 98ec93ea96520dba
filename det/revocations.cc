#include "det/revocations.h"

#include <algorithm>

namespace nrid::det {

Issuers IssuerLists::of(std::vector<Det> issuers) {
  if (issuers.empty()) return nullptr;
  const std::lock_guard lock(mutex_);
  if (const auto at = lists_.find(issuers); at != lists_.end()) return at->second;
  if (lists_.size() >= kListsMax) lists_.clear();
  auto list = std::make_shared<const std::vector<Det>>(issuers);
  return lists_.emplace(std::move(issuers), std::move(list)).first->second;
}

void Revocations::revoke(const Det& det) {
  const std::lock_guard lock(mutex_);
  revoked_[det] |= kModule;
  changed();
}

void Revocations::lift(const Det& det) {
  const std::lock_guard lock(mutex_);
  const auto at = revoked_.find(det);
  if (at == revoked_.end()) return;
  at->second &= static_cast<uint8_t>(~kModule);
  if (at->second == 0) revoked_.erase(at);
  changed();
}

void Revocations::list(std::span<const Det> dets) {
  const std::lock_guard lock(mutex_);
  const auto before = revoked_;
  absl::erase_if(revoked_, [](auto& one) { return (one.second &= static_cast<uint8_t>(~kOperator)) == 0; });
  for (const Det& det : dets) revoked_[det] |= kOperator;
  if (revoked_ != before) changed();
}

// Called under the lock, so that who reads the new generation finds the new set behind it.
void Revocations::changed() {
  size_.store(revoked_.size(), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
}

bool Revocations::holds(const Det& det) const { return reaches(det, nullptr); }

bool Revocations::reaches(const Det& det, const Issuers& issuers) const {
  if (size_.load(std::memory_order_relaxed) == 0) return false;
  const std::shared_lock lock(mutex_);
  if (revoked_.contains(det)) return true;
  return issuers != nullptr && std::any_of(issuers->begin(), issuers->end(), [&](const Det& issuer) { return revoked_.contains(issuer); });
}

size_t Revocations::size() const { return size_.load(std::memory_order_relaxed); }

}  // namespace nrid::det
