// Store and forward: positions that the provider may not have heard, kept in memory with their own time. What left while
// the provider was silent is uncertain until its next Heartbeat: after a short pause it counts as heard, after a long one it
// is sent again. What could not leave at all is sent again in any case. Bounded: the oldest goes first, and is counted.
#pragma once

#include <deque>

#include "nrid/flight_source.h"

namespace nrid {

struct SpoolPolicy {
  size_t max = 600;                         // positions; ten minutes at 1 Hz
  // A Location has tenths of a second after the hour and is dated by its message: past half an hour it would be
  // taken for one of the next hour.
  Duration age_max = seconds(1500);
  Duration gap = milliseconds(250);         // four a second beside the live position, below the provider's rate
};

struct SpoolCounts {
  uint64_t sent = 0;
  uint64_t dropped_full = 0;                // the oldest, for want of room
  uint64_t dropped_old = 0;                 // past age_max
  uint64_t dropped_window = 0;              // the aircraft's own Wrapper ran out, and nobody here can sign another
  uint64_t dropped() const { return dropped_full + dropped_old + dropped_window; }
};

class Spool {
 public:
  explicit Spool(SpoolPolicy policy) : policy_(policy) {}

  // A live position was sent; `left`: the network took it. One that repeats the last one's time is not kept twice.
  void sent(const SourcePack& pack, bool left);
  // A Heartbeat was accepted; `after_silence`: the provider may have missed what was sent since the one before.
  void heard(bool after_silence);

  size_t waiting() const { return waiting_.size(); }
  const SpoolCounts& counts() const { return counts_; }
  // The oldest that may still be sent, if the pace allows; stays until took() is called. What is too old goes on the way.
  const SourcePack* due(Now now);
  void took(Now now);                       // it was sent
  void give_up();                           // it cannot be signed any more
  void later(Now now);                      // it could not leave
  Tick next() const { return next_; }

 private:
  struct Kept {
    SourcePack pack;
    bool left = false;
  };
  void make_room();

  SpoolPolicy policy_;
  SpoolCounts counts_;
  std::deque<Kept> uncertain_;              // since the last Heartbeat, by time
  std::deque<SourcePack> waiting_;          // to be sent again, by time
  Tick next_;
};

}  // namespace nrid
