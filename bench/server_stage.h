// What the benchmarks of a whole server share: aircraft that sign, a clock that stands or runs, and a real Server with its threads on a UDP socket of
// loopback. The servers of one program take turns; each has its own clock, so that all of them see a message in the same second.
#pragma once

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "base/ed25519/verifier.h"
#include "bench/joined_sender.h"
#include "bench/telemetry.h"
#include "det/det.h"
#include "nrid/host.h"
#include "nrid/server.h"
#include "nrid/shard.h"
#include "nrid/udp_port.h"

namespace nrid::bench {

inline constexpr int64_t kStart = 1'780'315'200;
inline constexpr int kWarmMax = 60;
inline constexpr size_t kBurst = 512;     // in the socket at once, well below its buffer

class SteppedClock final : public Clock {  // any thread: stands but for advance(), until it runs
 public:
  Now now() const override {
    int64_t us = us_.load(std::memory_order_acquire);
    if (running_.load(std::memory_order_acquire)) us += monotonic_us();
    read_ = Tick{us};
    return {Instant{kStart * 1'000'000 + us}, read_};
  }
  static Tick last_read() { return read_; }  // by this thread: in what a shard sends, the moment at which its step began
  void advance(Duration by) { us_.fetch_add(by.us, std::memory_order_acq_rel); }
  // From where it stands on, with the monotonic clock. Once, while no thread of a server does anything.
  void run() {
    CHECK(!running_);
    us_.fetch_sub(monotonic_us(), std::memory_order_acq_rel);
    running_.store(true, std::memory_order_release);
  }

 private:
  static int64_t monotonic_us() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
  }
  std::atomic<int64_t> us_{0};
  std::atomic<bool> running_ = false;
  static inline thread_local Tick read_;
};

inline Seed seed_of(uint32_t number) {
  Seed seed{};
  for (size_t i = 0; i < 4; ++i) seed[i] = static_cast<uint8_t>(number >> 8 * i);
  return seed;
}

struct Party {
  explicit Party(uint32_t number) : signer(seed_of(number)), det(det::derive(16376, 10, signer.public_key())) {}
  SeedSigner signer;
  Det det;
};

class Quiet final : public Module {
 public:
  std::string_view name() const override { return "quiet"; }
  Status start(ModuleHost&) override { return {}; }
  void on_sightings(std::span<const Sighting>) override {}
  void on_event(const FlightEvent&) override {}
  void on_tick(Instant) override {}
};

// What a start wants beside a position.
inline std::vector<rid::MessageOctets> start_messages(const Det& ua, const rid::MessageOctets& where) {
  rid::OperatorId id;
  std::copy_n("CHE87astrdge12k8", 16, id.id.begin());
  return {*rid::encode(rid::BasicId::of_session(ua, 2)), where, *rid::encode(rid::System{}), *rid::encode(id)};
}

// What all servers share: aircraft, their keys, the rules.
struct Fleet {
  Fleet(size_t aircraft, const std::string& rules_file) : rules(*schc::load_rules_file(rules_file)) {
    compressed.rules = rules;
    for (uint32_t i = 0; i < aircraft; ++i) {
      const Party& party = *parties.emplace_back(std::make_unique<Party>(1000 + i));
      CHECK(keys.add_local(party.det, party.signer.public_key(), at_second(kStart + 86'400)).ok());
    }
  }
  // One datagram for each aircraft, for this second of the clock; a start has what it wants.
  std::vector<Buffer> signed_for(int64_t second, bool start, const Carriage& carriage, coap::Type type = coap::Type::non) const {
    std::vector<Buffer> out;
    const rid::MessageOctets where = position(static_cast<int32_t>(second - kStart), second);
    for (size_t i = 0; i < parties.size(); ++i) {
      const Party& by = *parties[i];
      const std::vector<rid::MessageOctets> messages = start ? start_messages(by.det, where) : std::vector{where};
      const auto id = static_cast<uint16_t>(static_cast<size_t>(second - kStart) * parties.size() + i);  // no copy of one of the round before
      out.push_back(telemetry(carriage, by.det, by.signer, sp.det, second, id, messages, type));
    }
    return out;
  }

  Party sp{1};
  std::vector<std::unique_ptr<Party>> parties;
  SystemClock clock;                       // of the key cache, which never looks at it here
  NoLookup lookup;
  det::DnsKeySource keys{{}, {}, lookup, clock};
  schc::RuleSet rules;
  Carriage compressed, plain;
};

class Tap : public DatagramPort {          // sees what goes in and out; the rest is the port behind it
 public:
  Address local() const override { return behind->local(); }
  size_t receive(std::span<Received> out) override { return behind->receive(out); }
  size_t send(std::span<const Outgoing> datagrams) override { return behind->send(datagrams); }
  void wait(Duration wait) override { behind->wait(wait); }
  bool filling() const override { return behind->filling(); }
  DatagramPort* behind = nullptr;          // both are set by the stage that it is given to
  const Clock* clock = nullptr;
};

// An address of its own in 127/8 for every flight, so that what is sent says whose it is.
inline Address address_of(uint32_t flight, uint16_t port) {
  const std::array<uint8_t, 4> ip = {127, static_cast<uint8_t>(flight >> 16), static_cast<uint8_t>(flight >> 8), static_cast<uint8_t>(flight)};
  return v4_address(ip, port);
}
inline uint32_t flight_of(const Address& peer) { return uint32_t{peer.ip[13]} << 16 | uint32_t{peer.ip[14]} << 8 | peer.ip[15]; }

// How late Heartbeats leave. The first datagram to a flight is the answer to its start; those behind it are its timer's, due a period after the start, less the lead that
// its name gives it, and then a period after each other, or, when one was held up for 100 ms, a period after the step that sent it (nrid/shard_heartbeat.cc). One thread, the shard's.
class HeartbeatWatch {
 public:
  explicit HeartbeatWatch(size_t flights) : due_us_(flights), lead_us_(flights) {}
  void know(size_t flight, const Det& ua) { lead_us_[flight] = static_cast<int32_t>(heartbeat_lead(ua, Timers().heartbeat).us); }
  void note(std::span<const Outgoing> datagrams, Tick step, Tick now) {
    for (const Outgoing& each : datagrams) {
      const uint32_t flight = flight_of(each.peer);
      int64_t& due = due_us_[flight];
      if (due != 0 && noting) late_ms.push_back(static_cast<double>(now.us - due) * 1e-3);
      const bool new_row = due == 0 || step.us - due > 100'000;
      const int64_t lead = due == 0 ? lead_us_[flight] : 0;
      due = (new_row ? step.us : due) + Timers().heartbeat.us - lead;
    }
  }
  // What should have left by now and has not, as late as it is; how much that is.
  size_t note_overdue(Tick now) {
    const size_t before = late_ms.size();
    for (const int64_t due : due_us_) {
      if (due != 0 && due < now.us) late_ms.push_back(static_cast<double>(now.us - due) * 1e-3);
    }
    return late_ms.size() - before;
  }
  std::atomic<bool> noting = false;
  std::vector<double> late_ms;

 private:
  std::vector<int64_t> due_us_;
  std::vector<int32_t> lead_us_;
};

struct Spent {                             // ns of processor for each message
  double worker = 0, shard = 0, record = 0;
  double all() const { return worker + shard + record; }
};

class ServerStage {                        // a whole server with one back end
 public:
  struct Setup {
    VerifierSettings verifier;
    Transport transport = Transport::schc;
    Module* module = nullptr;              // null: one that does nothing
    Tap* tap = nullptr;
    bool apart = false;                    // each aircraft has an address of its own: address_of() its number
    bool joined = false;                   // the sender hands over many datagrams as one piece
  };
  ServerStage(Fleet& fleet, std::string label, const Setup& of)
      : name(std::move(label)), verifier_(std::move(*make_verifier(of.verifier, random_))), port_(std::move(UdpPort::open_shared(*address_from_text("127.0.0.1:0"), 1)->front())),
        apart_(of.apart), sender_(std::move(*UdpPort::open(*address_from_text(apart_ ? "0.0.0.0:0" : "127.0.0.1:0")))),
        host_({clock_, events_, http_, counters_.add_block(), nullptr, "", 0, 65'536}) {
    ServerSetup setup;
    setup.det = fleet.sp.det;
    setup.policy.rate_per_s = setup.policy.rate_burst = 1e9;
    if (of.joined) joined_ = std::make_unique<JoinedSender>(port_->local());
    DatagramPort* port = port_.get();
    if (of.tap != nullptr) {
      of.tap->behind = port;
      of.tap->clock = &clock_;
      port = of.tap;
    }
    server_ = std::make_unique<Server>(setup, ServerParts{clock_, random_, fleet.keys, *verifier_, fleet.sp.signer, journal_, host_, counters_, fleet.rules, {{port, of.transport}}, {}, {}, {}, nullptr});
    server_->add(of.module != nullptr ? *of.module : quiet_);
    CHECK(server_->start().ok());
    server_->run();
  }

  // All of them, a burst after the other, while `over` passes by the clock. Every one is accepted.
  Spent fly(const std::vector<Buffer>& datagrams, size_t burst_max = kBurst, Duration over = seconds(1)) {
    const Spent before = used();
    const uint64_t accepted = count(Counter::accepted);
    const auto passed = [&](size_t of) { return over.us * static_cast<int64_t>(of) / static_cast<int64_t>(datagrams.size()); };
    for (size_t at = 0; at < datagrams.size(); at += burst_max) {
      const size_t burst = std::min(burst_max, datagrams.size() - at);
      send(std::span(datagrams).subspan(at, burst), static_cast<uint32_t>(at));
      while (count(Counter::accepted) < accepted + at + burst) {
        CHECK(counters_.total().refused_sum() == 0);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      empty_sender();
      clock_.advance({passed(at + burst) - passed(at)});
    }
    const Spent after = used();
    const double each = 1e9 / static_cast<double>(datagrams.size());
    return {(after.worker - before.worker) * each, (after.shard - before.shard) * each, (after.record - before.record) * each};
  }
  // `first`: the number of the aircraft whose the first one is; the next one's comes behind it.
  void send(std::span<const Buffer> datagrams, uint32_t first) {
    if (joined_) return joined_->send(datagrams);
    out_.clear();
    for (const Buffer& each : datagrams) out_.push_back({port_->local(), each, apart_ ? address_of(first++, 0) : Address{}});
    CHECK(sender_->send(out_) == out_.size());
  }
  void skip() { clock_.advance(seconds(1)); }
  bool warm() const { return verifier_->key_cache().keys == verifier_->key_cache().keys_max; }
  void stop() { server_->stop(); }
  uint64_t kernel_drops() const { return port_->kernel_drops(); }
  // What came back to the sender, thrown away; how much it was.
  size_t empty_sender() {
    size_t sum = 0;
    std::array<Received, 64> replies;
    while (const size_t count = sender_->receive(replies)) sum += count;
    return sum;
  }
  uint64_t count(Counter counter) const { return counters_.total().get(counter); }
  CounterTotals counted() const { return counters_.total(); }
  Spent used() const {                     // seconds of processor until now
    Spent out;
    for (const auto& [of, used_s] : server_->thread_cpu_s()) (of == "worker-0" ? out.worker : of == "shard-0" ? out.shard : out.record) += used_s;
    return out;
  }
  std::string_view verifier() const { return verifier_->name(); }
  SteppedClock& clock() { return clock_; }

  const std::string name;

 private:
  SystemRandom random_;
  SteppedClock clock_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<UdpPort> port_;
  const bool apart_;
  std::unique_ptr<UdpPort> sender_;
  std::unique_ptr<JoinedSender> joined_;
  std::vector<Outgoing> out_;
  NullEventStream events_;
  NoHttpCaller http_;
  Counters counters_;
  Host host_;
  MemoryJournal journal_;
  Quiet quiet_;
  std::unique_ptr<Server> server_;
};

// The start, within `starts_over` by the clock, then until every key that may have one has its table. Returns the second that comes next.
template <class Servers>
int64_t warm_up(const Fleet& fleet, const Servers& servers, const Carriage& carriage, Duration starts_over = seconds(1)) {
  const auto starts = fleet.signed_for(kStart, true, carriage);
  for (const auto& server : servers) server->fly(starts, 64, starts_over);
  int64_t second = kStart + starts_over.seconds();
  const auto cold = [](const auto& server) { return !server->warm(); };
  for (int round = 0; round < kWarmMax && (round == 0 || std::any_of(servers.begin(), servers.end(), cold)); ++round) {
    const auto datagrams = fleet.signed_for(second++, false, carriage);
    for (const auto& server : servers) {
      if (round == 0 || !server->warm()) server->fly(datagrams);
      else server->skip();
    }
  }
  return second;
}

inline double median(std::vector<double> of) {
  CHECK(!of.empty());
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

inline double median_ratio(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> ratios;
  for (size_t i = 0; i < above.size(); ++i) ratios.push_back(above[i] / below[i]);
  return median(ratios);
}

// `permille` of 1000 lie at or below it.
inline double quantile(std::vector<double>& of, size_t permille) {
  CHECK(!of.empty());
  const size_t at = std::min(of.size() - 1, of.size() * permille / 1000);
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(at), of.end());
  return of[at];
}

}  // namespace nrid::bench
