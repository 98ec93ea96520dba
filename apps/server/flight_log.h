// What an operator's log says of flights (nrid.md R-114): one line per event of a flight, and, once a day and a week before, that
// the endorsement of a peer is about to run out (resilience.md T50). Of DETs that cannot be verified it says a few a second, and how many
// more there were (T49). The last module, so that its lines come after what the others made of an event.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "nrid/module.h"
#include "nrid/peer_file.h"

namespace nrid::provider {

class FlightLog final : public Module {
 public:
  using Table = std::function<std::shared_ptr<const PeerTable>()>;
  void watch(Table table) { table_ = std::move(table); }
  // Counts what the server did not tell, since its start (Counter::unverifiable_not_told).
  void count_not_told(std::function<uint64_t()> count) { count_ = std::move(count); }

  std::string_view name() const override { return "flight_log"; }
  Status start(ModuleHost&) override { return {}; }
  void on_sightings(std::span<const Sighting>) override {}
  void on_event(const FlightEvent& event) override;
  void on_tick(Instant now) override;
  void stop() override { say_not_told(); }

 private:
  void judge(const Peer& peer, Instant now);
  void say_not_told();
  Table table_;
  std::function<uint64_t()> count_;
  uint64_t said_ = 0;                                    // of count_
  std::map<Det, std::pair<Instant, ExpiryLevel>> told_;  // end of the endorsement, and what was said of it
};

}  // namespace nrid::provider
