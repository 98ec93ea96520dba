// The fleet module: latest position and the last 60 seconds of track of every aircraft, bounded in aircraft and points.
// Runs on the record thread; web threads read the published snapshot. GET /api/flights (GeoJSON), GET
// /api/flights/{det}, events `position` and `flight`, and the map of the page. README.md has every name and rule.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "base/clock.h"
#include "base/settings.h"
#include "modules/fleet/api.h"
#include "nrid/module.h"

namespace nrid::fleet {

class Fleet final : public Module, public LiveFlights {
 public:
  explicit Fleet(const Clock& clock);
  ~Fleet() override;

  // The rows of section [fleet] for Settings::load().
  static std::span<const SettingInfo> settings_rows();

  std::string_view name() const override { return "fleet"; }
  Status start(ModuleHost& host) override;
  void on_sightings(std::span<const Sighting> batch) override;
  void on_event(const FlightEvent& event) override;
  void on_tick(Instant now) override;

  std::shared_ptr<const FlightsSnapshot> snapshot() const override;

 private:
  struct Record;
  struct Tally;
  using Records = std::list<Record>;       // oldest contact first: the one to give up when the table is full

  Records::iterator record_of(const Det& ua, const Det& gateway, uint64_t operation, Now now);
  void take(const Sighting& sighting, Now now);
  bool take_location(Record& record, const Sighting& sighting);
  void add_to_track(LiveFlight& flight, const Sighting& sighting);
  void announce_position(Record& record, Now now);
  void announce_state(Record& record, std::string_view detail);
  void remove(Records::iterator record, std::string_view detail);
  void publish(Now now, bool at_once);
  void add_routes(ModuleHost& host);

  const Clock& clock_;
  ModuleHost* host_ = nullptr;
  size_t aircraft_max_ = 10'000;
  size_t track_points_max_ = 600;
  Records records_;
  absl::btree_map<Det, Records::iterator> by_det_;
  std::unique_ptr<Tally> tally_;

  bool dirty_ = false;                     // the snapshot is behind the records
  Tick published_at_;
  mutable std::mutex snapshot_mutex_;      // held for one pointer copy
  std::shared_ptr<const FlightsSnapshot> snapshot_;
};

}  // namespace nrid::fleet
