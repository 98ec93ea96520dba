// Who leaves and who comes, counted for the whole server, all shards: how crowded we are (with hysteresis), how many flights may
// be sent away now (T39), how many are on their way to each peer, and the places that we keep for aircraft that peers
// send to us. Bounded; one lock; any thread.
#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "nrid/rate.h"
#include "nrid/redirect.h"

namespace nrid {

class Outflow {
 public:
  struct Level {
    bool crowded = false;
    bool shedding = false;
  };
  // What leaves already is not counted as carried.
  Level level(uint64_t carried, uint64_t capacity, const RedirectSettings& settings, Tick now);
  // One of `flights` wants to leave now: 5 % of them a second, at least one in 20 s.
  bool take(uint64_t flights, Tick now);

  void leaving(const Det& sp);             // told to go
  void left(const Det& sp);                // gone, as far as we know; counted until forget()
  void stays(const Det& sp);               // did not go after all
  void forget(const Det& sp);              // gone and forgotten, or back
  uint64_t sent_to(const Det& sp) const;   // leaving and left

 private:
  struct Count { uint64_t leaving = 0, left = 0; };
  mutable std::mutex mutex_;
  absl::flat_hash_map<Det, Count> counts_; // at most one per peer of the lists that were ever read
  uint64_t leaving_ = 0;
  std::optional<Tick> crowded_since_;
  bool shedding_ = false;
  Bucket bucket_;
};

class Reservations {
 public:
  explicit Reservations(size_t places_max) : places_max_(places_max) {}
  // False: no place. Asked again for the same aircraft it renews.
  bool reserve(const Det& ua, uint64_t carried, uint64_t capacity, Duration life, Tick now);
  void arrived(const Det& ua);
  uint64_t count(Tick now) const;

 private:
  void expire(Tick now) const;
  const size_t places_max_;
  mutable std::mutex mutex_;
  mutable absl::flat_hash_map<Det, Tick> until_;
  mutable std::deque<std::pair<Tick, Det>> order_;  // one life for all, so the oldest is in front
};

// The peer table of this moment: read by shards and commands, swapped whole by whoever loaded a new one.
class PublishedPeers {
 public:
  void publish(std::shared_ptr<const PeerTable> table) {
    const std::lock_guard lock(mutex_);
    table_ = std::move(table);
  }
  std::shared_ptr<const PeerTable> snapshot() const {
    const std::lock_guard lock(mutex_);
    return table_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const PeerTable> table_ = std::make_shared<const PeerTable>();
};

}  // namespace nrid
