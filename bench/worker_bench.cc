// A verify worker's own share of a message (design 4): everything but signatures, kernel and what its shard does. A real Worker on one
// thread over a port made of memory, SCHC frames from 4,096 aircraft whose keys lie in the real key cache, and a verifier that
// finds every signature good and costs nothing. user_ns_per_message is the thread's processor time over the second half of the messages:
// the first brings the worker's own memory in, as the first seconds of a server do.
#include <benchmark/benchmark.h>

#include "bench/thread_time.h"
#include "bench/worker_stage.h"

namespace {

using namespace nrid;
using namespace nrid::bench;

void worker_without_signatures(benchmark::State& state) {
  static Stage stage;
  const Now now = stage.clock.now();
  double spent_s = 0;
  uint64_t messages = 0;
  for (auto _ : state) {
    const auto round = std::make_unique<Round>(stage);
    double round_s = 0;
    for (size_t done = 0; done < kMessages; done += round->drain()) {
      const double from = thread_seconds();
      for (int batch = 0; batch < 16; ++batch) round->worker.step(now);
      if (done >= kMessages / 2) round_s += thread_seconds() - from;
    }
    CHECK(round->counters.total().refused_sum() == 0);
    state.SetIterationTime(round_s);
    spent_s += round_s;
    messages += kMessages / 2;
  }
  state.SetItemsProcessed(static_cast<int64_t>(messages));
  state.counters["user_ns_per_message"] = spent_s * 1e9 / static_cast<double>(messages);
}
BENCHMARK(worker_without_signatures)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
