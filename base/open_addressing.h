// What tables with open addressing and linear probing share: an entry leaves without a mark of what was.
#pragma once

#include <cstddef>

namespace nrid {

// The chain behind the hole moves up; returns the place that is free in the end. `mask`: places, a power of two, less one. used(place): is
// something there; home(place): where the search for it begins; move(from, to).
template <class Used, class Home, class Move>
size_t close_gap(size_t hole, size_t mask, Used used, Home home, Move move) {
  for (size_t next = (hole + 1) & mask; used(next); next = (next + 1) & mask) {
    if (((next - home(next)) & mask) < ((next - hole) & mask)) continue;
    move(next, hole);
    hole = next;
  }
  return hole;
}

}  // namespace nrid
