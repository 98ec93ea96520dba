// load_bench [SECONDS [AIRCRAFT [PERCENT]]]: how long it takes from a position to the module that hears of it, while a whole server works at PERCENT of what its
// worker could do, and how late Heartbeats leave meanwhile. What it could do is measured first: the worker's processor time for a message in full bursts.
// Then as many of AIRCRAFT as that needs at ten a second, each from an address of its own, send signed positions in an even, open loop over UDP on loopback,
// SCHC, known keys, the fastest back end; all are signed before, for the second in which they leave. A position's time counts from when it was due to leave, whether the generator was late
// or not (`left`: from when it left), until the module's on_sightings() has it. One flat JSON object.
#include <pthread.h>

#include <cstdio>
#include <cstdlib>

#include "absl/container/flat_hash_map.h"
#include "bench/server_stage.h"
#include "bench/thread_time.h"

namespace {

using namespace nrid;
using namespace nrid::bench;

constexpr size_t kProbeRounds = 5, kSendMax = 64;
constexpr int64_t kSettleUs = 3'000'000;

// Which message a sighting came from stands in its latitude: how many this aircraft has sent before.
class Watcher final : public Module {
 public:
  explicit Watcher(const Fleet& fleet) {
    for (uint32_t i = 0; i < fleet.parties.size(); ++i) number_of_[fleet.parties[i]->det] = i;
  }
  std::string_view name() const override { return "watcher"; }
  Status start(ModuleHost&) override { return {}; }
  void on_sightings(std::span<const Sighting> batch) override {
    if (!watching_.load(std::memory_order_acquire)) return;
    const int64_t now_us = clock_->now().tick.us;
    for (const Sighting& each : batch) {
      if (!each.location || !each.location->latitude_e7) continue;
      const int64_t row = *each.location->latitude_e7 - first_e7_;
      const int64_t message = row * aircraft_ + number_of_.at(each.ua);
      if (row < 0 || message >= static_cast<int64_t>(seen_us.size())) continue;  // of before
      seen_us[static_cast<size_t>(message)] = now_us;
      seen.fetch_add(1, std::memory_order_release);
    }
  }
  void on_event(const FlightEvent&) override {}
  void on_tick(Instant) override {}
  void watch(const Clock& clock, int32_t first_e7, size_t aircraft, size_t messages) {
    aircraft_ = static_cast<int64_t>(aircraft);
    clock_ = &clock;
    first_e7_ = first_e7;
    seen_us.assign(messages, 0);
    watching_.store(true, std::memory_order_release);
  }
  std::vector<int64_t> seen_us;           // 0: not yet
  std::atomic<size_t> seen{0};

 private:
  absl::flat_hash_map<Det, uint32_t> number_of_;
  const Clock* clock_ = nullptr;
  int32_t first_e7_ = 0;
  int64_t aircraft_ = 0;
  std::atomic<bool> watching_ = false;
};

class HeartbeatTap final : public Tap {
 public:
  explicit HeartbeatTap(size_t flights) : heartbeats(flights) {}
  size_t send(std::span<const Outgoing> datagrams) override {
    static thread_local const bool of_shard = on_shard();
    if (!of_shard) return Tap::send(datagrams);  // the worker says no, when there is too much
    const Tick step = SteppedClock::last_read();
    const size_t sent = Tap::send(datagrams);
    heartbeats.note(datagrams, step, clock->now().tick);
    return sent;
  }
  HeartbeatWatch heartbeats;

 private:
  static bool on_shard() {
    std::array<char, 16> name{};
    return pthread_getname_np(pthread_self(), name.data(), name.size()) == 0 && std::string_view(name.data()) == "shard-0";
  }
};

// Each of `aircraft` sends once in a period, evenly spread. The period is one of whole tenths of a second, which is what a Location's time can tell apart:
// of an uneven row of samples a track holds back what comes after the longer gaps.
struct Schedule {
  static constexpr int64_t kPeriodUs = 100'000;
  size_t aircraft = 0, count = 0;
  double per_s() const { return static_cast<double>(aircraft) * 1e6 / kPeriodUs; }
  int64_t due_us(size_t message) const {
    const auto each = static_cast<int64_t>(message % aircraft), row = static_cast<int64_t>(message / aircraft);
    return row * kPeriodUs + each * kPeriodUs / static_cast<int64_t>(aircraft);
  }
};

// In as many threads as there are processors.
std::vector<Buffer> sign_all(const Fleet& fleet, const Schedule& schedule, int64_t second) {
  std::vector<Buffer> out(schedule.count);
  const size_t threads = std::max(1u, std::thread::hardware_concurrency()), aircraft = schedule.aircraft;
  const auto sign = [&](size_t from) {
    for (size_t i = from; i < out.size(); i += threads) {
      const Party& by = *fleet.parties[i % aircraft];
      const int64_t due = schedule.due_us(i), at = second + due / 1'000'000;
      rid::Location where;
      where.latitude_e7 = position_e7(static_cast<int32_t>(second - kStart)) + static_cast<int32_t>(i / aircraft);
      where.longitude_e7 = 85'400'000;
      where.timestamp_ds = static_cast<uint16_t>(at % 3600 * 10 + due / 100'000 % 10);
      const rid::MessageOctets inside[] = {*rid::encode(where)};
      out[i] = telemetry(fleet.compressed, by.det, by.signer, fleet.sp.det, at, static_cast<uint16_t>(i), inside);
    }
  };
  std::vector<std::thread> signers;
  for (size_t i = 1; i < threads; ++i) signers.emplace_back(sign, i);
  sign(0);
  for (std::thread& each : signers) each.join();
  return out;
}

// Each when it is due, never before; when each left.
std::vector<int64_t> send_all(ServerStage& server, const std::vector<Buffer>& datagrams, const Schedule& schedule, Tick begin) {
  const size_t aircraft = schedule.aircraft;
  std::vector<int64_t> left_us(datagrams.size());
  for (size_t next = 0; next < datagrams.size();) {
    const int64_t now_us = server.clock().now().tick.us - begin.us;
    const size_t row_end = (next / aircraft + 1) * aircraft;  // the numbers of a send() follow each other
    size_t end = next;
    while (end < datagrams.size() && end < row_end && end - next < kSendMax && schedule.due_us(end) <= now_us) left_us[end++] = now_us;
    if (end == next) {
      std::this_thread::sleep_for(std::chrono::microseconds(std::max<int64_t>(50, schedule.due_us(next) - now_us)));
      continue;
    }
    server.send(std::span(datagrams).subspan(next, end - next), static_cast<uint32_t>(next % aircraft));
    next = end;
    if (next / 8192 != (end - 1) / 8192) server.empty_sender();
  }
  return left_us;
}

void print_late(const char* name, std::vector<double>& ms) {
  std::printf(", \"%s_p50_ms\": %.2f, \"%s_p99_ms\": %.2f, \"%s_max_ms\": %.2f", name, quantile(ms, 500), name, quantile(ms, 990), name, quantile(ms, 1000));
}

void print_positions(const Watcher& watcher, const std::vector<int64_t>& left_us, const Schedule& schedule, Tick begin, Tick end) {
  std::vector<double> since_due, since_left, lag;
  size_t missing = 0;
  for (size_t i = 0; i < schedule.count; ++i) {
    const bool came = watcher.seen_us[i] != 0;
    missing += came ? 0 : 1;              // and counts as late as it is
    const int64_t seen_us = (came ? watcher.seen_us[i] : end.us) - begin.us;
    since_due.push_back(static_cast<double>(seen_us - schedule.due_us(i)) * 1e-3);
    since_left.push_back(static_cast<double>(seen_us - left_us[i]) * 1e-3);
    lag.push_back(static_cast<double>(left_us[i] - schedule.due_us(i)) * 1e-3);
  }
  std::printf(", \"visible_missing\": %zu", missing);
  print_late("visible", since_due);
  print_late("visible_left", since_left);
  print_late("visible_lag", lag);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t duration = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10;
  const size_t aircraft = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 8192;
  const double percent = argc > 3 ? std::strtod(argv[3], nullptr) : 70;
  if (duration == 0 || aircraft == 0 || aircraft >= 1 << 24 || !(percent > 0)) return std::fprintf(stderr, "load_bench [SECONDS [AIRCRAFT [PERCENT]]], all above 0\n"), 2;
  Fleet fleet(aircraft, NRID_RULES);
  Watcher watcher(fleet);
  HeartbeatTap tap(aircraft);
  for (size_t i = 0; i < aircraft; ++i) tap.heartbeats.know(i, fleet.parties[i]->det);
  ServerStage::Setup setup;
  setup.verifier.key_cache = aircraft;
  setup.module = &watcher;
  setup.tap = &tap;
  setup.apart = true;
  ServerStage server(fleet, "load", setup);
  std::array<ServerStage*, 1> servers = {&server};
  int64_t second = warm_up(fleet, servers, fleet.compressed, Timers().heartbeat);  // starts, and so Heartbeats, spread over a period
  std::vector<double> worker_ns;
  for (size_t round = 0; round < kProbeRounds; ++round) worker_ns.push_back(server.fly(fleet.signed_for(second++, false, fleet.compressed)).worker);

  Schedule schedule;
  const double capacity = 1e9 / median(worker_ns);
  const auto needed = static_cast<size_t>(std::max(1.0, percent / 100 * capacity * 1e-6 * Schedule::kPeriodUs));
  schedule.aircraft = std::min(needed, aircraft);  // then less than PERCENT, and load_percent says so
  schedule.count = schedule.aircraft * duration * 1'000'000 / Schedule::kPeriodUs;
  const std::vector<Buffer> datagrams = sign_all(fleet, schedule, second);
  watcher.watch(server.clock(), position_e7(static_cast<int32_t>(second - kStart)), schedule.aircraft, schedule.count);
  server.clock().run();
  const Tick begin = server.clock().now().tick;
  tap.heartbeats.noting = true;
  const Spent before = server.used();
  const double generated_s = thread_seconds();  // on loopback a datagram's way into the server's socket is the sender's
  const std::vector<int64_t> left_us = send_all(server, datagrams, schedule, begin);
  const double generator_s = thread_seconds() - generated_s;
  const double took_s = static_cast<double>((server.clock().now().tick - begin).us) * 1e-6;
  const Spent after = server.used();
  const Tick patience{server.clock().now().tick.us + kSettleUs};
  while (watcher.seen.load(std::memory_order_acquire) < schedule.count && server.clock().now().tick < patience) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const Tick end = server.clock().now().tick;
  server.stop();                          // its threads' notes are whole now

  std::printf("{\"load_percent\": %.0f, \"load_aircraft\": %zu, \"load_per_s\": %.0f, \"load_messages\": %zu, \"load_took_s\": %.2f", 100 * schedule.per_s() / capacity, aircraft, schedule.per_s(), schedule.count, took_s);
  std::printf(", \"load_busy_worker\": %.2f, \"load_busy_shard\": %.2f, \"load_busy_record\": %.2f", (after.worker - before.worker) / took_s, (after.shard - before.shard) / took_s, (after.record - before.record) / took_s);
  std::printf(", \"load_busy_generator\": %.2f", generator_s / took_s);
  std::printf(", \"load_refused\": %zu, \"load_kernel_drops\": %zu", static_cast<size_t>(server.counted().refused_sum()), static_cast<size_t>(server.kernel_drops()));
  for (const ErrorInfo& each : kErrors) {
    const uint64_t refused = server.counted().refused[static_cast<size_t>(each.error)];
    if (refused > 0) std::fprintf(stderr, "refused: %s %zu\n", std::string(each.counter).c_str(), static_cast<size_t>(refused));
  }
  print_positions(watcher, left_us, schedule, begin, end);
  const size_t unsent = tap.heartbeats.note_overdue(end);
  std::printf(", \"heartbeat_count\": %zu, \"heartbeat_unsent\": %zu", tap.heartbeats.late_ms.size(), unsent);
  print_late("heartbeat_late", tap.heartbeats.late_ms);
  std::printf("}\n");
  return 0;
}
