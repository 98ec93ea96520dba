// What of the settings may change while the server runs (nrid.md section 0): the identities it answers for, timers, policy, and what
// one registry wants otherwise. One immutable snapshot is published; each worker and shard takes it once per batch, so a
// batch sees one set of rules, whole. A rotation of our key is such a change: for its time two identities are held.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/ed25519.h"
#include "nrid/policy.h"

namespace nrid {

struct Identity {
  Det det;
  std::shared_ptr<const Signer> signer;  // its key hashes to `det`
};

struct HdaTerms {                        // what an aircraft (or the signer of a token) of this registry is measured by
  Hid hid;
  Timers timers;
  Policy policy;                         // accept_hids, gateways, conformance and allow_relative are the server's alone
};

struct Config {
  static constexpr size_t kIdentitiesMax = 2;
  static constexpr size_t kHdasMax = 256;

  std::vector<Identity> identities;      // 1..kIdentitiesMax, the one that we hand out first
  Timers timers;
  Policy policy;
  std::vector<HdaTerms> hdas;            // ascending by hid

  // a DET whose key we hold, or null.
  const Identity* identity(const Det& sp) const;
  // The key that this DET's Heartbeats are signed with; one that we no longer hold falls back to the first.
  const Identity& speaks_as(const Det& sp) const;
  const Timers& timers_of(const Det& det) const;
  const Policy& policy_of(const Det& det) const;

 private:
  const HdaTerms* terms_of(const Det& det) const;
};

// The newest snapshot. publish() and take() from any thread; a reader belongs to one thread and touches the lock only in its
// first batch after a change.
class Published {
 public:
  explicit Published(Config first);
  void publish(Config next);
  std::shared_ptr<const Config> take() const;

  class Reader {
   public:
    explicit Reader(const Published& source) : source_(&source) { refresh(); }
    // True when the snapshot is another than before.
    bool refresh();
    const Config& config() const { return *config_; }

   private:
    const Published* source_;
    uint64_t seen_ = 0;
    std::shared_ptr<const Config> config_;
  };

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> current_;
  std::atomic<uint64_t> generation_ = 1;
};

}  // namespace nrid
