// What other modules and the web threads may know of the fleet: who flies now, where, and why we believe it.
// A snapshot is immutable; hold it as long as you like. See README.md for the 60-second rule.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/det.h"
#include "nrid/sighting.h"
#include "rid/messages.h"

namespace nrid::fleet {

// NetMaxNearRealTimeDataPeriod of F3411-22a: older positions are history and are not served as current.
inline constexpr Duration kNearRealTime = seconds(60);

enum class FlightState : uint8_t { starting, active, lost, ended };
std::string_view to_word(FlightState state);

struct TrackPoint {
  Instant sampled;
  int32_t latitude_e7 = 0;
  int32_t longitude_e7 = 0;
  std::optional<int32_t> geodetic_altitude_dm;
  bool anomaly = false;
};

struct LiveFlight {
  Det ua;
  Det gateway;
  uint64_t operation = 0;
  FlightState state = FlightState::starting;
  Instant state_since;
  std::string detail;                        // of the last event: "silent for 15 s"
  Verdict verdict = Verdict::verified;
  TrustState trust = TrustState::trusted;
  Origin origin = Origin::aircraft;
  std::string evidence;
  Instant sampled;                           // of `location`
  Instant signed_at;
  Instant received;                          // last contact
  bool anomaly = false;
  std::optional<rid::Location> location;     // the newest with a position; judge it with current_at()
  std::vector<rid::BasicId> basic_ids;       // one per id type
  std::optional<rid::SelfId> self_id;
  std::optional<rid::System> system;
  std::optional<rid::OperatorId> operator_id;
  std::vector<TrackPoint> track;             // strictly increasing in sample time, at most 60 s, newest last

  // Has a position that may be shown as current at `now`.
  bool current_at(Instant now) const { return location.has_value() && now - sampled <= kNearRealTime; }
};

struct FlightsSnapshot {
  Instant at;
  std::vector<std::shared_ptr<const LiveFlight>> flights;    // ascending by DET
  std::shared_ptr<const LiveFlight> find(const Det& ua) const;  // null if not there
};

class LiveFlights {
 public:
  virtual ~LiveFlights() = default;
  virtual std::shared_ptr<const FlightsSnapshot> snapshot() const = 0;  // any thread, never null
};

}  // namespace nrid::fleet
