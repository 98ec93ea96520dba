// Two providers, the bus or nothing between them, and gateways that fly between them: the real Server, the real Gateway, one
// clock, one thread, a network that a test may cut. The conservation law of both providers holds at the end.
#pragma once

#include "nrid/gateway.h"
#include "tests/nrid/gateway_support.h"
#include "tests/nrid/peer_support.h"

namespace nrid::testing {

struct TownOptions {
  bool bus = true;                       // false: nothing connects the providers
  bool twins = false;                    // two nodes of one DET
  RedirectSettings redirect;
  uint64_t capacity_a = 100, capacity_b = 100;
  std::string region_a, region_b;        // "" for everywhere, else MultiPolygon coordinates
  Instant b_until = at_second(kNow + 30 * 86'400);
  Limits limits = small_limits();
};

struct Drone {
  Drone(uint8_t seed, Flight flight, const Party& sp, const Address& at, const Party& hda)
      : ua(seed), aircraft(identity_of(ua), ua.signer), random(seed) {
    const auto on_event = [this](std::string_view name, std::initializer_list<LogField> fields) { events.push_back(log_line(name, fields).substr(6)); };
    Provider provider{sp.det, *PreparedKey::from(sp.signer.public_key()), at, hda.det, *PreparedKey::from(hda.signer.public_key())};
    gateway = std::make_unique<Gateway>(GatewayTimers{}, GatewayPolicy{}, Carriage{}, Speaker{ua.det, &ua.signer, cwt::KidForm::tagged_in_bstr, 10},
                                        std::move(flight), provider, Gateway::Parts{aircraft, port, random, on_event});
  }
  static AircraftIdentity identity_of(const Party& ua) {
    AircraftIdentity identity;
    identity.det = ua.det;
    identity.operator_id = "CHEtest";
    return identity;
  }
  size_t count(std::string_view event) const {
    return static_cast<size_t>(std::count_if(events.begin(), events.end(), [&](const std::string& line) { return line.substr(0, line.find(' ')) == event; }));
  }
  Party ua;
  Aircraft aircraft;
  SeededRandom random;
  gateway::QueuePort port;
  std::vector<std::string> events;
  std::unique_ptr<Gateway> gateway;
  Address address;
};

inline Address host(uint8_t last, uint16_t port = profile::kPort) { return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, last}, port}; }

class Town {
 public:
  explicit Town(TownOptions o = {}) : options(std::move(o)), seat_a(bus.seat()), seat_b(bus.seat()), a(world_options(1, *seat_a), 11), b(world_options(options.twins ? 1 : 9, *seat_b), 12) {
    publish();
    exchange();  // both are alive
  }

  // Both providers read the same file, signed by the registry.
  void publish() {
    const auto region = [](const std::string& text) { return text.empty() ? "" : ", \"region\": " + text; };
    std::vector<PeerLine> lines = {{&a.sp, "\"198.51.100.1\"", options.capacity_a, region(options.region_a)}};
    if (!options.twins) lines.push_back({&b.sp, "\"2001:db8::2\", \"198.51.100.2\"", options.capacity_b, region(options.region_b), at_second(kNow - 86'400), options.b_until});
    const std::string text = signed_document(hda(), hda(), lines);
    for (World* world : {&a, &b}) {
      const auto table = parse_as(world->sp, hda(), text);
      ASSERT_TRUE(table.ok()) << table.text();
      world->server->set_peers(std::make_shared<const PeerTable>(*table));
    }
  }
  const Party& hda() const { return a.keys.hda; }

  Drone& fly(Flight flight, bool at_b = false) {
    const uint8_t number = static_cast<uint8_t>(drones.size() + 1);
    Drone& drone = *drones.emplace_back(std::make_unique<Drone>(static_cast<uint8_t>(50 + number), std::move(flight), at_b ? b.sp : a.sp, host(at_b ? 2 : 1), hda()));
    drone.address = address_of(number);
    for (World* world : {&a, &b}) world->keys.know(drone.ua);
    drone.gateway->start(a.clock.now());
    return drone;
  }
  void run(Duration time, Duration step = milliseconds(100)) {
    const Tick end = a.clock.now().tick + time;
    while (a.clock.now().tick < end) {
      a.clock.advance(step);
      b.clock.advance(step);
      for (auto& drone : drones) {
        if (!drone->gateway->done()) drone->gateway->step(a.clock.now());
      }
      for (int i = 0; i < 2; ++i) exchange();
    }
  }
  // Everything under way arrives, unless the network is cut.
  void exchange() {
    for (auto& drone : drones) {
      for (auto& sent : std::exchange(drone->port.sent, {})) {
        World* const to = sent.to.ip == host(1).ip ? &a : sent.to.ip == host(2).ip ? &b : nullptr;
        if (to == nullptr || (to == &a ? a_deaf : b_deaf) || (lossy && random.below(100) < lossy)) continue;
        World& world = anycast && (++turn % 2 == 0) ? b : *to;
        world.inject(sent.octets, drone->address);
      }
    }
    for (World* world : {&a, &b}) {
      if (world == &a ? a_stopped : b_stopped) {
        world->plain_port.inbox.clear();
        continue;
      }
      world->run();
    }
    for (World* world : {&a, &b}) {
      if (world == &a ? a_stopped : b_stopped) continue;
      world->run();  // what the other one told it
      const uint8_t from = world == &a || options.twins ? 1 : 2;
      for (auto& [to, octets] : std::exchange(world->plain_port.sent, {})) {
        if (lossy && random.below(100) < lossy) continue;
        for (auto& drone : drones) {
          if (drone->address == to) drone->port.incoming.push_back({host(from), octets});
        }
      }
    }
    for (auto& drone : drones) {
      if (!drone->gateway->done()) drone->gateway->step(a.clock.now());
    }
  }

  static size_t count(const World& world, FlightEventKind kind) { return world.recorder->count(kind); }
  static std::string detail(const World& world, FlightEventKind kind) {
    for (auto at = world.recorder->events.rbegin(); at != world.recorder->events.rend(); ++at) {
      if (at->kind == kind) return at->detail;
    }
    return "";
  }

  TownOptions options;
  PeerBus bus;
  std::unique_ptr<Peers> seat_a, seat_b;
  World a, b;
  std::vector<std::unique_ptr<Drone>> drones;
  SeededRandom random{5};
  bool a_deaf = false, b_deaf = false;         // what is sent to it is lost
  bool a_stopped = false, b_stopped = false;   // it does not run at all
  bool anycast = false;                        // packets go to both nodes in turn
  uint64_t turn = 0;
  uint32_t lossy = 0;                          // percent

 private:
  Options world_options(uint8_t sp_seed, Peers& peers) const {
    Options out;
    out.sp_seed = sp_seed;
    out.redirect = options.redirect;
    out.limits = options.limits;
    out.peers = options.bus ? &peers : nullptr;
    return out;
  }
};

// What the modules heard, in order: "started active ".
inline std::string story(const World& world) {
  std::string out;
  for (const FlightEvent& event : world.recorder->events) out += std::string(to_word(event.kind)) + " ";
  return out;
}

// The longest time between two positions of the track, over both providers.
inline int64_t gap_ms(const Town& town) {
  std::vector<Instant> times;
  for (const World* world : {&town.a, &town.b}) {
    for (const Sighting& sighting : world->recorder->sightings) {
      if (sighting.location) times.push_back(sighting.sampled);
    }
  }
  std::sort(times.begin(), times.end());
  EXPECT_GT(times.size(), 30u);
  int64_t longest = 0;
  for (size_t i = 1; i < times.size(); ++i) longest = std::max(longest, (times[i] - times[i - 1]).ms());
  return longest;
}

}  // namespace nrid::testing
