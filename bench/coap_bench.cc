// coap_bench [ROUNDS [AIRCRAFT]]: what the provider costs beyond CoAP. A plain libcoap server with nothing behind it and whole servers of ours, with the
// fastest back end, take turns with the same POSTs: both signatures in them, plain CoAP, UDP on loopback. First NON, which nobody answers; then CON, each
// answered 2.04 in its ACK, which is counted. libcoap's time is that of its one thread; of ours that of the worker, and beside it that of all threads, for
// our answers leave from the shard. A ratio is the median of the rounds' ratios to libcoap. One flat JSON object.
#include <cstdio>
#include <cstdlib>

#include "bench/coap_server.h"
#include "bench/server_stage.h"

namespace {

using namespace nrid;
using namespace nrid::bench;

constexpr size_t kSmallBurst = 128;       // libcoap leaves its socket the system's buffer, which holds about 160 of these
constexpr int kWaits = 50'000;            // of 200 us

struct Kind {
  coap::Type type;
  const char* name;
  size_t answers;                         // to each message
};
constexpr Kind kKinds[] = {{coap::Type::non, "non", 0}, {coap::Type::con, "con", 1}};

struct Plain {                            // libcoap's server, and who sends to it
  double fly(const std::vector<Buffer>& datagrams, size_t answers) {
    const double before = server.cpu_s();
    size_t came = 0;
    const uint64_t seen = server.answered();
    for (size_t at = 0; at < datagrams.size(); at += kSmallBurst) {
      const size_t burst = std::min(kSmallBurst, datagrams.size() - at);
      std::vector<Outgoing> out;
      for (size_t i = at; i < at + burst; ++i) out.push_back({server.address(), datagrams[i]});
      CHECK(sender->send(out) == burst);
      for (int waits = 0; server.answered() < seen + at + burst || came < (at + burst) * answers; ++waits) {
        CHECK(waits < kWaits);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        came += empty();
      }
    }
    const double spent = server.cpu_s() - before;
    came += empty();
    CHECK(came == datagrams.size() * answers);
    return spent * 1e9 / static_cast<double>(datagrams.size());
  }
  size_t empty() {
    size_t sum = 0;
    std::array<Received, 64> replies;
    while (const size_t count = sender->receive(replies)) {
      sum += count;
      for (const Received& each : std::span(replies).first(count)) {
        const auto reply = coap::decode(each.octets);
        CHECK(reply.ok() && reply->type == coap::Type::ack && reply->code == coap::kChanged);
      }
    }
    return sum;
  }
  CoapServer server;
  std::unique_ptr<UdpPort> sender{std::move(*UdpPort::open(*address_from_text("127.0.0.1:0")))};
};

struct Turns {
  Turns(Fleet& fleet, const char* name, size_t cache) : server(fleet, name, setup_of(cache)) {}
  static ServerStage::Setup setup_of(size_t cache) {
    ServerStage::Setup setup;
    setup.verifier.key_cache = cache;
    setup.transport = Transport::plain;
    return setup;
  }
  void round(const std::vector<Buffer>& datagrams, size_t answers) {
    const uint64_t sent = server.count(Counter::sent), timed = server.count(Counter::heartbeat_timed);
    const Spent spent = server.fly(datagrams, kSmallBurst);
    const auto left = [&] { return server.count(Counter::sent) - sent - (server.count(Counter::heartbeat_timed) - timed); };
    for (int waits = 0; left() < datagrams.size() * answers; ++waits) {  // the shard sends a moment after it counts
      CHECK(waits < kWaits);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    worker_ns.push_back(spent.worker);
    all_ns.push_back(spent.all());
  }
  ServerStage server;
  std::vector<double> worker_ns, all_ns;
};

}  // namespace

int main(int argc, char** argv) {
  const size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 15;
  const size_t aircraft = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4096;
  if (rounds == 0 || aircraft == 0) return std::fprintf(stderr, "coap_bench [ROUNDS [AIRCRAFT]], both above 0\n"), 2;
  Fleet fleet(aircraft, NRID_RULES);
  Plain libcoap;
  std::vector<std::unique_ptr<Turns>> all;
  all.push_back(std::make_unique<Turns>(fleet, "unknown", 0));
  if (all[0]->server.verifier() != "libsodium") all.push_back(std::make_unique<Turns>(fleet, "known", aircraft));
  std::vector<ServerStage*> servers;
  for (const auto& each : all) servers.push_back(&each->server);

  int64_t second = warm_up(fleet, servers, fleet.plain);
  const std::vector<Buffer> one = fleet.signed_for(second, false, fleet.plain);
  std::printf("{\"coap_octets\": %zu", one.front().size());
  for (const Kind& kind : kKinds) {
    std::vector<double> libcoap_ns;
    for (const auto& each : all) each->worker_ns.clear(), each->all_ns.clear();
    for (size_t round = 0; round < rounds; ++round) {
      const auto datagrams = fleet.signed_for(second++, false, fleet.plain, kind.type);
      libcoap_ns.push_back(libcoap.fly(datagrams, kind.answers));
      for (const auto& each : all) each->round(datagrams, kind.answers);
    }
    std::printf(", \"coap_ns_libcoap_%s\": %.0f", kind.name, median(libcoap_ns));
    for (const auto& each : all) {
      const char* const name = each->server.name.c_str();
      std::printf(", \"coap_worker_ns_%s_%s\": %.0f, \"coap_all_ns_%s_%s\": %.0f", name, kind.name, median(each->worker_ns), name, kind.name, median(each->all_ns));
      std::printf(", \"coap_ratio_%s_%s\": %.2f", name, kind.name, median_ratio(each->all_ns, libcoap_ns));
    }
  }
  std::printf("}\n");
  for (ServerStage* const server : servers) server->stop();
  return 0;
}
