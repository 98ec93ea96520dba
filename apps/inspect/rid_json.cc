#include "apps/inspect/rid_json.h"

#include <algorithm>
#include <limits>

#include "rid/words.h"

namespace nrid::inspect {
namespace {

// One visitor for both directions: each message names its fields once.
class Show {
 public:
  template <class T>
  void number(const char* name, const T& value) { out[name] = value; }
  template <class T>
  void maybe(const char* name, const std::optional<T>& value) { out[name] = value ? Json(*value) : Json(nullptr); }
  template <size_t N>
  void octets(const char* name, const char* text_name, const std::array<uint8_t, N>& value) {
    out[name] = to_hex(Bytes(value));
    out[text_name] = rid::text_of(value);
  }
  template <class E>
  void enumeration(const char* name, const E& value) { out[name] = static_cast<int>(value); }

  Json out = Json::object();
};

class Take {
 public:
  explicit Take(const Json& in) : in_(in) {}

  template <class T>
  void number(const char* name, T& value) {
    const auto at = in_.find(name);
    if (at == in_.end()) return;
    int64_t seen = 0;
    if (!integer(*at, seen) || seen < int64_t{std::numeric_limits<T>::min()} || seen > int64_t{std::numeric_limits<T>::max()}) {
      wrong(name);
      return;
    }
    value = static_cast<T>(seen);
  }
  template <class T>
  void maybe(const char* name, std::optional<T>& value) {
    const auto at = in_.find(name);
    if (at == in_.end() || at->is_null()) return;
    T seen{};
    number(name, seen);
    value = seen;
  }
  // Hex of the whole field, or its text.
  template <size_t N>
  void octets(const char* name, const char* text_name, std::array<uint8_t, N>& value) {
    Buffer seen;
    if (in_.contains(name)) {
      if (!hex_field(in_, name, seen, refused)) return;
    } else if (in_.contains(text_name)) {
      if (!in_[text_name].is_string()) return wrong(text_name);
      const auto& text = in_[text_name].get_ref<const std::string&>();
      seen.assign(text.begin(), text.end());
    }
    if (seen.size() > N) return wrong(name);
    std::copy(seen.begin(), seen.end(), value.begin());
  }
  template <class E>
  void enumeration(const char* name, E& value) {
    uint8_t number_value = static_cast<uint8_t>(value);
    number(name, number_value);
    value = static_cast<E>(number_value);
  }

  Json refused;

 private:
  static bool integer(const Json& json, int64_t& out) {
    if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return false;
    if (!json.is_number_integer()) return false;
    out = json.get<int64_t>();
    return true;
  }
  void wrong(const char* name) {
    if (refused.is_null()) refused = refusal("value_range", "field " + std::string(name) + " is out of its range or not of its kind");
  }
  const Json& in_;
};

template <class Visit, class Value>
void fields(Visit& visit, Value& m) {
  using V = std::remove_const_t<Value>;
  if constexpr (std::is_same_v<V, rid::BasicId>) {
    visit.enumeration("id_type", m.id_type);
    visit.number("ua_type", m.ua_type);
    visit.octets("uas_id", "uas_id_text", m.uas_id);
  } else if constexpr (std::is_same_v<V, rid::Location>) {
    visit.number("status", m.status);
    visit.enumeration("height_type", m.height_type);
    visit.maybe("track_deg", m.track_deg);
    visit.maybe("speed_cmps", m.speed_cmps);
    visit.maybe("vertical_speed_cmps", m.vertical_speed_cmps);
    visit.maybe("latitude_e7", m.latitude_e7);
    visit.maybe("longitude_e7", m.longitude_e7);
    visit.maybe("pressure_altitude_dm", m.pressure_altitude_dm);
    visit.maybe("geodetic_altitude_dm", m.geodetic_altitude_dm);
    visit.maybe("height_dm", m.height_dm);
    visit.number("horizontal_accuracy", m.horizontal_accuracy);
    visit.number("vertical_accuracy", m.vertical_accuracy);
    visit.number("baro_accuracy", m.baro_accuracy);
    visit.number("speed_accuracy", m.speed_accuracy);
    visit.maybe("timestamp_ds", m.timestamp_ds);
    visit.number("timestamp_accuracy_ds", m.timestamp_accuracy_ds);
  } else if constexpr (std::is_same_v<V, rid::SelfId>) {
    visit.number("description_type", m.description_type);
    visit.octets("description", "description_text", m.description);
  } else if constexpr (std::is_same_v<V, rid::System>) {
    visit.number("operator_location_type", m.operator_location_type);
    visit.number("classification_type", m.classification_type);
    visit.maybe("operator_latitude_e7", m.operator_latitude_e7);
    visit.maybe("operator_longitude_e7", m.operator_longitude_e7);
    visit.number("area_count", m.area_count);
    visit.number("area_radius_m", m.area_radius_m);
    visit.maybe("area_ceiling_dm", m.area_ceiling_dm);
    visit.maybe("area_floor_dm", m.area_floor_dm);
    visit.number("category", m.category);
    visit.number("class_value", m.class_value);
    visit.maybe("operator_altitude_dm", m.operator_altitude_dm);
    visit.maybe("timestamp_2019", m.timestamp_2019);
  } else if constexpr (std::is_same_v<V, rid::OperatorId>) {
    visit.number("id_type", m.id_type);
    visit.octets("id", "id_text", m.id);
  } else {
    visit.number("auth_type", m.auth_type);
    visit.number("page", m.page);
    visit.number("last_page", m.last_page);
    visit.number("length", m.length);
    visit.number("timestamp_2019", m.timestamp_2019);
  }
}

template <class Value>
Json show(rid::RawMessage raw, const Result<Value>& value) {
  if (!value.ok()) return refusal(value.error());
  Show visit;
  visit.out["type"] = rid::to_word(rid::type_of(raw));
  visit.out["version"] = raw[0] & 15;
  fields(visit, *value);
  if constexpr (std::is_same_v<Value, rid::BasicId>) {
    if (const auto det = value->session_det()) visit.out["det"] = to_text(*det);
  }
  if constexpr (std::is_same_v<Value, rid::AuthPage>) visit.out["data"] = to_hex(value->data);
  return visit.out;
}

template <class Value>
bool take(const Json& in, rid::MessageOctets& out, Json& refused) {
  Value value;
  Take visit(in);
  fields(visit, value);
  Buffer data;
  if constexpr (std::is_same_v<Value, rid::BasicId>) {
    Det det;
    if (in.contains("det") && !in.contains("uas_id") && !in.contains("uas_id_text")) {
      if (!det_field(in, "det", det, refused)) return false;
      value = rid::BasicId::of_session(det, value.ua_type);
    }
  }
  if constexpr (std::is_same_v<Value, rid::AuthPage>) {
    if (!hex_field(in, "data", data, refused)) return false;
    value.data = data;
  }
  refused = visit.refused;
  if (!refused.is_null()) return false;
  const auto octets = rid::encode(value);
  if (!octets.ok()) {
    refused = refusal(octets.error());
    return false;
  }
  out = *octets;
  return true;
}

}  // namespace

Json message_json(rid::RawMessage raw) {
  switch (rid::type_of(raw)) {
    case rid::MessageType::basic_id: return show(raw, rid::decode_basic_id(raw));
    case rid::MessageType::location: return show(raw, rid::decode_location(raw));
    case rid::MessageType::authentication: return show(raw, rid::decode_auth_page(raw));
    case rid::MessageType::self_id: return show(raw, rid::decode_self_id(raw));
    case rid::MessageType::system: return show(raw, rid::decode_system(raw));
    case rid::MessageType::operator_id: return show(raw, rid::decode_operator_id(raw));
    default: return refusal(Error::rid_type);
  }
}

bool message_from_json(const Json& in, rid::MessageOctets& out, Json& refused) {
  const bool named = in.is_object() && in.contains("type") && in["type"].is_string();
  const std::string type = named ? in["type"].get<std::string>() : "";
  switch (rid::message_type_from_word(type).value_or(rid::MessageType::pack)) {
    case rid::MessageType::basic_id: return take<rid::BasicId>(in, out, refused);
    case rid::MessageType::location: return take<rid::Location>(in, out, refused);
    case rid::MessageType::authentication: return take<rid::AuthPage>(in, out, refused);
    case rid::MessageType::self_id: return take<rid::SelfId>(in, out, refused);
    case rid::MessageType::system: return take<rid::System>(in, out, refused);
    case rid::MessageType::operator_id: return take<rid::OperatorId>(in, out, refused);
    case rid::MessageType::pack: break;  // and words of no message
  }
  refused = refusal("bad_request", "type must be basic_id, location, authentication, self_id, system or operator_id");
  return false;
}

}  // namespace nrid::inspect
