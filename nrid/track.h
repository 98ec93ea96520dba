// The live track of one operation (nrid.md ): samples leave strictly increasing in time. One that may have an
// earlier sample missing before it waits for reorder.window; how far apart samples are is learned from the track itself.
// What comes later than what has left is history: flagged late, never in the live feed. Pure; time is an argument.
#pragma once

#include <array>
#include <list>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "nrid/sighting.h"

namespace nrid {

class Track {
 public:
  static constexpr size_t kHeldMax = 64;
  // Moments that are remembered, tenths of a second: 17 minutes, more than a gateway keeps for later (nrid/spool.h), which does not
  // know what was heard and sends some packs again.
  static constexpr size_t kMomentsKept = 160 * 64;

  Track(Duration window, double speed_max_mps) : window_(window), speed_max_mps_(speed_max_mps) {}

  // As of now; what is held already keeps its time.
  void use(Duration window, double speed_max_mps) {
    window_ = window;
    speed_max_mps_ = speed_max_mps;
  }
  // Takes a sighting that has a location; appends to `out` what may leave now, in order.
  void add(Sighting sighting, Tick now, std::vector<Sighting>& out);
  void release(Tick now, std::vector<Sighting>& out);
  void flush(std::vector<Sighting>& out);
  // When release() has something to do.
  std::optional<Tick> due() const;
  // more than 60 s from the iat. Behind: history; far ahead: would silence the true samples after it.
  static bool stale(Instant sampled, Instant signed_at);

 private:
  struct Held {
    Sighting sighting;
    Tick release_by;
  };
  struct Point {
    Instant sampled;
    std::optional<int32_t> latitude_e7;
    std::optional<int32_t> longitude_e7;
  };
  bool may_leave(Instant sampled) const;
  bool first_of(Instant sampled);
  void make_room_for(int64_t word);
  void leave(Sighting sighting, std::vector<Sighting>& out);
  void leave_first(std::vector<Sighting>& out);
  bool plausible(const Sighting& next) const;

  Duration window_;
  double speed_max_mps_;
  std::list<Held> held_;                // ascending by sample time; most often none
  std::vector<uint64_t> moments_;       // a bit for each at which a sample was, from first_word_ * 64 on; grows with the flight
  int64_t first_word_ = 0;
  std::optional<Point> last_;           // newest that left
  std::array<Duration, 8> gaps_{};      // between the samples that left
  size_t gap_count_ = 0;
};

}  // namespace nrid
