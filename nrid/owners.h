// Who may speak for whom (nrid.md R-056): the list of the settings, which a reload replaces, and what modules say, which holds
// against the list; and which operations are open through which gateway, for packs that name no aircraft. Any thread.
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
  using Pairs = absl::flat_hash_set<std::pair<Det, Det>>;

  explicit Owners(std::span<const std::pair<Det, Det>> gateways) : listed_(gateways.begin(), gateways.end()) {}
  // Everybody speaks for himself.
  bool may_speak(const Det& gateway, const Det& ua) const {
    if (gateway == ua) return true;
    const std::shared_lock lock(mutex_);
    const std::pair<Det, Det> pair{gateway, ua};
    return granted_.contains(pair) || (listed_.contains(pair) && !denied_.contains(pair));
  }
  void allow(const Det& gateway, const Det& ua, bool allowed) {
    const std::unique_lock lock(mutex_);
    const std::pair<Det, Det> pair{gateway, ua};
    if (allowed) {
      granted_.insert(pair);
      denied_.erase(pair);
    } else {
      granted_.erase(pair);
      if (listed_.contains(pair)) denied_.insert(pair);  // so at most as many as are listed
    }
  }
  void list(std::span<const std::pair<Det, Det>> gateways) {
    Pairs next(gateways.begin(), gateways.end());
    const std::unique_lock lock(mutex_);
    listed_.swap(next);
    absl::erase_if(denied_, [this](const auto& pair) { return !listed_.contains(pair); });
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
  Pairs listed_, granted_, denied_;
  absl::flat_hash_map<Det, absl::flat_hash_set<Det>> open_;
  absl::flat_hash_set<Det> flying_;
};

}  // namespace nrid
