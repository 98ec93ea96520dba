// server_bench [ROUNDS [AIRCRAFT [NAME [CONTROL]]]]: what a message costs the verify worker of a whole server, socket and kernel included, with each back end in one
// run. A round is one NON position of every aircraft, both signatures, SCHC, over UDP on loopback, in the clock's next second; the servers take turns,
// and a ratio is the median of the rounds' ratios to libsodium's server. CPU time of the worker's thread; Heartbeats are signed by another thread, whose
// time stands beside it. "joined": known keys, and the sender hands its kernel pieces of up to 64 datagrams (UDP_SEGMENT). NAME: that server alone, for a profiler; CONTROL: a file that is told "enable" before the first round and "disable" behind the last,
// as perf record --control wants it. One flat JSON object.
#include <cstdio>
#include <cstdlib>

#include "bench/server_stage.h"

namespace {

using namespace nrid;
using namespace nrid::bench;

struct Turns {
  Turns(Fleet& fleet, const char* name, const char* backend, size_t cache, bool joined) : server(fleet, name, setup_of(backend, cache, joined)) {}
  static ServerStage::Setup setup_of(const char* backend, size_t cache, bool joined) {
    ServerStage::Setup setup;
    setup.joined = joined;
    setup.verifier.backend = backend;
    setup.verifier.key_cache = cache;
    return setup;
  }
  void round(const std::vector<Buffer>& datagrams) {
    const Spent spent = server.fly(datagrams);
    worker_ns.push_back(spent.worker);
    shard_ns.push_back(spent.shard);
  }
  ServerStage server;
  std::vector<double> worker_ns, shard_ns;
};

}  // namespace

int main(int argc, char** argv) {
  const size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 15;
  const size_t aircraft = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4096;
  const std::string_view only = argc > 3 ? argv[3] : "";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> control(argc > 4 ? std::fopen(argv[4], "w") : nullptr, [](std::FILE* file) { return file != nullptr ? std::fclose(file) : 0; });
  if (rounds == 0 || aircraft == 0 || (argc > 4 && !control)) return std::fprintf(stderr, "server_bench [ROUNDS [AIRCRAFT [NAME [CONTROL]]]], numbers above 0\n"), 2;
  Fleet fleet(aircraft, NRID_RULES);
  std::vector<std::unique_ptr<Turns>> all;
  const auto add = [&](const char* name, const char* backend, size_t cache, bool joined = false) {
    if (only.empty() || only == name) all.push_back(std::make_unique<Turns>(fleet, name, backend, cache, joined));
  };
  add("libsodium", "libsodium", 0);
  if (processor() >= Processor::avx2) add("avx2_unknown", "avx2", 0), add("avx2_known", "avx2", aircraft);
  if (processor() >= Processor::avx512) add("avx512_unknown", "avx512", 0), add("avx512_known", "avx512", aircraft), add("avx512_joined", "avx512", aircraft, true);
  if (all.empty()) return std::fprintf(stderr, "no server %s on this processor\n", argv[3]), 2;

  std::vector<ServerStage*> servers;
  for (const auto& each : all) servers.push_back(&each->server);
  int64_t second = warm_up(fleet, servers, fleet.compressed);
  const auto tell = [&](const char* word) {
    if (control) std::fputs(word, control.get()), std::fflush(control.get());
  };
  tell("enable\n");
  for (size_t round = 0; round < rounds; ++round) {
    const auto datagrams = fleet.signed_for(second++, false, fleet.compressed);
    for (const auto& each : all) each->round(datagrams);
  }
  tell("disable\n");
  const Turns& base = *all.front();
  std::printf("{\"aircraft\": %zu, \"rounds\": %zu", aircraft, rounds);
  for (const auto& each : all) {
    const char* const name = each->server.name.c_str();
    const double ns = median(each->worker_ns);
    std::printf(", \"server_ns_%s\": %.0f, \"server_heartbeat_ns_%s\": %.0f, \"server_per_s_%s\": %.0f", name, ns, name, median(each->shard_ns), name, 1e9 / ns);
    if (each.get() != &base) std::printf(", \"server_ratio_%s\": %.2f", name, median_ratio(base.worker_ns, each->worker_ns));
  }
  std::printf("}\n");
  for (ServerStage* const server : servers) server->stop();
  return 0;
}
