// Who is revoked here, and how far that reaches: a DET is refused when it is named itself or when one of those who vouch for it is.
// Two hands write: modules, one DET at a time, and the operator, whose list (policy.revoked) comes whole with each reading of
// the settings. What one of them lifts the other may still hold. While nothing changes a reader pays for one load: it keeps its verdict
// beside the generation that it was made in (det/key_cache.h). Safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/det.h"

namespace nrid::det {

// Who vouches for a DET, from its issuer up to the anchor; null: nobody, it is an anchor or registered here.
using Issuers = std::shared_ptr<const std::vector<Det>>;

// Many keys hang below few authorities: they share one list.
class IssuerLists {
 public:
  Issuers of(std::vector<Det> issuers);

 private:
  static constexpr size_t kListsMax = 1024;   // then they begin anew; keys keep the lists that they have
  std::mutex mutex_;
  std::map<std::vector<Det>, Issuers> lists_;
};

class Revocations {
 public:
  void revoke(const Det& det);                // by a module
  void lift(const Det& det);                  // what a module revoked
  void list(std::span<const Det> dets);       // the operator's, whole: who is no longer on it is lifted

  // Another one after each change; 0 while there was none. Who has seen it sees the change: a verdict kept beside it would stay wrong.
  uint32_t generation() const { return generation_.load(std::memory_order_acquire); }
  bool holds(const Det& det) const;
  bool reaches(const Det& det, const Issuers& issuers) const;
  size_t size() const;

 private:
  enum By : uint8_t { kModule = 1, kOperator = 2 };
  void changed();

  mutable std::shared_mutex mutex_;
  absl::flat_hash_map<Det, uint8_t> revoked_;  // By, or-ed
  std::atomic<uint32_t> generation_ = 0;
  std::atomic<size_t> size_ = 0;               // so that nobody locks while nothing is revoked
};

}  // namespace nrid::det
