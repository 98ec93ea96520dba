// F3411 messages, packs and their DRIP authentication, field by field.
#include <cstdio>
#include <iterator>

#include "apps/inspect/explain.h"
#include "rid/auth.h"

namespace nrid::inspect {
namespace {

constexpr std::string_view kF3411 = "ASTM F3411-22a";

constexpr std::string_view kStatusNames[] = {"undeclared", "ground", "airborne", "emergency", "remote ID failure"};
constexpr std::string_view kIdTypeNames[] = {"none", "serial number (CTA-2063-A)", "CAA registration", "UTM UUID",
                                             "specific session"};
constexpr std::string_view kSamNames[] = {"?", "Link", "Wrapper", "Manifest", "Frame"};

template <size_t N>
std::string named(const std::string_view (&names)[N], size_t value) {
  return std::to_string(value) + " (" + std::string(value < N ? names[value] : "reserved") + ")";
}

// An exact integer in hundredths or tenths as a decimal with its unit; "unknown" for nullopt.
template <class T>
std::string decimal(const std::optional<T>& value, int scale, std::string_view unit) {
  if (!value) return "unknown";
  char text[48];
  const int places = scale == 100 ? 2 : scale == 10 ? 1 : 0;
  std::snprintf(text, sizeof text, "%.*f", places, static_cast<double>(*value) / scale);
  return std::string(text) + " " + std::string(unit);
}

void basic_id(const rid::BasicId& id, Explanation& out) {
  out.add("ID type", named(kIdTypeNames, static_cast<size_t>(id.id_type)), kF3411);
  out.add("UA type", std::to_string(id.ua_type), kF3411);
  if (const auto det = id.session_det()) {
    out.add("UAS ID", "session id type 1 (IETF DRIP), DET " + to_text(*det), "RFC 9374 3; RFC 9575 3.2.1");
  } else {
    out.add("UAS ID", rid::text_of(id.uas_id) + "  (" + to_hex(Bytes(id.uas_id)) + ")", kF3411);
  }
}

void location(const rid::Location& l, Explanation& out) {
  out.add("status", named(kStatusNames, l.status), kF3411);
  out.add("position", degrees(l.latitude_e7) + ", " + degrees(l.longitude_e7), kF3411);
  out.add("track", decimal(l.track_deg, 1, "deg"), kF3411);
  out.add("speed", decimal(l.speed_cmps, 100, "m/s"), kF3411);
  out.add("vertical speed", decimal(l.vertical_speed_cmps, 100, "m/s, up positive"), kF3411);
  out.add("geodetic altitude", decimal(l.geodetic_altitude_dm, 10, "m (WGS-84)"), kF3411);
  out.add("pressure altitude", decimal(l.pressure_altitude_dm, 10, "m"), kF3411);
  out.add(l.height_type == rid::HeightType::above_takeoff ? "height above take-off" : "height above ground",
          decimal(l.height_dm, 10, "m"), kF3411);
  out.add("accuracies", "horizontal " + std::to_string(l.horizontal_accuracy) + ", vertical " + std::to_string(l.vertical_accuracy) +
          ", baro " + std::to_string(l.baro_accuracy) + ", speed " + std::to_string(l.speed_accuracy), kF3411);
  out.add("timestamp", decimal(l.timestamp_ds, 10, "s after the full UTC hour"), kF3411);
}

void system(const rid::System& s, Explanation& out) {
  out.add("operator position", degrees(s.operator_latitude_e7) + ", " + degrees(s.operator_longitude_e7) + ", " +
          decimal(s.operator_altitude_dm, 10, "m"), kF3411);
  out.add("area", std::to_string(s.area_count) + " aircraft, radius " + std::to_string(s.area_radius_m) + " m, ceiling " +
          decimal(s.area_ceiling_dm, 10, "m") + ", floor " + decimal(s.area_floor_dm, 10, "m"), kF3411);
  out.add("classification", "type " + std::to_string(s.classification_type) + ", category " + std::to_string(s.category) +
          ", class " + std::to_string(s.class_value), kF3411);
  out.add("timestamp", s.timestamp_2019 ? when(at_second(*s.timestamp_2019 + kEpoch2019)) : "unknown", kF3411);
}

template <class Value, class Show>
bool show(const Result<Value>& value, Explanation& out, Show how) {
  if (!value.ok()) {
    out.refuse("content", value.error(), kF3411);
    return false;
  }
  how(*value, out);
  return true;
}

bool content(rid::RawMessage raw, Explanation& out) {
  switch (rid::type_of(raw)) {
    case rid::MessageType::basic_id: return show(rid::decode_basic_id(raw), out, basic_id);
    case rid::MessageType::location: return show(rid::decode_location(raw), out, location);
    case rid::MessageType::system: return show(rid::decode_system(raw), out, system);
    case rid::MessageType::self_id:
      return show(rid::decode_self_id(raw), out, [](const rid::SelfId& s, Explanation& o) {
        o.add("description", s.is_null() ? "null Self-ID" : rid::text_of(s.description) + "  (type " +
              std::to_string(s.description_type) + ")", kF3411);
      });
    case rid::MessageType::operator_id:
      return show(rid::decode_operator_id(raw), out, [](const rid::OperatorId& o, Explanation& e) {
        e.add("operator ID", rid::text_of(o.id) + "  (type " + std::to_string(o.id_type) + ")", kF3411);
      });
    case rid::MessageType::authentication:
      return show(rid::decode_auth_page(raw), out, [](const rid::AuthPage& p, Explanation& o) {
        std::string text = "type " + std::to_string(p.auth_type) + ", page " + std::to_string(p.page);
        if (p.page == 0) text += " of 0.." + std::to_string(p.last_page) + ", " + std::to_string(p.length) + " octets";
        o.add("authentication page", text, "RFC 9575 2.1");
      });
    default: out.refuse("content", Error::rid_type, kF3411); return false;
  }
}

void evidence(const rid::Evidence& e, Explanation& out) {
  out.add("DRIP " + std::string(kSamNames[static_cast<size_t>(e.sam)]), e.sam != rid::Sam::wrapper ? "" :
          e.extended ? "extended: covers the pack's " + std::to_string(e.message_count) + " messages" :
          "full: carries " + std::to_string(e.message_count) + " messages", "RFC 9575 4.3");
  out.enter();
  out.add("valid not before", when(e.not_before) + (e.unix_epoch ? ", written as Unix seconds" : ""), "RFC 9575 3.1");
  out.add("valid not after", when(e.not_after), "RFC 9575 3.1");
  out.add("UA DET", to_text(e.ua), "RFC 9374 3");
  out.add("UA signature", to_hex(Bytes(e.signature)), "RFC 8032");
  if (e.sam == rid::Sam::wrapper && !e.extended) {
    for (size_t i = 0; i < e.message_count; ++i) explain_message(e.message(i), out);
  }
  out.leave();
}

}  // namespace

std::string_view message_name(size_t type) {
  constexpr std::string_view kNames[] = {"Basic ID", "Location", "Authentication", "Self-ID", "System", "Operator ID"};
  if (type < std::size(kNames)) return kNames[type];
  return type == static_cast<size_t>(rid::MessageType::pack) ? "Message Pack" : "?";
}

bool explain_message(rid::RawMessage raw, Explanation& out) {
  out.add(std::string(message_name(raw[0] >> 4)), to_hex(Bytes(raw)), kF3411);
  out.enter();
  const bool good = content(raw, out);
  out.leave();
  return good;
}

bool explain_pack(Bytes octets, Explanation& out) {
  const auto pack = rid::decode_pack(octets);
  if (!pack.ok()) {
    out.refuse("Message Pack", pack.error(), kF3411);
    return false;
  }
  out.add("Message Pack", std::to_string(pack->count) + " messages, " + std::to_string(octets.size()) + " octets", kF3411);
  out.enter();
  bool good = true;
  for (size_t i = 0; i < pack->count; ++i) good = explain_message(pack->message(i), out) && good;
  const auto auth = rid::read_auth(*pack);
  if (!auth.ok()) {
    out.refuse("DRIP authentication", auth.error(), "RFC 9575 4");
    good = false;
  } else {
    if (auth->wrapper) evidence(*auth->wrapper, out);
    if (auth->other) evidence(*auth->other, out);
    if (auth->link) good = explain_endorsement(*auth->link, out) && good;
  }
  out.leave();
  return good;
}

}  // namespace nrid::inspect
