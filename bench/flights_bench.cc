// flights_bench [FLIGHTS [SIGNED]]: what a provider's memory holds of each of very many flights, and how late their Heartbeats leave. One flat JSON object;
// octets and blocks are of one flight.
//   flight_*  a real shard with FLIGHTS flights, each of which started and sent its position four times at 1 Hz: resident memory and heap against before;
//             those heard of first are lost by then, with the same state; what it holds after as many positions as a track remembers is weighed with fewer flights;
//   table_*   the tables beside the shard's, each alone, one entry a flight (the replay filter: one a message, for as long as its token could come again);
//   late_*    the shard's thread, real clock, all flights' Heartbeats over two periods of silence, to a port without a kernel behind it: with
//             signatures that cost nothing for FLIGHTS flights, with real ones for SIGNED flights, how late after it was due each left; one that had not left
//             at the end counts as late as it then was;
//   wheel_*   the timer wheel alone: processor time of taking out a timer that is due and setting the next.
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "bench/flights_stage.h"
#include "bench/heap_count.h"
#include "bench/thread_time.h"
#include "det/key_cache.h"

namespace {

using namespace nrid;
using namespace nrid::bench;

constexpr size_t kOldFlights = 250;
constexpr size_t kPositions = 4;
constexpr size_t kParts = 25;
constexpr size_t kBlocksNamed = 8;

double each_of(int64_t octets, size_t flights) { return static_cast<double>(octets) / static_cast<double>(flights); }

// The sizes of blocks of which a flight holds most octets.
void print_blocks(const Heap& before, const Heap& after, size_t flights) {
  std::vector<std::pair<double, size_t>> held;
  for (size_t i = 0; i + 1 < kClasses; ++i) {
    const double blocks = static_cast<double>(after.blocks[i] - before.blocks[i]) / static_cast<double>(flights);
    if (blocks >= 0.01) held.emplace_back(blocks * static_cast<double>(i * kClass + kClass / 2), i);
  }
  std::sort(held.rbegin(), held.rend());
  for (size_t i = 0; i < std::min(held.size(), kBlocksNamed); ++i) {
    const size_t size = held[i].second * kClass + kClass / 2;  // the allocator's blocks are 16 n + 8 octets
    std::printf(", \"flight_block_%zu\": %.2f", size, static_cast<double>(after.blocks[held[i].second] - before.blocks[held[i].second]) / static_cast<double>(flights));
  }
}

double weigh_flights(size_t flights) {      // returns the heap of one
  SeededRandom random(1);
  const Forger signer(random);
  auto world = std::make_unique<Flights>(flights, signer);
  const int64_t resident = resident_octets();
  const Heap before = heap_now();
  // One part after the other: a track holds a flight's first positions back for a moment, and memory for a million of them at once would stand empty ever after.
  for (size_t part = 0; part < kParts; ++part) {
    const size_t first = flights * part / kParts, end = flights * (part + 1) / kParts;
    world->fly(true, seconds(1), first, end);
    for (size_t i = 0; i < kPositions; ++i) world->fly(false, seconds(1), first, end);
    world->pass(Timers().reorder_window);
  }
  CHECK(world->sightings > flights * (1 + kPositions) && world->shared.owners.open_count() == flights && world->counters.total().refused_sum() == 0);
  const Heap after = heap_now();
  std::printf("{\"flights\": %zu, \"flight_octets\": %.0f, \"flight_heap_octets\": %.0f, \"flight_heap_tables\": %.0f, \"flight_sizeof_operation\": %zu", flights,
              each_of(resident_octets() - resident, flights), each_of(after.octets - before.octets, flights), each_of(after.large_octets - before.large_octets, flights), sizeof(Operation));
  print_blocks(before, after, flights);
  return each_of(after.octets - before.octets, flights);
}

// What a flight has more when it has sent as much as its track remembers, added to what it had before.
void weigh_old_flights(double young) {
  SeededRandom random(1);
  const Forger signer(random);
  Flights world(kOldFlights, signer);
  world.fly(true, seconds(1));
  const auto positions = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) world.fly(false, seconds(1));
    world.pass(Timers().reorder_window);
  };
  positions(kPositions);
  const Heap before = heap_now();
  positions(Track::kMomentsKept / 10);
  std::printf(", \"flight_heap_octets_old\": %.0f", young + each_of(heap_now().octets - before.octets, kOldFlights));
}

// `make` returns what is to be weighed while it lives.
template <class Make>
void weigh_table(const char* name, size_t entries, Make make) {
  const int64_t resident = resident_octets();
  const auto table = make();
  std::printf(", \"table_octets_%s\": %.0f", name, each_of(resident_octets() - resident, entries));
}

void weigh_tables(size_t flights) {
  SystemRandom random;
  SeededRandom seeded(3);
  const auto det_of = [&] {
    Det det;
    seeded.fill(det.octets);
    return det;
  };
  const Tick now{1'000'000};
  weigh_table("replay", flights, [&] {
    auto table = std::make_unique<Duplicates>(flights * 5 / 4 + 4096, random);  // its stripes fill unevenly; what is not used costs nothing
    for (size_t i = 0; i < flights; ++i) {
      Digest16 digest;
      seeded.fill(digest);
      CHECK(table->enter(digest, at_second(1), at_second(99)) == Duplicates::Entered::fresh);
    }
    return table;
  });
  weigh_table("rates", flights, [&] {
    auto table = std::make_unique<DetRates>(flights, random);
    for (size_t i = 0; i < flights; ++i) table->take(det_of(), now, 10, 20);
    return table;
  });
  weigh_table("paths", flights, [&] {
    auto table = std::make_unique<KnownPaths>(flights, random);
    for (size_t i = 0; i < flights; ++i) table->note(det_of(), address_of(static_cast<uint32_t>(i), 1), now);
    return table;
  });
  weigh_table("owners", flights, [&] {
    auto table = std::make_unique<Owners>(std::span<const std::pair<Det, Det>>());
    for (size_t i = 0; i < flights; ++i) {
      const Det det = det_of();
      table->opened(det, det);
    }
    return table;
  });
  const det::Revocations revocations;
  const auto issuers = std::make_shared<const std::vector<Det>>(2);  // all flights hang below the same
  weigh_table("keys", flights, [&] {
    det::KeySourceLimits limits;
    limits.keys_max = flights * 5 / 4 + 4096;
    auto table = std::make_unique<det::KeyCache>(limits, revocations);
    const Now at{at_second(1), now};
    for (size_t i = 0; i < flights; ++i) {
      auto key = std::make_shared<KeyEntry>();
      key->det = det_of();
      key->valid_until = at_second(3600);
      const std::string name = to_text(key->det);
      key->chain = name + " < " + name + " < " + name + " (anchor)";
      table->put(key, at_second(7200), issuers, at);
    }
    return table;
  });
}

void time_wheel(size_t timers) {
  struct Key {                            // as long as the shard's
    std::array<uint64_t, 3> of{};
    bool operator<(const Key& o) const { return of < o.of; }
  };
  TimerWheel<Key> wheel;
  const int64_t period = Timers().heartbeat.us;
  SeededRandom random(5);
  for (size_t i = 0; i < timers; ++i) wheel.set({static_cast<int64_t>(random.below(static_cast<uint64_t>(period)))}, {{random.u64(), 0, i}});
  std::vector<TimerWheel<Key>::Timer> fired;
  size_t count = 0;
  const double before = thread_seconds();
  for (int64_t us = 0; us < 2 * period; us += 1000) {
    fired.clear();
    wheel.advance({us}, fired);
    for (const auto& each : fired) wheel.set({each.due.us + period}, each.key);
    count += fired.size();
  }
  const double ns = (thread_seconds() - before) * 1e9 / static_cast<double>(count);
  std::printf(", \"wheel_ns\": %.1f, \"wheel_cpu_share\": %.4f", ns, ns * 1e-9 * static_cast<double>(timers) / static_cast<double>(Timers().heartbeat.seconds()));
}

void time_heartbeats(const char* name, size_t flights, const Signer& signer) {
  Flights world(flights, signer);
  world.fly(true, Timers().heartbeat);
  HeartbeatWatch& watch = world.port.heartbeats;
  watch.noting = true;
  watch.late_ms.reserve(4 * flights);
  world.clock.run();
  const double before = thread_seconds();
  // Two periods but a moment: the third Heartbeat finds that nothing was heard for R*P and stays.
  const Duration time{2 * Timers().heartbeat.us - 500'000};
  world.run_for(time);
  const double share = (thread_seconds() - before) * 1e6 / static_cast<double>(time.us);
  const CounterTotals counted = world.counters.total();
  CHECK(counted.get(Counter::replies_withheld) == 0 && counted.get(Counter::operation_lost) == 0);
  const size_t missing = watch.note_overdue(world.clock.now().tick);
  std::vector<double>& late = watch.late_ms;
  CHECK(late.size() >= flights);
  std::printf(", \"late_flights_%s\": %zu, \"late_heartbeats_%s\": %zu, \"late_unsent_%s\": %zu, \"late_busy_%s\": %.2f", name, flights, name, late.size(), name, missing, name, share);
  std::printf(", \"late_p50_ms_%s\": %.2f, \"late_p99_ms_%s\": %.2f, \"late_max_ms_%s\": %.2f", name, quantile(late, 500), name, quantile(late, 990), name, quantile(late, 1000));
}

}  // namespace

int main(int argc, char** argv) {
  const size_t flights = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  const size_t with_signatures = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : flights / 10;
  if (flights < 1000 || flights >= 1 << 24 || with_signatures == 0) return std::fprintf(stderr, "flights_bench [FLIGHTS [SIGNED]], 1000 to 16777215 of them\n"), 2;
  weigh_old_flights(weigh_flights(flights));
  weigh_tables(flights);
  time_wheel(flights);
  SeededRandom random(1);
  time_heartbeats("unsigned", flights, Forger(random));
  time_heartbeats("signed", with_signatures, SeedSigner(seed_of(1)));
  std::printf("}\n");
  return 0;
}
