// A verify worker allocates nothing for a message (design 4), beside what its tables need until they have their size: operator new
// of this program counts while it is told to. NON telemetry in flight, over SCHC, with the real key cache and replay filter;
// signatures cost nothing here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "bench/worker_stage.h"

namespace {
thread_local bool counting = false;
thread_local size_t allocations = 0;

void* counted(size_t size) {
  if (counting) ++allocations;
  void* const at = std::malloc(size);
  if (at == nullptr) throw std::bad_alloc();
  return at;
}
}  // namespace

void* operator new(size_t size) { return counted(size); }
void* operator new[](size_t size) { return counted(size); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete[](void* at) noexcept { std::free(at); }
void operator delete(void* at, size_t) noexcept { std::free(at); }
void operator delete[](void* at, size_t) noexcept { std::free(at); }

namespace nrid::bench {
namespace {

TEST(WorkerCost, NothingIsAllocatedForAMessage) {
  Stage stage;
  Round round(stage);
  const Now now = stage.clock.now();
  size_t done = 0;
  const auto take = [&](size_t until, bool count) {
    while (done < until) {
      counting = count;
      round.worker.step(now);
      counting = false;
      const size_t some = round.drain();
      ASSERT_GT(some, 0u);
      done += some;
    }
  };
  take(kMessages / 2, false);              // its own tables grow to their size
  allocations = 0;
  take(kMessages, true);
  constexpr size_t kGrowth = 8;            // tables that still grow; one for each message would be a thousand times that
  EXPECT_LE(allocations, kGrowth) << "in " << kMessages / 2 << " messages";
  EXPECT_EQ(round.counters.total().refused_sum(), 0u);

  allocations = 0;
  counting = true;                         // it would have been seen
  delete new int(1);
  counting = false;
  EXPECT_EQ(allocations, 1u);
}

}  // namespace
}  // namespace nrid::bench
