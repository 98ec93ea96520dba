// Datagrams that wait for a key (nrid.md R-009): at most 64 per DET and 4096 in all, each for 3 s. A parked datagram is kept as
// it came and makes its whole journey again, so nothing half-judged is stored. Shared by all workers; the resolver's
// thread only marks a DET as answered.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"
#include "base/det.h"
#include "base/errors.h"
#include "nrid/reply.h"

namespace nrid {

struct Parked {
  Buffer datagram;
  ReplyPath path;
  Instant received;                 // times are judged by it: waiting costs the sender nothing
  Det waits_for;
  Error answer = Error::none;       // why there is no key, once that is known
  Tick deadline;
  bool acked = false;
  bool rate_taken = false;
};

class Parking {
 public:
  Parking(size_t total_max, size_t per_det_max) : total_max_(total_max), per_det_max_(per_det_max) {}

  // For `wait`, or a little longer where those before it wait longer. False when full: Error::parking_full is the caller's
  // to count.
  bool park(Parked&& parked, Tick now, Duration wait);
  // The answer for a DET: its datagrams are ready. Error::none when there is a key.
  void answered(const Det& det, Error error);
  // Up to `batch_max` datagrams that are ready, or whose wait is over (answer key_unavailable).
  void take(Tick now, size_t batch_max, std::vector<Parked>& out);
  // When take() has something: INT64_MAX when nothing waits, the epoch when something is ready.
  Tick next_due() const;
  size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  void expire(Tick now);

  const size_t total_max_;
  const size_t per_det_max_;
  mutable std::mutex mutex_;
  absl::flat_hash_map<Det, std::vector<Parked>> waiting_;
  std::deque<std::pair<Tick, Det>> deadlines_;  // one per park(), ascending
  std::deque<Parked> ready_;
  std::atomic<size_t> size_{0};     // waiting and ready
};

}  // namespace nrid
