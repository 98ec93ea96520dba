// A whole run: registry, providers, aircraft, attacker and what goes wrong, all of it drawn from one seed. Equal plans
// give equal runs. Also the harness of the fuzz target that feeds sequences of datagrams: make a quiet plan, run_for() until
// somebody flies, take what was caught(), change it, inject() it, run on, and look at violation().
//
//   World world(draw_plan(17));
//   world.run();                                // to the end, laws at every step
//   if (world.violation()) ...                  // law and sentence
#pragma once

#include <memory>
#include <optional>

#include "tests/sim/attacker.h"
#include "tests/sim/provider.h"
#include "tests/sim/uas.h"

namespace nrid::sim {

inline constexpr Duration kRunLength = seconds(600);

struct Plan {
  uint64_t seed = 0;
  Faults faults;
  int providers = 1;
  int flights = 1;
  Duration length = kRunLength;
  Duration heal = seconds(480);        // then nothing goes wrong any more, and everything must come to its end
  bool real_signatures = false;
  bool verbose = false;
  bool trace = false;
  bool catch_datagrams = false;        // keep what was sent, for caught()
  bool even = false;                   // all aircraft equal and flying all the time: for speed
};

// Ranges in world.cc; real signatures in every twentieth seed.
Plan draw_plan(uint64_t seed);
// Nothing goes wrong; for harnesses that bring their own trouble.
Plan quiet_plan(uint64_t seed, int providers, int flights);

struct Violation {
  std::string law, what;
  Time at;
};

struct Datagram {
  Address from, to;
  Buffer octets;
};

class World {
 public:
  explicit World(Plan plan);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void run();                          // to plan.length, and the last laws
  void run_for(Duration time);         // stops at the first violation
  const std::optional<Violation>& violation() const { return violation_; }
  Time now() const { return scene_.timeline.now(); }

  // For harnesses: past all faults of the network, from any address. Delivered by the next run_for().
  void inject(const Address& from, const Address& to, Bytes octets);
  const std::vector<Datagram>& caught() const { return caught_; }
  Provider& provider(size_t index) { return *providers_[index]; }
  Uas& uas(size_t index) { return *uas_[index]; }

  struct Summary {
    uint64_t events = 0, datagrams = 0, accepted = 0, heartbeats = 0, flights = 0, completed = 0, attacks = 0, crashes = 0;
    CounterTotals totals;
    uint64_t fingerprint = 0;          // equal for equal runs
  };
  Summary summary() const;
  const Plan& plan() const { return plan_; }

 private:
  void build_registry();
  void build_parties();
  void plan_episodes();
  void plan_redirects();
  void every_half_second();
  void heal();
  void last_laws();

  Plan plan_;
  Scene scene_;
  Dice dice_;
  std::unique_ptr<Attacker> attacker_;
  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<std::unique_ptr<Uas>> uas_;
  std::vector<Datagram> caught_;
  std::optional<Violation> violation_;
  uint64_t fingerprint_ = 0;
};

}  // namespace nrid::sim
