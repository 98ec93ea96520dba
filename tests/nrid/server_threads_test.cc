// The server with its threads and real sockets, as a program runs it: for the thread sanitizer, and for the law that holds
// after a drain.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <fstream>
#include <thread>

#include "nrid/udp_port.h"
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

TEST(UdpPort, an_occupied_port_is_a_clear_sentence) {
  const auto first = UdpPort::open_shared(*address_from_text("127.0.0.1:0"), 3);
  ASSERT_TRUE(first.ok()) << first.text();
  EXPECT_EQ((*first)[0]->local().port, (*first)[2]->local().port);
  const Address taken = (*first)[0]->local();
  for (const size_t count : {1u, 2u}) {
    const auto second = UdpPort::open_shared(taken, count);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.text(), "UDP " + to_text(taken) + ": another process holds this port");
  }
}

TEST(UdpPort, datagrams_over_the_limit_arrive_cut_so_that_they_are_seen) {
  std::vector<const char*> families{"127.0.0.1:0"};
  if (std::ifstream("/proc/net/if_inet6").good()) families.push_back("[::1]:0");  // a kernel without IPv6 has no such file
  for (const char* any : families) {
    const auto a = UdpPort::open(*address_from_text(any));
    const auto b = UdpPort::open(*address_from_text(any));
    ASSERT_TRUE(a.ok() && b.ok());
    const Buffer large(2000, 7), small(3, 9);
    const Outgoing out[] = {{(*b)->local(), large}, {(*b)->local(), small}};
    EXPECT_EQ((*a)->send(out), 2u);
    (*b)->wait(seconds(2));
    std::array<Received, 8> in;
    ASSERT_EQ((*b)->receive(in), 2u);  // loopback delivers within send()
    EXPECT_EQ(in[0].octets.size(), profile::kDatagramMax + 1);
    EXPECT_TRUE(equal(in[1].octets, small));
    EXPECT_EQ(in[1].peer, (*a)->local());
  }
}

TEST(Address, both_forms_both_ways) {
  for (const char* text : {"127.0.0.1:5683", "[2001:db8::1]:1", "[::1]:65535"}) {
    const auto address = address_from_text(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(to_text(*address), text);
    EXPECT_EQ(address->is_v4(), text[0] != '[') << text;
  }
  const std::array<uint8_t, 4> ip{127, 0, 0, 1};
  EXPECT_EQ(v4_address(ip, 5683), address_from_text("127.0.0.1:5683"));
  for (const char* text : {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "::1:53", "localhost:1", "1.2.3.4:+1"}) {
    EXPECT_FALSE(address_from_text(text).has_value()) << text;
  }
}

// A former identity comes and goes, timers and the gateways' list change, while the thread sanitizer looks on.
void reload_until(const std::atomic<bool>& flown, Server& server, const World& w) {
  for (int i = 0; !flown; ++i) {
    Config config = *server.config();
    config.timers.heartbeat = seconds(4 + i % 2);
    config.policy.gateways = {{w.gcs.det, w.ua.det}};
    config.identities.resize(1);
    if (i % 2 == 0) config.identities.push_back({Party(99).det, std::make_shared<SeedSigner>(Party::seed_of(99))});
    server.reload(std::move(config));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(ServerThreads, many_gateways_over_real_sockets) {
  World w;  // for its makers of packets
  SystemClock clock;
  const int64_t now = clock.now().wall.seconds();
  w.clock.advance(seconds(now - kNow));
  auto plain = UdpPort::open_shared(*address_from_text("127.0.0.1:0"), 2);
  auto schc = UdpPort::open_shared(*address_from_text("127.0.0.1:0"), 1);
  ASSERT_TRUE(plain.ok() && schc.ok());

  Counters counters;
  Recorder recorder;
  MemoryJournal journal;
  SystemRandom random;
  Host host({clock, w.events, w.http, counters.add_block(), nullptr, "", 2});
  ServerSetup setup;
  setup.det = w.sp.det;
  setup.shards = 2;
  Server server(setup, ServerParts{clock, random, w.keys, sodium_verifier(), w.sp.signer, journal, host, counters, w.rules,
                                   {{(*plain)[0].get(), Transport::plain}, {(*plain)[1].get(), Transport::plain}, {(*schc)[0].get(), Transport::schc}}, {}, {}, {}});
  server.add(recorder);
  std::vector<std::unique_ptr<Party>> parties;
  for (uint8_t i = 0; i < 8; ++i) {
    parties.push_back(std::make_unique<Party>(static_cast<uint8_t>(50 + i)));
    w.keys.know(*parties.back());
  }
  ASSERT_TRUE(server.start().ok());
  server.run();

  constexpr int kRounds = 8;
  std::vector<std::vector<std::pair<Transport, Buffer>>> scripts(parties.size());
  for (size_t i = 0; i < parties.size(); ++i) {
    for (int n = 0; n < kRounds; ++n) {
      const Transport transport = i % 2 == 0 ? Transport::plain : Transport::schc;
      const Buffer pack = w.wrapped({w.basic(parties[i]->det), w.location(w.clock.now().wall + milliseconds(100 * n), 473'900'000 + n), w.system(), w.operator_id()}, *parties[i]);
      scripts[i].emplace_back(transport, w.post(coap::Type::con, w.uas_cwt(*parties[i], pack), transport));
    }
  }
  std::atomic<int> answered{0};
  std::vector<std::thread> gateways;
  for (size_t i = 0; i < parties.size(); ++i) {
    gateways.emplace_back([&, i] {
      const auto port = UdpPort::open(*address_from_text("127.0.0.1:0"));
      if (!port.ok()) return;
      for (const auto& [transport, datagram] : scripts[i]) {
        const Outgoing out{transport == Transport::plain ? (*plain)[0]->local() : (*schc)[0]->local(), datagram};
        (*port)->send({&out, 1});
        std::array<Received, 4> in;
        for (int tries = 0; tries < 40; ++tries) {
          (*port)->wait(milliseconds(50));
          if ((*port)->receive(in) == 0) continue;
          ++answered;
          break;
        }
      }
    });
  }
  std::atomic<bool> flown{false};
  std::thread operator_at_work([&] { reload_until(flown, server, w); });
  for (std::thread& gateway : gateways) gateway.join();
  flown = true;
  operator_at_work.join();
  server.stop();

  const CounterTotals totals = counters.total();
  EXPECT_EQ(answered, static_cast<int>(parties.size()) * kRounds);
  EXPECT_EQ(totals.get(Counter::accepted), parties.size() * kRounds);
  EXPECT_EQ(totals.get(Counter::received), totals.get(Counter::accepted) + totals.get(Counter::control) + totals.get(Counter::duplicate) + totals.refused_sum());
  EXPECT_EQ(recorder.count(FlightEventKind::active), parties.size());
  EXPECT_EQ(journal.appended(), parties.size() * kRounds);
}

}  // namespace
}  // namespace nrid::testing
