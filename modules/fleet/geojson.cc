#include "modules/fleet/geojson.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "rid/words.h"

namespace nrid::fleet {
namespace {

// Appends ,"name":value; the first member goes without comma.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  ~Members() { out_ += '}'; }

  void raw(std::string_view name, std::string_view json) {
    if (!first_) out_ += ',';
    first_ = false;
    ((out_ += '"') += name) += "\":";
    out_ += json;
  }
  void text(std::string_view name, std::string_view value) { raw(name, json_string(value)); }
  template <class T>
  void number(std::string_view name, const std::optional<T>& value, int places, bool shown) {
    raw(name, shown && value ? decimal(static_cast<int64_t>(*value), places) : "null");
  }

 private:
  std::string& out_;
  bool first_ = true;
};

std::string time_text(Instant instant) { return rfc3339(instant, 3); }

std::string coordinates(int32_t longitude_e7, int32_t latitude_e7, std::optional<int32_t> altitude_dm) {
  std::string out = "[" + decimal(longitude_e7, 7) + "," + decimal(latitude_e7, 7);
  if (altitude_dm) out += "," + decimal(*altitude_dm, 1);
  return out + "]";
}

std::string track_json(const LiveFlight& flight, Instant now) {
  std::string out = "[";
  for (const TrackPoint& point : flight.track) {
    if (now - point.sampled > kNearRealTime) continue;
    if (out.size() > 1) out += ',';
    out += "[" + decimal(point.longitude_e7, 7) + "," + decimal(point.latitude_e7, 7) + ",";
    out += point.geodetic_altitude_dm ? decimal(*point.geodetic_altitude_dm, 1) : "null";
    out += ",\"" + time_text(point.sampled) + "\"]";
  }
  return out + "]";
}

std::string_view status_word(const std::optional<rid::Location>& location) {
  return location ? to_word(static_cast<rid::Status>(location->status)) : "unknown";
}

std::string id_text(const rid::BasicId& id) {
  if (const auto det = id.session_det()) return to_text(*det);
  if (id.id_type == rid::IdType::utm_uuid || id.id_type == rid::IdType::specific_session) return nrid::to_hex(Bytes(id.uas_id));
  return rid::text_of(id.uas_id);
}

std::string basic_ids_json(const LiveFlight& flight) {
  std::string out = "[";
  for (const rid::BasicId& id : flight.basic_ids) {
    if (out.size() > 1) out += ',';
    Members members(out);
    members.text("type", to_word(id.id_type));
    members.text("id", id_text(id));
    members.raw("ua_type", decimal(id.ua_type, 0));
  }
  return out + "]";
}

void motion(Members& members, const LiveFlight& flight, bool current) {
  const rid::Location location = flight.location.value_or(rid::Location{});
  members.number("speed_mps", location.speed_cmps, 2, current);
  members.number("track_deg", location.track_deg, 0, current);
  members.number("vertical_speed_mps", location.vertical_speed_cmps, 2, current);
  members.number("altitude_geodetic_m", location.geodetic_altitude_dm, 1, current);
  members.number("altitude_pressure_m", location.pressure_altitude_dm, 1, current);
  members.number("height_m", location.height_dm, 1, current);
  members.text("height_reference", location.height_type == rid::HeightType::above_ground ? "ground" : "takeoff");
}

std::string properties_json(const LiveFlight& flight, Instant now, bool current, WithTrack track) {
  std::string out;
  {
    Members members(out);
    members.text("det", to_text(flight.ua));
    members.text("gateway", to_text(flight.gateway));
    members.raw("operation", "\"" + std::to_string(flight.operation) + "\"");
    members.text("state", to_word(flight.state));
    members.text("state_since", time_text(flight.state_since));
    members.text("detail", flight.detail);
    members.text("trust", to_word(flight.verdict));
    members.text("trust_state", to_word(flight.trust));
    members.text("trust_why", flight.evidence);
    members.text("origin", to_word(flight.origin));
    members.raw("current", current ? "true" : "false");
    members.raw("anomaly", flight.anomaly ? "true" : "false");
    members.raw("sampled", flight.location ? json_string(time_text(flight.sampled)) : "null");
    members.text("signed", time_text(flight.signed_at));
    members.text("received", time_text(flight.received));
    motion(members, flight, current);
    members.text("status", status_word(flight.location));
    members.raw("operator_id", flight.operator_id ? json_string(rid::text_of(flight.operator_id->id)) : "null");
    members.raw("self_id", flight.self_id ? json_string(rid::text_of(flight.self_id->description)) : "null");
    members.raw("basic_ids", basic_ids_json(flight));
    if (track == WithTrack::yes) members.raw("track", track_json(flight, now));
  }
  return out;
}

}  // namespace

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string decimal(int64_t value, int places) {
  std::string out = std::to_string(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
  const auto after = static_cast<size_t>(places);
  if (out.size() <= after) out.insert(0, after + 1 - out.size(), '0');
  if (after > 0) out.insert(out.size() - after, ".");
  return value < 0 ? "-" + out : out;
}

std::string feature_json(const LiveFlight& flight, Instant now, WithTrack track) {
  const bool current = flight.current_at(now);
  std::string out;
  {
    Members members(out);
    members.raw("type", "\"Feature\"");
    members.text("id", to_text(flight.ua));
    std::string geometry = "null";
    if (current) {
      const rid::Location& at = *flight.location;
      geometry = "{\"type\":\"Point\",\"coordinates\":" +
                 coordinates(at.longitude_e7.value_or(0), at.latitude_e7.value_or(0), at.geodetic_altitude_dm) + "}";
    }
    members.raw("geometry", geometry);
    members.raw("properties", properties_json(flight, now, current, track));
  }
  return out;
}

std::string collection_json(const FlightsSnapshot& snapshot, Instant now, WithTrack track) {
  std::string out = "{\"type\":\"FeatureCollection\",\"generated\":" + json_string(time_text(now)) + ",\"features\":[";
  bool first = true;
  for (const auto& flight : snapshot.flights) {
    if (!std::exchange(first, false)) out += ',';
    out += feature_json(*flight, now, track);
  }
  return out + "]}\n";
}

std::string state_json(const LiveFlight& flight, bool removed, std::string_view detail) {
  std::string out;
  {
    Members members(out);
    members.text("det", to_text(flight.ua));
    members.raw("operation", "\"" + std::to_string(flight.operation) + "\"");
    members.text("state", to_word(flight.state));
    members.text("state_since", time_text(flight.state_since));
    members.text("detail", detail);
    members.raw("removed", removed ? "true" : "false");
  }
  return out;
}

}  // namespace nrid::fleet
