// Who may speak for whom (nrid.md R-056): the list of the settings, changed at run time by modules; and which operations
// are open through which gateway, for packs that name no aircraft. Read by workers, any thread.
#pragma once

#include <optional>
#include <shared_mutex>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/det.h"

namespace nrid {

class Owners {
 public:
  explicit Owners(std::span<const std::pair<Det, Det>> gateways) {
    for (const auto& [gateway, ua] : gateways) allowed_.insert({gateway, ua});
  }
  // Everybody speaks for himself.
  bool may_speak(const Det& gateway, const Det& ua) const {
    if (gateway == ua) return true;
    const std::shared_lock lock(mutex_);
    return allowed_.contains({gateway, ua});
  }
  void allow(const Det& gateway, const Det& ua, bool allowed) {
    const std::unique_lock lock(mutex_);
    if (allowed) {
      allowed_.insert({gateway, ua});
    } else {
      allowed_.erase({gateway, ua});
    }
  }

  void opened(const Det& gateway, const Det& ua) {
    const std::unique_lock lock(mutex_);
    open_[gateway].insert(ua);
    flying_.insert(ua);
  }
  void closed(const Det& gateway, const Det& ua) {
    const std::unique_lock lock(mutex_);
    flying_.erase(ua);
    const auto found = open_.find(gateway);
    if (found == open_.end()) return;
    found->second.erase(ua);
    if (found->second.empty()) open_.erase(found);
  }
  bool is_open(const Det& ua) const {
    const std::shared_lock lock(mutex_);
    return flying_.contains(ua);
  }
  size_t open_count() const {
    const std::shared_lock lock(mutex_);
    return flying_.size();
  }
  // R-056 c: the one open operation of this gateway, if there is exactly one.
  std::optional<Det> only_open(const Det& gateway) const {
    const std::shared_lock lock(mutex_);
    const auto found = open_.find(gateway);
    if (found == open_.end() || found->second.size() != 1) return std::nullopt;
    return *found->second.begin();
  }

 private:
  mutable std::shared_mutex mutex_;
  absl::flat_hash_set<std::pair<Det, Det>> allowed_;
  absl::flat_hash_map<Det, absl::flat_hash_set<Det>> open_;
  absl::flat_hash_set<Det> flying_;
};

}  // namespace nrid
