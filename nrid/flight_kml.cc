// Flights as KML (OGC 12-007r2). Two conventions are read:
//  - gx:Track: <when> and <gx:coord> in pairs; a Placemark is a flight, its name and description say whose.
//  - LineString: a path without times. In a folder "flight: NAME", as InterUSS writes them, "speed: TEXT (N)" polygons
//    give the speed in m/s and "alt: TEXT" polygons the altitude of the path near them, "operator_location" the operator,
//    and the folder's description the rest. A LineString outside such a folder is flown at kCruiseMps.
// Coordinates keep their decimal text until they are exact integers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "nrid/distance.h"
#include "nrid/flight_file.h"
#include "wire/xml.h"

namespace nrid {
namespace {

constexpr double kCruiseMps = 8;                 // for a path that says nothing of its speed
constexpr double kClimbMps = 3;                  // InterUSS's paths step up and down on the spot
constexpr double kSpeedMinMps = 0.1, kSpeedMaxMps = 254.25;
constexpr double kAltitudeMinM = -999.5, kAltitudeMaxM = 31'767;
constexpr size_t kPointsMax = 100'000;           // of one path
constexpr size_t kNearStepsMax = 20'000'000;      // points of a path times corners of its zones
constexpr std::string_view kFlightFolder = "flight:", kAltZone = "alt:", kSpeedZone = "speed:";

struct Point {
  int32_t latitude_e7 = 0;
  int32_t longitude_e7 = 0;
  std::optional<int32_t> altitude_dm;
};

struct Zone {                                    // a polygon that says what holds near it
  std::vector<Point> ring;
  double value = 0;                              // m/s, or metres
};

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

std::string_view name_of(const XmlElement& element) {
  const XmlElement* name = element.child("name");
  return name == nullptr ? std::string_view() : name->trimmed();
}

// Days since 1970-01-01, proleptic Gregorian (the algorithm of H. Hinnant, public domain).
int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

// "2026-05-01T12:00:00.250Z" or with an offset "+02:00", to milliseconds.
std::optional<int64_t> parse_when(std::string_view text) {
  text = trimmed(text);
  const auto field = [&](size_t at, size_t size) -> std::optional<int64_t> {
    if (at + size > text.size()) return std::nullopt;
    return text[at] == '+' || text[at] == '-' ? std::nullopt : parse_decimal(text.substr(at, size), 0);
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto year = field(0, 4), month = field(5, 2), day = field(8, 2), hour = field(11, 2), minute = field(14, 2);
  size_t zone = text.find_first_of("Z+-", 17);
  if (!year || !month || !day || !hour || !minute || zone == std::string_view::npos) return std::nullopt;
  const auto second_ms = parse_decimal(text.substr(17, zone - 17), 3);
  if (!second_ms || *second_ms < 0 || *second_ms >= 61'000 || *month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59) return std::nullopt;
  int64_t offset_min = 0;
  if (text[zone] != 'Z') {
    const auto hours = field(zone + 1, 2), minutes = field(zone + 4, 2);
    if (!hours || !minutes || text.size() != zone + 6 || text[zone + 3] != ':') return std::nullopt;
    offset_min = (*hours * 60 + *minutes) * (text[zone] == '-' ? -1 : 1);
  } else if (text.size() != zone + 1) {
    return std::nullopt;
  }
  return ((days_from_civil(*year, *month, *day) * 24 + *hour) * 60 + *minute - offset_min) * 60'000 + *second_ms;
}

class KmlReader {
 public:
  KmlReader(const XmlElement& root, const std::string& file) : root_(root), file_(file) {}

  StatusOr<std::vector<Flight>> read() {
    if (root_.name != "kml") return bad(root_.line, "root element <" + root_.name + ">, KML has <kml>");
    TRY_VOID(read_folder(root_));
    if (flights_.empty()) return Status::failed(file_ + ": no flight: neither a gx:Track nor a LineString in it");
    return std::move(flights_);
  }

 private:
  Status bad(int line, const std::string& what) const { return Status::failed(file_ + ":" + std::to_string(line) + ": " + what); }

  Status read_folder(const XmlElement& folder) {
    for (const XmlElement& element : folder.children) {
      if (element.name == "Folder" && starts_with(name_of(element), kFlightFolder)) TRY_VOID(read_flight_folder(element));
      else if (element.name == "Folder" || element.name == "Document") TRY_VOID(read_folder(element));
      else if (element.name == "Placemark") TRY_VOID(read_placemark(element));
    }
    return {};
  }

  Status read_placemark(const XmlElement& placemark) {
    Flight flight;
    flight.name = name_of(placemark);
    TRY_VOID(read_description(placemark, flight));
    for (const XmlElement& geometry : placemark.children) {
      if (geometry.name == "Track") {
        TRY_VOID(read_track(geometry, flight));
        return add(std::move(flight), geometry.line);
      }
      if (geometry.name == "LineString") {
        TRY(points, read_coordinates(geometry));
        TRY_VOID(walk(points, {}, {}, geometry.line, flight));
        return add(std::move(flight), geometry.line);
      }
      if (geometry.name == "MultiTrack" || geometry.name == "MultiGeometry") {
        return bad(geometry.line, "<" + geometry.name + ">: one gx:Track or LineString to a Placemark");
      }
    }
    return {};
  }

  // InterUSS's convention, see the head of this file.
  Status read_flight_folder(const XmlElement& folder) {
    Flight flight;
    flight.name = trimmed(name_of(folder).substr(kFlightFolder.size()));
    TRY_VOID(read_description(folder, flight));
    std::vector<Zone> altitudes, speeds;
    const XmlElement* path = nullptr;
    const XmlElement* track = nullptr;
    for (const XmlElement& placemark : folder.children) {
      if (placemark.name != "Placemark") continue;
      const std::string_view name = name_of(placemark);
      if (starts_with(name, kAltZone)) TRY_VOID(read_altitude_zone(placemark, altitudes));
      else if (starts_with(name, kSpeedZone)) TRY_VOID(read_speed_zone(placemark, name, speeds));
      else if (name == "operator_location") TRY_VOID(read_operator(placemark, flight));
      else if (const XmlElement* found = placemark.child("LineString"); found != nullptr && path == nullptr) path = found;
      else if (const XmlElement* timed = placemark.child("Track"); timed != nullptr && track == nullptr) track = timed;
    }
    if (track != nullptr) {
      TRY_VOID(read_track(*track, flight));
    } else {
      if (path == nullptr) return bad(folder.line, "flight " + in_quotes(flight.name) + " has neither LineString nor gx:Track");
      TRY(points, read_coordinates(*path));
      TRY_VOID(walk(points, altitudes, speeds, path->line, flight));
    }
    return add(std::move(flight), folder.line);
  }

  Status add(Flight flight, int line) {
    if (flights_.size() == kFlightsMax) return bad(line, "more than " + std::to_string(kFlightsMax) + " flights");
    derive_motion(flight);
    flights_.push_back(std::move(flight));
    return {};
  }

  Status read_description(const XmlElement& element, Flight& flight) const {
    const XmlElement* description = element.child("description");
    if (description == nullptr) return {};
    std::string_view text = description->text;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      const size_t colon = line.find(':');
      if (colon == std::string_view::npos || trimmed(line.substr(0, colon)) == "name") continue;
      if (!set_flight_property(flight, line.substr(0, colon), line.substr(colon + 1))) {
        return bad(description->line, "operator_location " + in_quotes(trimmed(line.substr(colon + 1))) + ": latitude,longitude or latitude,longitude,altitude");
      }
    }
    return {};
  }

  // "lon,lat[,alt]" with `separator` between the numbers: a comma in coordinates, a space in gx:coord.
  StatusOr<Point> read_point(std::string_view text, char separator, int line) const {
    std::array<std::string_view, 3> parts;
    size_t count = 0;
    std::string_view rest = text;
    for (; count < 3 && !rest.empty(); ++count) {
      const size_t end = rest.find(separator);
      parts[count] = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    const auto longitude = count > 0 ? parse_decimal(parts[0], 7) : std::nullopt;
    const auto latitude = count > 1 ? parse_decimal(parts[1], 7) : std::nullopt;
    if (!rest.empty() || !latitude || !longitude || std::abs(*latitude) > 900'000'000 || std::abs(*longitude) > 1'800'000'000) {
      return bad(line, "coordinate " + in_quotes(text) + ": longitude -180 to 180, latitude -90 to 90, altitude in metres");
    }
    Point point{static_cast<int32_t>(*latitude), static_cast<int32_t>(*longitude), std::nullopt};
    if (count == 3) {
      const auto altitude = parse_decimal(parts[2], 1);
      if (!altitude || *altitude < kAltitudeMinM * 10 || *altitude > kAltitudeMaxM * 10) {
        return bad(line, "altitude " + in_quotes(parts[2]) + ": metres, -999.5 to 31767");
      }
      point.altitude_dm = static_cast<int32_t>(*altitude);
    }
    return point;
  }

  StatusOr<std::vector<Point>> read_coordinates(const XmlElement& geometry) const {
    const XmlElement* coordinates = geometry.child("coordinates");
    if (coordinates == nullptr) return bad(geometry.line, "<" + geometry.name + "> without coordinates");
    std::vector<Point> points;
    std::string_view text = trimmed(coordinates->text);
    while (!text.empty()) {
      const size_t end = text.find_first_of(" \t\r\n");
      TRY(point, read_point(text.substr(0, end), ',', coordinates->line));
      if (points.size() == kPointsMax) return bad(coordinates->line, "more than " + std::to_string(kPointsMax) + " points");
      points.push_back(point);
      text = end == std::string_view::npos ? std::string_view() : trimmed(text.substr(end));
    }
    if (points.empty()) return bad(coordinates->line, "no coordinates");
    return points;
  }

  Status read_operator(const XmlElement& placemark, Flight& flight) const {
    const XmlElement* point = placemark.child("Point");
    if (point == nullptr) return bad(placemark.line, "operator_location without a Point");
    TRY(points, read_coordinates(*point));
    flight.operator_position = OperatorPosition{points[0].latitude_e7, points[0].longitude_e7, points[0].altitude_dm};
    return {};
  }

  StatusOr<std::vector<Point>> read_ring(const XmlElement& placemark) const {
    const XmlElement* polygon = placemark.child("Polygon");
    const XmlElement* outer = polygon == nullptr ? nullptr : polygon->child("outerBoundaryIs");
    const XmlElement* ring = outer == nullptr ? nullptr : outer->child("LinearRing");
    if (ring == nullptr) return bad(placemark.line, in_quotes(name_of(placemark)) + " without a Polygon");
    return read_coordinates(*ring);
  }

  Status read_altitude_zone(const XmlElement& placemark, std::vector<Zone>& zones) const {
    TRY(ring, read_ring(placemark));
    double sum = 0;
    for (const Point& point : ring) sum += point.altitude_dm.value_or(0) / 10.0;
    zones.push_back({ring, sum / static_cast<double>(ring.size())});
    return {};
  }

  Status read_speed_zone(const XmlElement& placemark, std::string_view name, std::vector<Zone>& zones) const {
    TRY(ring, read_ring(placemark));
    const size_t open = name.rfind('('), close = name.rfind(')');
    const bool form = open != std::string_view::npos && close != std::string_view::npos && open < close;
    const auto speed = form ? parse_decimal(name.substr(open + 1, close - open - 1), 2) : std::nullopt;
    if (!speed || *speed < kSpeedMinMps * 100 || *speed > kSpeedMaxMps * 100) {
      return bad(placemark.line, in_quotes(name) + ": the speed in brackets, 0.1 to 254.25 m/s");
    }
    zones.push_back({ring, static_cast<double>(*speed) / 100});
    return {};
  }

  Status read_track(const XmlElement& track, Flight& flight) const {
    std::vector<const XmlElement*> whens, coords;
    for (const XmlElement& element : track.children) {
      if (element.name == "when") whens.push_back(&element);
      if (element.name == "coord") coords.push_back(&element);
    }
    if (whens.size() != coords.size() || whens.empty()) {
      return bad(track.line, "gx:Track with " + std::to_string(whens.size()) + " <when> and " + std::to_string(coords.size()) + " <gx:coord>");
    }
    if (whens.size() > kPointsMax) return bad(track.line, "more than " + std::to_string(kPointsMax) + " points");
    std::optional<int64_t> first;
    for (size_t i = 0; i < whens.size(); ++i) {
      const auto when = parse_when(whens[i]->text);
      if (!when) return bad(whens[i]->line, "<when> " + in_quotes(whens[i]->trimmed()) + ": as in 2026-05-01T12:00:00Z");
      if (!first) first = when;
      TRY(point, read_point(coords[i]->trimmed(), ' ', coords[i]->line));
      FlightSample sample;
      sample.t_ms = *when - *first;
      sample.latitude_e7 = point.latitude_e7;
      sample.longitude_e7 = point.longitude_e7;
      sample.altitude_dm = point.altitude_dm;
      if (!flight.samples.empty() && sample.t_ms <= flight.samples.back().t_ms) return bad(whens[i]->line, "<when> is not later than the one before");
      if (sample.t_ms > kFlightDurationMaxMs) return bad(whens[i]->line, "flight longer than 24 hours");
      flight.samples.push_back(sample);
    }
    return {};
  }

  // Times for a path: from point to point at the speed of the zone it starts in.
  Status walk(const std::vector<Point>& points, const std::vector<Zone>& altitudes, const std::vector<Zone>& speeds, int line, Flight& flight) const {
    size_t corners = 0;
    for (const auto* zones : {&altitudes, &speeds}) {
      for (const Zone& zone : *zones) corners += zone.ring.size();
    }
    if (points.size() * corners > kNearStepsMax) return bad(line, "too many zone corners for a path of " + std::to_string(points.size()) + " points");
    double t_ms = 0;
    std::optional<double> altitude_before;
    for (size_t i = 0; i < points.size(); ++i) {
      const Point& here = points[i];
      std::optional<double> altitude;
      if (here.altitude_dm) altitude = *here.altitude_dm / 10.0;
      if (!altitudes.empty()) altitude = near(altitudes, here);
      if (i > 0) {
        const Point& before = points[i - 1];
        const double mps = speeds.empty() ? kCruiseMps : near(speeds, before);
        const double along = distance_m(before.latitude_e7, before.longitude_e7, here.latitude_e7, here.longitude_e7) / mps;
        const double up = altitude && altitude_before ? std::abs(*altitude - *altitude_before) / kClimbMps : 0;
        t_ms += std::max({along, up, 0.001}) * 1000;
      }
      altitude_before = altitude;
      FlightSample sample;
      sample.t_ms = std::llround(t_ms);
      sample.latitude_e7 = here.latitude_e7;
      sample.longitude_e7 = here.longitude_e7;
      if (altitude) sample.altitude_dm = static_cast<int32_t>(std::lround(*altitude * 10));
      if (t_ms > static_cast<double>(kFlightDurationMaxMs)) return bad(line, "flight longer than 24 hours");
      if (!flight.samples.empty() && sample.t_ms <= flight.samples.back().t_ms) continue;  // the same place again
      flight.samples.push_back(sample);
    }
    return {};
  }

  // The value of the zone a point lies in (the last one drawn wins), else the mean of all, nearer ones weighing more.
  static double near(const std::vector<Zone>& zones, const Point& point) {
    double sum = 0, weights = 0;
    const Zone* inside = nullptr;
    for (const Zone& zone : zones) {
      if (contains(zone.ring, point)) inside = &zone;
      double nearest = std::numeric_limits<double>::max();
      for (const Point& corner : zone.ring) {
        nearest = std::min(nearest, distance_m(corner.latitude_e7, corner.longitude_e7, point.latitude_e7, point.longitude_e7));
      }
      const double weight = 1 / std::max(nearest, 1.0);
      sum += weight * zone.value;
      weights += weight;
    }
    return inside != nullptr ? inside->value : sum / weights;
  }

  static bool contains(const std::vector<Point>& ring, const Point& point) {
    bool in = false;
    for (size_t i = 0, j = ring.size() - 1; i < ring.size(); j = i++) {
      const double x1 = ring[i].longitude_e7, y1 = ring[i].latitude_e7, x2 = ring[j].longitude_e7, y2 = ring[j].latitude_e7;
      const double x = point.longitude_e7, y = point.latitude_e7;
      if ((y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1) in = !in;
    }
    return in;
  }

  const XmlElement& root_;
  const std::string& file_;
  std::vector<Flight> flights_;
};

}  // namespace

StatusOr<std::vector<Flight>> parse_flight_kml(std::string_view text, const std::string& file) {
  XmlLimits limits;
  limits.octets_max = kFlightFileMax;
  TRY(root, parse_xml(text, file, limits));
  return KmlReader(root, file).read();
}

}  // namespace nrid
