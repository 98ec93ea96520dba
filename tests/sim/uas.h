// One unmanned aircraft system: the real Gateway and Aircraft behind a NAT, with DNS as its operator finds it. It looks its provider up
// before every operation, flies, ends, and flies again; it may crash in flight and come back.
#pragma once

#include <memory>
#include <optional>
#include <set>

#include "nrid/gateway.h"
#include "tests/sim/scene.h"

namespace nrid::sim {

struct UasPlan {
  std::string aircraft;                // names in the registry
  std::string gateway;                 // the same as `aircraft` when it speaks for itself (R-056 a)
  std::string provider;                // configured
  GatewayTimers timers;
  GatewayPolicy policy;
  bool schc = false;
  Duration skew;                       // of its clock
  Time start;
  Duration flight;                     // each
  int flights_max = 3;
  Time end_by;                         // no flight lasts longer
};

class Uas {
 public:
  Uas(Scene& scene, size_t number, UasPlan plan);

  void heal();
  // The last word: has it come to a defined state although all is well again?
  void check_end();

  const std::string& name() const { return name_; }
  const Address& address() const { return address_; }
  Port& port() { return port_; }
  bool in_flight() const { return gateway_ != nullptr && !gateway_->done(); }
  int flights() const { return flights_; }
  int completed() const { return completed_; }
  uint64_t heartbeats() const { return heartbeats_; }
  Gateway* gateway() { return gateway_.get(); }
  const std::vector<Duration>& try_gaps() const { return gaps_; }

 private:
  void look_up();
  void launch(const det::Resolution& provider, const det::Resolution& hda);
  void step();
  void wake(Time when);
  void crash();
  void rebind();
  void on_event(std::string_view event, std::initializer_list<LogField> fields);
  void finished();
  void on_taken(const Port::Letter& letter);
  void judge_words();
  void note_try(const Opened& opened);
  Flight make_flight();
  Address fresh_address();

  Scene& scene_;
  std::string name_;
  size_t number_;
  UasPlan plan_;
  Dice dice_;
  uint16_t next_port_ = 1;               // before address_, which is made of it
  Address address_;
  PartyClock clock_;
  Port port_;
  Names names_;
  det::Resolver resolver_;
  const det::RegistryEntry& aircraft_entry_;
  const det::RegistryEntry& gateway_entry_;
  SeedSigner aircraft_signer_, gateway_signer_;
  Aircraft aircraft_;
  std::unique_ptr<Gateway> gateway_;

  Time wake_at_{INT64_MAX};
  int flights_ = 0, completed_ = 0;
  int setups_failed_ = 0;
  uint64_t generation_ = 0;            // of the gateway's process
  bool started_ok_ = false;
  uint64_t heartbeats_ = 0, heartbeats_before_ = 0;
  // true words for this aircraft, alive by its clock, that were taken since the last step
  struct Word { int64_t iat; Det sp; };
  std::vector<Word> words_;
  Word floor_{};                       // the last one that it took was no older
  // gaps between the tries of a start, which must not all be equal
  std::optional<Time> tried_;
  std::vector<Duration> gaps_;
};

}  // namespace nrid::sim
