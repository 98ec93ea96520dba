// Processor time of the calling thread, the kernel's part included.
#pragma once

#include <time.h>

namespace nrid::bench {

inline double thread_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace nrid::bench
