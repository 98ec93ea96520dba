// Flights as GeoJSON (RFC 7946). Coordinates are printed from the integers that came over the air, so that 1e-7 degree
// stays 1e-7 degree: no floating point on the way. Members and their meaning: README.md.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "modules/fleet/api.h"

namespace nrid::fleet {

enum class WithTrack : bool { no, yes };

std::string collection_json(const FlightsSnapshot& snapshot, Instant now, WithTrack track);
std::string feature_json(const LiveFlight& flight, Instant now, WithTrack track);
// Event `flight`: a change of state, or that the flight left the table.
std::string state_json(const LiveFlight& flight, bool removed, std::string_view detail);

std::string decimal(int64_t value, int places);       // decimal(-5, 1) is "-0.5"
std::string json_string(std::string_view text);            // a JSON string; octets that are not UTF-8 become U+FFFD

}  // namespace nrid::fleet
