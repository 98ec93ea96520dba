// Where a program's memory goes: every block that `new` gave and nobody gave back, by its size as the allocator made it, and what the process has in
// memory. Linked into the benchmarks that ask; counting costs a few nanoseconds, so no time is measured beside it that `new` is a share of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nrid::bench {

inline constexpr size_t kClass = 16, kClasses = 257;  // the last one holds all blocks above 4 KiB

struct Heap {
  std::array<int64_t, kClasses> blocks{};  // alive now
  int64_t octets = 0;
  int64_t large_octets = 0;                // of them in blocks above 4 KiB: tables that grow
  static size_t class_of(size_t octets) { return octets / kClass < kClasses ? octets / kClass : kClasses - 1; }
};
Heap heap_now();                         // any thread
int64_t resident_octets();               // after what is free went back to the system

}  // namespace nrid::bench
