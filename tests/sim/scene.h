// What all parties of one run share.
#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "det/resolver.h"
#include "det/zone.h"
#include "nrid/peers.h"
#include "nrid/peer_file.h"
#include "nrid/policy.h"
#include "tests/sim/book.h"
#include "tests/sim/laws.h"
#include "tests/sim/names.h"
#include "tests/sim/network.h"

namespace nrid::sim {

struct Scene {
  Scene(uint64_t seed_in, const Faults& faults_in, schc::RuleSet rules, Instant begin_in)
      : seed(seed_in), faults(faults_in), book(std::move(rules)), network(timeline, faults, seed_in), begin(begin_in) {}

  uint64_t seed;
  Faults faults;
  Timeline timeline;
  Book book;
  Zone zone;
  Network network;
  Instant begin;                       // true wall time at 0
  bool healed = false;                 // from here on nothing goes wrong any more
  bool verbose = false;
  bool trace = false;                  // every report and Heartbeat, too
  Verdicts broken;
  PeerBus bus;                         // joins the providers, if anything does
  std::function<void(const Det& sp)> on_restart;
  std::map<std::string, det::RegistryEntry> registry;
  std::vector<det::TrustAnchor> anchors;
  std::vector<std::string> providers;  // names in the registry

  det::ResolverSettings resolver() const {
    det::ResolverSettings out;
    out.anchors = anchors;
    return out;
  }
  void log(const std::string& who, const std::string& what) const {
    if (verbose) std::printf("%10.3f %s %s\n", static_cast<double>(timeline.now().us) * 1e-6, who.c_str(), what.c_str());
  }
  // Calls `deed` at random moments, `per_min` a minute, until the scene heals.
  void now_and_then(double per_min, Dice& dice, std::function<void()> deed) {
    if (per_min <= 0) return;
    const double wait_s = dice.between(0.1, 2.0) * 60 / per_min;
    timeline.after({static_cast<int64_t>(wait_s * 1e6)}, [this, per_min, &dice, deed = std::move(deed)] {
      if (healed) return;
      deed();
      now_and_then(per_min, dice, deed);
    });
  }
};

inline Address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) { return v4_address(std::array<uint8_t, 4>{a, b, c, d}, port); }

}  // namespace nrid::sim
