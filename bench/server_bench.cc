// server_bench [ROUNDS [AIRCRAFT]]: what a message costs the verify worker of a whole server, socket and kernel included, with each back end in one
// run. A round is one NON position of every aircraft, both signatures, SCHC, over UDP on loopback, in the clock's next second; the servers take turns,
// and a ratio is the median of the rounds' ratios to libsodium's server. CPU time of the worker's thread; Heartbeats are signed by another thread, whose
// time stands beside it. One flat JSON object.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/ed25519/verifier.h"
#include "bench/telemetry.h"
#include "det/det.h"
#include "nrid/host.h"
#include "nrid/server.h"
#include "nrid/udp_port.h"

namespace {

using namespace nrid;
using namespace nrid::bench;

constexpr int64_t kStart = 1'780'315'200;
constexpr int kWarmMax = 60;
constexpr size_t kBurst = 512;            // in the socket at once, well below its buffer

class SteppedClock final : public Clock {  // any thread
 public:
  Now now() const override {
    const int64_t us = us_.load(std::memory_order_relaxed);
    return {Instant{kStart * 1'000'000 + us}, Tick{us}};
  }
  void advance(Duration by) { us_.fetch_add(by.us, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> us_{0};
};

Seed seed_of(uint32_t number) {
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

// What all servers share: aircraft, their keys, the rules.
struct Fleet {
  explicit Fleet(size_t aircraft, const std::string& rules_file) : rules(*schc::load_rules_file(rules_file)) {
    carriage.rules = rules;
    for (uint32_t i = 0; i < aircraft; ++i) {
      const Party& party = *parties.emplace_back(std::make_unique<Party>(1000 + i));
      CHECK(keys.add_local(party.det, party.signer.public_key(), at_second(kStart + 86'400)).ok());
    }
  }
  // One datagram for each aircraft, for this second of the clock; the first has what a start wants.
  std::vector<Buffer> signed_for(int64_t second, bool start) const {
    std::vector<Buffer> out;
    const rid::MessageOctets where = position(static_cast<int32_t>(second - kStart), second);
    for (size_t i = 0; i < parties.size(); ++i) {
      const Party& by = *parties[i];
      std::vector<rid::MessageOctets> messages = {where};
      if (start) messages = {*rid::encode(rid::BasicId::of_session(by.det, 2)), where, system_, operator_id_};
      out.push_back(telemetry(carriage, by.det, by.signer, sp.det, second, static_cast<uint16_t>(i), messages));
    }
    return out;
  }

  Party sp{1};
  std::vector<std::unique_ptr<Party>> parties;
  SystemClock clock;                       // of the key cache, which never looks at it here
  NoLookup lookup;
  det::DnsKeySource keys{{}, {}, lookup, clock};
  schc::RuleSet rules;
  Carriage carriage;

 private:
  static rid::MessageOctets operator_id() {
    rid::OperatorId id;
    std::copy_n("CHE87astrdge12k8", 16, id.id.begin());
    return *rid::encode(id);
  }
  const rid::MessageOctets system_ = *rid::encode(rid::System{}), operator_id_ = operator_id();
};

class Bench {                              // a whole server with one back end
 public:
  Bench(Fleet& fleet, std::string label, const VerifierSettings& settings)
      : name(std::move(label)), verifier_(std::move(*make_verifier(settings, random_))), port_(std::move(*UdpPort::open(loopback()))),
        sender_(std::move(*UdpPort::open(loopback()))),
        host_({clock_, events_, http_, counters_.add_block(), nullptr, "", 0, 65'536}) {
    ServerSetup setup;
    setup.det = fleet.sp.det;
    setup.policy.rate_per_s = setup.policy.rate_burst = 1e9;
    server_ = std::make_unique<Server>(setup, ServerParts{clock_, random_, fleet.keys, *verifier_, fleet.sp.signer, journal_, host_, counters_, fleet.rules, {{port_.get(), Transport::schc}}, {}, {}, {}, nullptr});
    server_->add(module_);
    CHECK(server_->start().ok());
    server_->run();
  }

  // All of them in bursts that the socket holds; returns worker CPU ns a message.
  double fly(const std::vector<Buffer>& datagrams) {
    const double before = cpu_of("worker-0"), others = cpu_of("shard-0");
    const uint64_t accepted = count(Counter::accepted);
    for (size_t at = 0; at < datagrams.size(); at += kBurst) {
      const size_t burst = std::min(kBurst, datagrams.size() - at);
      std::vector<Outgoing> out;
      for (size_t i = at; i < at + burst; ++i) out.push_back({port_->local(), datagrams[i]});
      CHECK(sender_->send(out) == burst);
      while (count(Counter::accepted) < accepted + at + burst) {
        CHECK(counters_.total().refused_sum() == 0);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    }
    clock_.advance(seconds(1));
    std::array<Received, 64> heartbeats;
    while (sender_->receive(heartbeats) > 0) {
    }
    shard_ns_ = (cpu_of("shard-0") - others) * 1e9 / static_cast<double>(datagrams.size());
    return (cpu_of("worker-0") - before) * 1e9 / static_cast<double>(datagrams.size());
  }
  void skip() { clock_.advance(seconds(1)); }
  bool warm() const { return verifier_->key_cache().keys == verifier_->key_cache().keys_max; }
  void stop() { server_->stop(); }

  std::string name;
  std::vector<double> worker_ns, shard_ns;
  void round(const std::vector<Buffer>& datagrams) {
    worker_ns.push_back(fly(datagrams));
    shard_ns.push_back(shard_ns_);
  }

 private:
  static Address loopback() {
    const std::array<uint8_t, 4> ip = {127, 0, 0, 1};
    return v4_address(ip, 0);
  }
  uint64_t count(Counter counter) const { return counters_.total().get(counter); }
  double cpu_of(std::string_view thread) const {
    for (const auto& [of, used_s] : server_->thread_cpu_s()) {
      if (of == thread) return used_s;
    }
    return 0;
  }

  SystemRandom random_;
  SteppedClock clock_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<UdpPort> port_, sender_;
  NullEventStream events_;
  NoHttpCaller http_;
  Counters counters_;
  Host host_;
  MemoryJournal journal_;
  Quiet module_;
  std::unique_ptr<Server> server_;
  double shard_ns_ = 0;
};

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

double median_ratio(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> ratios;
  for (size_t i = 0; i < above.size(); ++i) ratios.push_back(above[i] / below[i]);
  return median(ratios);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 15;
  const size_t aircraft = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4096;
  if (rounds == 0 || aircraft == 0) return std::fprintf(stderr, "server_bench [ROUNDS [AIRCRAFT]], both above 0\n"), 2;
  Fleet fleet(aircraft, NRID_RULES);
  std::vector<std::unique_ptr<Bench>> servers;
  const auto add = [&](const char* name, const char* backend, size_t cache) {
    VerifierSettings settings;
    settings.backend = backend;
    settings.key_cache = cache;
    servers.push_back(std::make_unique<Bench>(fleet, name, settings));
  };
  add("libsodium", "libsodium", 0);
  if (processor() >= Processor::avx2) add("avx2_unknown", "avx2", 0), add("avx2_known", "avx2", aircraft);
  if (processor() >= Processor::avx512) add("avx512_unknown", "avx512", 0), add("avx512_known", "avx512", aircraft);

  int64_t second = kStart;                 // the start, then until every key that may have one has its table
  const auto cold = [](const auto& server) { return !server->warm(); };
  for (int round = 0; round < kWarmMax && (round < 2 || std::any_of(servers.begin(), servers.end(), cold)); ++round) {
    const auto datagrams = fleet.signed_for(second++, round == 0);
    for (const auto& server : servers) {
      if (round < 2 || !server->warm()) server->fly(datagrams);
      else server->skip();
    }
  }
  for (size_t round = 0; round < rounds; ++round) {
    const auto datagrams = fleet.signed_for(second++, false);
    for (const auto& server : servers) server->round(datagrams);
  }
  const Bench& base = *servers.front();
  std::printf("{\"aircraft\": %zu, \"rounds\": %zu", aircraft, rounds);
  for (const auto& server : servers) {
    const char* const name = server->name.c_str();
    const double ns = median(server->worker_ns);
    std::printf(", \"server_ns_%s\": %.0f, \"server_heartbeat_ns_%s\": %.0f, \"server_per_s_%s\": %.0f", name, ns, name, median(server->shard_ns), name, 1e9 / ns);
    if (server.get() != &base) std::printf(", \"server_ratio_%s\": %.2f", name, median_ratio(base.worker_ns, server->worker_ns));
  }
  std::printf("}\n");
  for (const auto& server : servers) server->stop();
  return 0;
}
