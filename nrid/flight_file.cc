#include "nrid/flight_file.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/text.h"
#include "nrid/distance.h"
#include "rid/messages.h"

namespace nrid {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int64_t kCrowdMs = 200;                               // no sample is made up this close to one of the file
constexpr int64_t kHalfTurn = 1'800'000'000;                    // in 1e-7 degree
constexpr double kMovingMps = 0.2;                              // below it a track is noise

bool ends_with_no_case(std::string_view text, std::string_view end) {
  if (text.size() < end.size()) return false;
  text.remove_prefix(text.size() - end.size());
  return std::equal(text.begin(), text.end(), end.begin(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

int64_t interpolate(int64_t a, int64_t b, int64_t part, int64_t whole) {
  const int64_t product = (b - a) * part;
  const int64_t half = whole / 2;
  return a + (product >= 0 ? (product + half) / whole : (product - half) / whole);
}

// The short way round, also across the 180th meridian.
int64_t east_by(int64_t from_e7, int64_t to_e7) {
  const int64_t east = to_e7 - from_e7;
  return east > kHalfTurn ? east - 2 * kHalfTurn : east < -kHalfTurn ? east + 2 * kHalfTurn : east;
}

template <class T>
std::optional<T> between(const std::optional<T>& a, const std::optional<T>& b, int64_t part, int64_t whole) {
  if (!a || !b) return std::nullopt;
  return static_cast<T>(interpolate(static_cast<int64_t>(*a), static_cast<int64_t>(*b), part, whole));
}

// Going from 350 to 10 degrees passes north, not south.
std::optional<uint16_t> between_tracks(const std::optional<uint16_t>& a, const std::optional<uint16_t>& b, int64_t part, int64_t whole) {
  if (!a || !b) return a ? a : b;
  int64_t turn = (*b - *a + 540) % 360 - 180;
  return static_cast<uint16_t>((*a + interpolate(0, turn, part, whole) + 360) % 360);
}

FlightSample sample_between(const FlightSample& a, const FlightSample& b, int64_t t_ms) {
  const int64_t part = t_ms - a.t_ms;
  const int64_t whole = b.t_ms - a.t_ms;
  FlightSample out;
  out.t_ms = t_ms;
  out.latitude_e7 = static_cast<int32_t>(interpolate(a.latitude_e7, b.latitude_e7, part, whole));
  const int64_t longitude = interpolate(a.longitude_e7, a.longitude_e7 + east_by(a.longitude_e7, b.longitude_e7), part, whole);
  out.longitude_e7 = static_cast<int32_t>(longitude + (longitude > kHalfTurn ? -2 * kHalfTurn : longitude < -kHalfTurn ? 2 * kHalfTurn : 0));
  out.altitude_dm = between(a.altitude_dm, b.altitude_dm, part, whole);
  out.height_dm = between(a.height_dm, b.height_dm, part, whole);
  out.speed_cmps = between(a.speed_cmps, b.speed_cmps, part, whole);
  out.track_deg = between_tracks(a.track_deg, b.track_deg, part, whole);
  out.vertical_speed_cmps = between(a.vertical_speed_cmps, b.vertical_speed_cmps, part, whole);
  out.status = a.status;
  out.from_file = false;
  return out;
}

double track_between(const FlightSample& a, const FlightSample& b) {
  const double north = static_cast<double>(b.latitude_e7 - a.latitude_e7);
  const double east = static_cast<double>(east_by(a.longitude_e7, b.longitude_e7)) * std::cos(a.latitude_e7 / 1e7 * kPi / 180);
  const double degrees = std::atan2(east, north) * 180 / kPi;
  return degrees < 0 ? degrees + 360 : degrees;
}

uint32_t rounded_speed(double mps) { return static_cast<uint32_t>(std::lround(std::min(mps, 254.25) * 100)); }

}  // namespace

std::optional<int64_t> parse_decimal(std::string_view text, int places) {
  text = trimmed(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 40) return std::nullopt;
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (whole.empty() || whole.size() > 11 || (dot != std::string_view::npos && part.empty())) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(whole.begin(), whole.end(), digit) || !std::all_of(part.begin(), part.end(), digit)) return std::nullopt;
  int64_t value = 0;
  for (const char c : whole) value = value * 10 + (c - '0');
  for (int i = 0; i < places; ++i) value = value * 10 + (static_cast<size_t>(i) < part.size() ? part[static_cast<size_t>(i)] - '0' : 0);
  if (part.size() > static_cast<size_t>(places) && part[static_cast<size_t>(places)] >= '5') ++value;
  return negative ? -value : value;
}

bool set_flight_property(Flight& flight, std::string_view key, std::string_view value) {
  key = trimmed(key);
  value = trimmed(value);
  if (key == "name") flight.name = value;
  if (key == "serial_number") flight.serial_number = value;
  if (key == "operator_id") flight.operator_id = value;
  if (key == "operation_description") flight.description = value;
  if (key == "aircraft_type") flight.aircraft_type = value;
  if (key != "operator_location") return true;
  std::array<std::string_view, 3> parts;
  size_t count = 0;
  for (;;) {
    const size_t comma = value.find(',');
    if (count == parts.size()) return false;
    parts[count++] = value.substr(0, comma);
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  if (count < 2) return false;
  const auto latitude = parse_decimal(parts[0], 7);
  const auto longitude = parse_decimal(parts[1], 7);
  if (!latitude || !longitude || std::abs(*latitude) > 900'000'000 || std::abs(*longitude) > 1'800'000'000) return false;
  OperatorPosition position{static_cast<int32_t>(*latitude), static_cast<int32_t>(*longitude), std::nullopt};
  if (count == 3) {
    const auto altitude = parse_decimal(parts[2], 1);
    if (!altitude || *altitude <= -10'000 || *altitude > 317'670) return false;
    position.altitude_dm = static_cast<int32_t>(*altitude);
  }
  flight.operator_position = position;
  return true;
}

void derive_motion(Flight& flight) {
  auto& samples = flight.samples;
  if (samples.empty()) return;
  const auto ground_dm = samples.front().altitude_dm;
  for (size_t i = 0; i < samples.size(); ++i) {
    FlightSample& here = samples[i];
    const bool last = i + 1 == samples.size();
    if (!here.height_dm && here.altitude_dm && ground_dm) here.height_dm = *here.altitude_dm - *ground_dm;
    if (last && i == 0) {
      if (!here.speed_cmps) here.speed_cmps = 0;
    } else {
      const FlightSample& a = last ? samples[i - 1] : here;
      const FlightSample& b = last ? here : samples[i + 1];
      const double span_s = static_cast<double>(b.t_ms - a.t_ms) / 1000;
      const double mps = distance_m(a.latitude_e7, a.longitude_e7, b.latitude_e7, b.longitude_e7) / span_s;
      if (!here.speed_cmps) here.speed_cmps = rounded_speed(mps);
      if (!here.track_deg && mps >= kMovingMps) here.track_deg = static_cast<uint16_t>(std::lround(track_between(a, b)) % 360);
      if (!here.vertical_speed_cmps && a.altitude_dm && b.altitude_dm) {
        const double up = (*b.altitude_dm - *a.altitude_dm) * 10 / span_s;
        here.vertical_speed_cmps = static_cast<int32_t>(std::lround(std::clamp(up, -6200.0, 6200.0)));
      }
    }
    if (!here.track_deg && i > 0) here.track_deg = samples[i - 1].track_deg;  // a hovering aircraft keeps its heading
    if (!here.status) {
      const bool moves = *here.speed_cmps > 50 || (here.vertical_speed_cmps && std::abs(*here.vertical_speed_cmps) > 50);
      const bool low = !here.height_dm || *here.height_dm < 10;
      const bool on_ground = !moves && low && (i == 0 || last);
      here.status = static_cast<uint8_t>(on_ground ? rid::Status::ground : rid::Status::airborne);
    }
  }
}

StatusOr<Flight> fill_to_1hz(const Flight& flight) {
  Flight out = flight;
  out.samples.clear();
  for (const FlightSample& sample : flight.samples) {
    if (!out.samples.empty()) {
      const FlightSample from = out.samples.back();
      for (int64_t t = from.t_ms + 1000; t + kCrowdMs < sample.t_ms && out.samples.size() <= kFlightSamplesMax; t += 1000) {
        out.samples.push_back(sample_between(from, sample, t));
      }
    }
    out.samples.push_back(sample);
    if (out.samples.size() > kFlightSamplesMax) {
      return Status::failed("flight \"" + flight.name + "\" has more than " + std::to_string(kFlightSamplesMax) + " samples at 1 Hz");
    }
  }
  return out;
}

StatusOr<Flight> choose_flight(const std::vector<Flight>& flights, std::string_view choice) {
  if (flights.empty()) return Status::failed("no flight in the file");
  if (choice.empty()) return flights.front();
  for (const Flight& flight : flights) {
    if (flight.name == choice) return flight;
  }
  if (const auto number = parse_decimal(choice, 0); number && *number >= 1 && *number <= static_cast<int64_t>(flights.size())) {
    return flights[static_cast<size_t>(*number) - 1];
  }
  std::string names;
  for (size_t i = 0; i < flights.size(); ++i) names += (i ? ", " : "") + std::to_string(i + 1) + " \"" + flights[i].name + "\"";
  return Status::failed("no flight \"" + std::string(choice) + "\"; there are " + names);
}

StatusOr<std::vector<Flight>> read_flight_file(const std::string& path) {
  const bool csv = ends_with_no_case(path, ".csv");
  if (!csv && !ends_with_no_case(path, ".kml")) return Status::failed(path + ": flight files end in .csv or .kml");
  TRY(text, read_file(path, kFlightFileMax));
  return csv ? parse_flight_csv(text, path) : parse_flight_kml(text, path);
}

}  // namespace nrid
