// The memory behind DnsKeySource: keys until their TTL, refusals for 30 s, local DETs until told otherwise. A key that is
// revoked (det/revocations.h) stays and is not served, so that who is lifted is there at once. Sharded by DET. Who makes room is the
// oldest that was not used since it was last about to (a use only sets a flag, for every message is one); refusals have room of their
// own, so that a flood of invented DETs pushes out no key. Times to live run on the monotonic clock, trust (notAfter, VNA) on the wall
// clock. Safe from any thread.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/key_source.h"
#include "det/key_source.h"
#include "det/revocations.h"

namespace nrid::det {

// Salted, since peers choose the DETs.
struct DetHash {
  size_t operator()(const Det& det) const;
};

class KeyCache {
 public:
  struct Found {
    KeyPtr key;
    Error error = Error::key_unavailable;   // when there is no key
    bool settled = false;                   // the error is a verdict that still holds: asking again now is no use
    bool refresh = false;                   // the caller should ask again in the background; said once per retry time
    std::string reason;                     // of a settled error; filled by peek() and the put functions, not by find()
    bool had_key = false;                   // one was held and its time is over: this DET is not invented
    bool by_fallback = false;               // that key, or the one here, came from the fallback name
  };

  KeyCache(const KeySourceLimits& limits, const Revocations& revocations);  // which outlive it

  void prefetch(const Det& det);            // for a find() that comes soon
  Found find(const Det& det, Now now);
  Found peek(const Det& det, Now now);      // the same without being counted as a use
  bool remembers(const Det& det, Now now);  // a key that serves now, or would after put_trouble()
  // Each returns what a find() would see afterwards; local DETs stay what they are.
  Found put(std::shared_ptr<const KeyEntry> entry, Instant trust_until, Issuers issuers, Now now, bool by_fallback = false);
  Found put_no(const Det& det, Error error, const std::string& reason, Now now);
  // The resolver failed: an older key serves on, marked stale (at most stale_max, never past its trust).
  Found put_trouble(const Det& det, const std::string& reason, Now now);

  void put_local(std::shared_ptr<const KeyEntry> entry);

  DnsKeySource::Stats stats() const;

 private:
  enum class Kind : uint8_t { positive, negative, local };
  struct Entry {
    Kind kind = Kind::negative;
    bool trouble = false;                   // the last look-up failed for the resolver's sake
    bool used = false;                      // since it last stood at the end of its order
    bool by_fallback = false;
    bool revoked = false;                   // as of the generation `judged`
    uint32_t judged = 0;
    KeyPtr key;
    Issuers issuers;
    Instant trust_until;
    Tick expires;                           // TTL of a key, or of a refusal
    Tick refresh_at;
    Error error = Error::key_unavailable;
    std::string reason;
    std::list<Det>::iterator order;         // in its shard's list of that kind
  };
  struct Shard {
    mutable std::mutex mutex;
    absl::flat_hash_map<Det, Entry, DetHash> entries;
    std::array<std::list<Det>, 3> order;    // by Kind; the next to go at the end
    uint64_t hits = 0, misses = 0, evicted = 0, stale_served = 0;
  };

  Shard& shard(const Det& det) { return shards_[DetHash()(det) >> 20 & (shards_.size() - 1)]; }
  bool revoked(const Det& det, Entry& entry) const;
  Found look_revoked(const Det& det, const Entry& entry, Now now, bool use) const;
  Found look(Shard& in, const Det& det, Now now, bool use);
  Found look_positive(Shard& in, Entry& entry, Now now, bool use);
  Entry& place(Shard& in, const Det& det, Kind kind);
  void drop(Shard& in, const Det& det);
  bool fixed(const Shard& in, const Det& det, Now now) const;
  bool outlasts_trouble(const Entry& entry, Now now) const { return now.wall <= entry.trust_until && now.tick < entry.expires + limits_.stale_max; }

  KeySourceLimits limits_;
  const Revocations& revocations_;
  std::vector<Shard> shards_;
};

}  // namespace nrid::det
