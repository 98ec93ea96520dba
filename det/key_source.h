// The server's keys (base/key_source.h): a bounded cache in front of the resolver, R-009, and the locally registered
// sessions before it, R-010. find() costs one hash look-up under a lock that is held for nothing else. One look-up is
// under way per DET at most; what the resolver says "no" to is remembered for 30 s; when it is down, keys serve on, at
// most 24 h and never past their endorsements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/key_source.h"
#include "det/resolver.h"

namespace nrid::det {

class KeyStore;

struct KeySourceLimits {
  size_t keys_max = 65'536;                 // the coldest makes room
  size_t negatives_max = 16'384;            // refusals have room of their own: a flood of invented DETs evicts no key
  size_t in_flight_max = 1024;              // walks at once; more are refused with key_unavailable
  // DNS questions about DETs that no key is held of, so that invented ones cannot be made to flood a zone through us
  // (water torture). More are refused with key_unavailable. Each bucket holds one second of it.
  double zone_questions_per_s = 200;        // per HID: an HDA has a zone
  double all_questions_per_s = 1000;
  Duration negative = seconds(30);
  Duration retry = seconds(1);              // between look-ups of one DET while the resolver fails
  Duration stale_max = seconds(24 * 3600);
};

class DnsKeySource final : public KeySource {
 public:
  // References outlive the source, and `store`, if there is one. `lookup` is also the thread on which Answers come.
  DnsKeySource(ResolverSettings settings, KeySourceLimits limits, Lookup& lookup, const Clock& clock, KeyStore* store = nullptr);
  ~DnsKeySource() override;
  // Takes what the store holds, before the first find(). Keys serve until the time that they had; those that are older wait for DNS to
  // be in trouble. A row whose key is not the DET's, or whose anchor is no longer one, is passed over.
  Status restore();
  // Asks for authorities again whose time is nearly over, and writes to the store. About once a second, on one thread; waits for the disk.
  Status upkeep();
  // Is a key held that serves now, or would if DNS were in trouble?
  bool remembers(const Det& det, Now now) const;

  void prefetch(const Det& det) override;
  Result<KeyPtr> find(const Det& det, Now now) override;
  void request(const Det& det) override;
  void on_answer(std::function<void(const Answer&)> callback) override;
  Result<KeyPtr> learn(Bytes endorsement136, Now now) override;

  // A session registered here: resolved without DNS until `valid_until`. det_hi_mismatch, bad_kid,
  // unsupported_suite, unknown_key (the octets are no acceptable key). Lifts an earlier revoke() of that DET.
  Result<void> add_local(const Det& det, const PublicKey& key, Instant valid_until);
  // det_revoked at once, for local keys and resolved ones, and nothing learned or resolved later brings it back. An authority's
  // reaches what hangs below it: keys held, learned or found in DNS. Keys registered here hang below nobody.
  void revoke(const Det& det);
  // The same for the operator's list, whole: whom it no longer names is lifted, unless revoke() named him.
  void revoke_listed(std::span<const Det> dets);

  struct Stats {
    size_t keys = 0, negatives = 0, local = 0, revoked = 0, in_flight = 0, stored = 0;
    uint64_t hits = 0, misses = 0, lookups = 0, failures = 0, learned = 0, evicted = 0, stale_served = 0;
  };
  Stats stats() const;

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace nrid::det
