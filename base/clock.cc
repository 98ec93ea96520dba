#include "base/clock.h"

#include <time.h>

namespace nrid {
namespace {

int64_t read_us(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace

Now SystemClock::now() const { return {Instant{read_us(CLOCK_REALTIME)}, Tick{read_us(CLOCK_MONOTONIC)}}; }

}  // namespace nrid
