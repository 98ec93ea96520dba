// Flights on file: what the gateway flies when no aircraft is at hand. CSV with a header row, or KML (gx:Track, LineString,
// and the "flight:" folders of InterUSS). Positions are exact: decimal text becomes 1e-7 degree without passing through
// floating point, and a sample that stands in the file is sent as it stands there.
//
// CSV columns, in any order: t_s, lat, lon required; alt_m (WGS-84), height_m (above take-off), speed_mps, track_deg,
// vspeed_mps, status (undeclared ground airborne emergency rid_failure) optional, and derived from the path where absent.
// Lines "# key: value" before the header carry what a KML description carries: name, serial_number, operator_id,
// operation_description, aircraft_type, operator_location (lat,lon or lat,lon,alt).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nrid {

inline constexpr size_t kFlightFileMax = 16 << 20;       // octets
inline constexpr size_t kFlightSamplesMax = 200'000;     // of one flight, after filling up to 1 Hz
inline constexpr size_t kFlightsMax = 1000;              // of one file
inline constexpr int64_t kFlightDurationMaxMs = 24 * 3'600'000LL;

struct FlightSample {
  int64_t t_ms = 0;                                      // after take-off of the file's first sample
  int32_t latitude_e7 = 0;
  int32_t longitude_e7 = 0;
  std::optional<int32_t> altitude_dm;                    // geodetic, WGS-84
  std::optional<int32_t> height_dm;                      // above take-off; one that F3411 cannot hold is not said (nrid/aircraft.cc)
  std::optional<uint32_t> speed_cmps;
  std::optional<uint16_t> track_deg;
  std::optional<int32_t> vertical_speed_cmps;            // up positive
  std::optional<uint8_t> status;                         // rid::Status
  bool from_file = true;                                 // false: interpolated
  bool operator==(const FlightSample&) const = default;
};

struct OperatorPosition {
  int32_t latitude_e7 = 0;
  int32_t longitude_e7 = 0;
  std::optional<int32_t> altitude_dm;
  bool operator==(const OperatorPosition&) const = default;
};

struct Flight {
  std::string name;
  std::string serial_number;                             // the next four empty when the file does not say
  std::string operator_id;
  std::string description;                               // becomes the Self-ID
  std::string aircraft_type;                             // "Helicopter", ...
  std::optional<OperatorPosition> operator_position;
  std::vector<FlightSample> samples;                     // strictly increasing t_ms, never empty
};

// All flights of a file, in file order, derived values filled in. By the suffix: .csv or .kml. A Status names file, line,
// value and what is allowed.
StatusOr<std::vector<Flight>> read_flight_file(const std::string& path);
StatusOr<std::vector<Flight>> parse_flight_csv(std::string_view text, const std::string& file);
StatusOr<std::vector<Flight>> parse_flight_kml(std::string_view text, const std::string& file);

// By name, else by number from 1; an empty choice takes the first. The Status lists the names there are.
StatusOr<Flight> choose_flight(const std::vector<Flight>& flights, std::string_view choice);

// Fills gaps of more than one second by linear interpolation in integers, so that every second has a sample; samples of
// the file stay as they are.
StatusOr<Flight> fill_to_1hz(const Flight& flight);
// Speed, track, vertical speed, height, status where the file gives none.
void derive_motion(Flight& flight);

// Exact decimal: "-77.55585786189934" with 7 places is -775558579 (half away from zero). nullopt for anything that is not
// [+-]digits[.digits], or does not fit.
std::optional<int64_t> parse_decimal(std::string_view text, int places);
// "key: value" of a KML description or a CSV comment into the flight; false when the value is not what the key allows.
bool set_flight_property(Flight& flight, std::string_view key, std::string_view value);

}  // namespace nrid
