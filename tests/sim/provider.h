// One service provider: the real Server over the real key cache and chain walk, on a simulated disk, with a clock of its own, that
// dies and comes back. It is stepped when something has arrived and when it says that something is due, never otherwise.
#pragma once

#include <memory>

#include "det/key_source.h"
#include "tests/sim/scene.h"

namespace nrid::sim {

struct ProviderPlan {
  Timers timers;
  Policy policy;
  Limits limits;
  int shards = 1;
  bool connected = false;              // to the other providers (nrid/peers.h); else a redirect is over after R*P
  uint64_t capacity = 100'000;
};

class Provider {
 public:
  Provider(Scene& scene, std::string name, size_t number, ProviderPlan plan);
  ~Provider();
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  void boot();
  void crash();
  void heal();
  bool up() const { return server_ != nullptr; }
  // What a module may command; refused by the server when it cannot be.
  void redirect(const Det& ua, const Det& to);
  void check_due();                    // twice a second: the laws of time

  const std::string& name() const { return name_; }
  const Det& det() const { return entry_.det; }
  Port& port(Transport transport) { return transport == Transport::schc ? schc_ : plain_; }
  Address address(Transport transport) const { return (transport == Transport::schc ? schc_ : plain_).local(); }
  const ProviderLaws& laws() const { return laws_; }
  ProviderLaws& laws() { return laws_; }
  bool connected() const { return plan_.connected; }
  CounterTotals totals() const;        // over all runs
  PartyClock& clock() { return clock_; }
  Server* server() { return server_.get(); }

 private:
  class Recorder;

  void step();
  void wake(Time when);
  void watch(Port& port, Transport transport);
  void plan_faults();
  std::shared_ptr<const PeerTable> peer_table() const;
  Now now() const { return clock_.now(); }

  Scene& scene_;
  std::string name_;
  const det::RegistryEntry& entry_;
  ProviderPlan plan_;
  Dice dice_, names_dice_;
  PartyClock clock_;
  Port plain_, schc_;
  ProviderLaws laws_;
  DiskJournal journal_;
  SeedSigner signer_;
  NullEventStream events_;
  NoHttpCaller http_;

  // of one process
  std::unique_ptr<Dice> random_;
  std::unique_ptr<Names> names_;
  std::unique_ptr<det::DnsKeySource> keys_;
  std::unique_ptr<Peers> seat_;
  std::unique_ptr<Counters> counters_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Server> server_;

  CounterTotals before_;               // of earlier processes
  Time wake_at_{INT64_MAX};
  Time busy_until_;                    // the disk holds it up
  Duration stall_;                     // the next sync() takes so long
  bool dying_ = false;
};

}  // namespace nrid::sim
