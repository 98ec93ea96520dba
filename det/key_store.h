// What the key source knows, on disk, so that a restart finds its keys and authorities also when DNS is gone (R-009, resilience.md T28
// and T47). A copy of memory that comes a second later, not a source of truth: what is lost of it is asked for again in DNS. note() and
// forget() cost a look into a table and are safe from any thread; the rest is one thread's.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/result.h"
#include "base/store.h"

namespace nrid::det {

struct KeptKey {
  enum class Role : uint8_t { key, authority };
  Det det;
  Role role = Role::key;
  PublicKey key{};
  Instant fresh_until;                        // of its TTL
  Instant trust_until;
  bool by_fallback = false;
  std::string chain;
  std::vector<Det> issuers;                   // up to the anchor; empty: it is one
};

class KeyStore {
 public:
  // Makes the file if it is not there. `rows_max`: it holds at most twice as many of each role. `policy`: what verdicts rest on; rows of
  // another one are dropped.
  static StatusOr<std::unique_ptr<KeyStore>> open(const std::string& file, std::string_view policy, size_t rows_max);
  KeyStore(std::shared_ptr<Store> store, size_t rows_max) : store_(std::move(store)), rows_max_(rows_max) {}

  // The rows that may serve at `now`, the freshest first; those whose trust is over are deleted.
  Status load(Instant now, const std::function<void(KeptKey)>& take);

  void note(KeptKey key);
  void forget(const Det& det, KeptKey::Role role);  // nothing, of a row that is not there: anybody can make DNS deny a DET
  // What was noted since the last call, in one transaction. After a failure it is kept for the next, at most rows_max of it.
  Status write();

  size_t rows() const;

 private:
  using Place = std::pair<Det, KeptKey::Role>;
  using Changed = absl::flat_hash_map<Place, std::optional<KeptKey>>;  // nullopt: forgotten
  Status write_rows(const Changed& changed);
  Status trim();
  Status list_rows();

  const std::shared_ptr<Store> store_;
  const size_t rows_max_;
  mutable std::mutex mutex_;
  Changed changed_;
  absl::flat_hash_set<Place> stored_;
};

}  // namespace nrid::det
