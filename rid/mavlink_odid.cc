#include "rid/mavlink_odid.h"

#include <algorithm>
#include <cmath>

namespace nrid::rid::mavlink {
namespace {

constexpr float kUnknownAltitude_m = -1000;
constexpr int64_t kUnknownDirection_cdeg = 36'100, kUnknownSpeed_cmps = 25'500, kUnknownClimb_cmps = 6300;
constexpr int64_t kSpeedMax_cmps = 25'425, kClimbMax_cmps = 6200;
constexpr float kUnknownTime_s = 0xffff;
constexpr int32_t kAltitudeMin_dm = -9995, kAltitudeMax_dm = 317'675;  // raw 1 and 0xffff in steps of 0.5 m
constexpr int64_t kUnknownHeading_cdeg = 0xffff;
constexpr double kMovingCmps = 20;                                       // below it a direction is noise
constexpr uint8_t kFix3d = 3;

// Metres to decimetres, down as F3411 rounds; nullopt for unknown, NaN and what the wire cannot hold.
std::optional<int32_t> altitude_dm(float metres) {
  if (!(metres > kUnknownAltitude_m) || !(metres < 32'000)) return std::nullopt;
  const auto dm = static_cast<int32_t>(std::floor(double{metres} * 10));
  if (dm < kAltitudeMin_dm || dm > kAltitudeMax_dm) return std::nullopt;
  return dm;
}
float metres(const std::optional<int32_t>& dm) { return dm ? static_cast<float>(*dm) / 10 : kUnknownAltitude_m; }

// Both zero is how MAVLink, too, says that it does not know.
void read_position(const Message& in, std::string_view latitude, std::string_view longitude, std::optional<int32_t>& to_latitude,
                   std::optional<int32_t>& to_longitude) {
  const auto north = static_cast<int32_t>(in.integer(latitude)), east = static_cast<int32_t>(in.integer(longitude));
  to_latitude = to_longitude = std::nullopt;
  if (north == 0 && east == 0) return;
  to_latitude = north;
  to_longitude = east;
}

template <size_t N>
std::array<uint8_t, N> array_of(Bytes octets) {
  std::array<uint8_t, N> out{};
  std::copy_n(octets.begin(), std::min(N, octets.size()), out.begin());
  return out;
}

Location read_location(const Message& in) {
  Location out;
  out.status = static_cast<uint8_t>(in.integer("status"));
  out.height_type = in.integer("height_reference") == 1 ? HeightType::above_ground : HeightType::above_takeoff;
  read_position(in, "latitude", "longitude", out.latitude_e7, out.longitude_e7);
  if (const auto cdeg = in.integer("direction"); cdeg <= 36'000) out.track_deg = static_cast<uint16_t>((cdeg + 50) / 100 % 360);
  if (const auto cmps = in.integer("speed_horizontal"); cmps != kUnknownSpeed_cmps) {
    out.speed_cmps = static_cast<uint32_t>(std::min(cmps, kSpeedMax_cmps));
  }
  if (const auto cmps = in.integer("speed_vertical"); cmps != kUnknownClimb_cmps) {
    out.vertical_speed_cmps = static_cast<int32_t>(std::clamp(cmps, -kClimbMax_cmps, kClimbMax_cmps));
  }
  out.pressure_altitude_dm = altitude_dm(in.real("altitude_barometric"));
  out.geodetic_altitude_dm = altitude_dm(in.real("altitude_geodetic"));
  out.height_dm = altitude_dm(in.real("height"));
  out.horizontal_accuracy = static_cast<uint8_t>(in.integer("horizontal_accuracy"));
  out.vertical_accuracy = static_cast<uint8_t>(in.integer("vertical_accuracy"));
  out.baro_accuracy = static_cast<uint8_t>(in.integer("barometer_accuracy"));
  out.speed_accuracy = static_cast<uint8_t>(in.integer("speed_accuracy"));
  const float second = in.real("timestamp");
  if (second >= 0 && second <= 3600) out.timestamp_ds = static_cast<uint16_t>(std::lround(double{second} * 10));
  out.timestamp_accuracy_ds = static_cast<uint8_t>(in.integer("timestamp_accuracy"));
  return out;
}

void write_location(const Location& in, Message& out) {
  out.set("status", in.status);
  out.set("height_reference", in.height_type == HeightType::above_ground ? 1 : 0);
  out.set("latitude", in.latitude_e7.value_or(0));
  out.set("longitude", in.longitude_e7.value_or(0));
  out.set("direction", in.track_deg ? *in.track_deg * 100 : kUnknownDirection_cdeg);
  out.set("speed_horizontal", in.speed_cmps ? *in.speed_cmps : kUnknownSpeed_cmps);
  out.set("speed_vertical", in.vertical_speed_cmps ? *in.vertical_speed_cmps : kUnknownClimb_cmps);
  out.set_real("altitude_barometric", metres(in.pressure_altitude_dm));
  out.set_real("altitude_geodetic", metres(in.geodetic_altitude_dm));
  out.set_real("height", metres(in.height_dm));
  out.set("horizontal_accuracy", in.horizontal_accuracy);
  out.set("vertical_accuracy", in.vertical_accuracy);
  out.set("barometer_accuracy", in.baro_accuracy);
  out.set("speed_accuracy", in.speed_accuracy);
  out.set_real("timestamp", in.timestamp_ds ? static_cast<float>(*in.timestamp_ds) / 10 : kUnknownTime_s);
  out.set("timestamp_accuracy", in.timestamp_accuracy_ds);
}

System read_system(const Message& in) {
  System out;
  out.operator_location_type = static_cast<uint8_t>(in.integer("operator_location_type"));
  out.classification_type = static_cast<uint8_t>(in.integer("classification_type"));
  read_position(in, "operator_latitude", "operator_longitude", out.operator_latitude_e7, out.operator_longitude_e7);
  out.area_count = static_cast<uint16_t>(in.integer("area_count"));
  out.area_radius_m = static_cast<uint16_t>(std::min<int64_t>(in.integer("area_radius"), 2550));
  out.area_ceiling_dm = altitude_dm(in.real("area_ceiling"));
  out.area_floor_dm = altitude_dm(in.real("area_floor"));
  out.category = static_cast<uint8_t>(in.integer("category_eu"));
  out.class_value = static_cast<uint8_t>(in.integer("class_eu"));
  out.operator_altitude_dm = altitude_dm(in.real("operator_altitude_geo"));
  if (const auto second = in.integer("timestamp"); second != 0) out.timestamp_2019 = static_cast<uint32_t>(second);
  return out;
}

void write_system(const System& in, Message& out) {
  out.set("operator_location_type", in.operator_location_type);
  out.set("classification_type", in.classification_type);
  out.set("operator_latitude", in.operator_latitude_e7.value_or(0));
  out.set("operator_longitude", in.operator_longitude_e7.value_or(0));
  out.set("area_count", in.area_count);
  out.set("area_radius", in.area_radius_m);
  out.set_real("area_ceiling", metres(in.area_ceiling_dm));
  out.set_real("area_floor", metres(in.area_floor_dm));
  out.set("category_eu", in.category);
  out.set("class_eu", in.class_value);
  out.set_real("operator_altitude_geo", metres(in.operator_altitude_dm));
  out.set("timestamp", in.timestamp_2019.value_or(0));
}

Result<AuthPage> read_auth_page(const Message& in) {
  AuthPage out;
  const int64_t page = in.integer("data_page"), type = in.integer("authentication_type");
  if (page > 15 || type > 15) return Error::value_range;
  out.auth_type = static_cast<uint8_t>(type);
  out.page = static_cast<uint8_t>(page);
  out.data = in.octets("authentication_data");
  if (out.page != 0) return out;
  out.last_page = static_cast<uint8_t>(in.integer("last_page_index"));
  out.length = static_cast<uint8_t>(in.integer("length"));
  out.timestamp_2019 = static_cast<uint32_t>(in.integer("timestamp"));
  out.data = out.data.first(17);  // page 0 spends six octets on its head
  return out;
}

}  // namespace

Result<MessageOctets> to_f3411(const Message& in) {
  switch (in.id()) {
    case id::basic_id: {
      if (in.integer("id_type") > 15) return Error::value_range;
      return rid::encode(BasicId{static_cast<IdType>(in.integer("id_type")), static_cast<uint8_t>(in.integer("ua_type")),
                                 array_of<20>(in.octets("uas_id"))});
    }
    case id::location: return rid::encode(read_location(in));
    case id::authentication: {
      TRY(page, read_auth_page(in));
      return rid::encode(page);
    }
    case id::self_id: return rid::encode(SelfId{static_cast<uint8_t>(in.integer("description_type")), array_of<23>(in.octets("description"))});
    case id::system: return rid::encode(read_system(in));
    case id::operator_id: return rid::encode(OperatorId{static_cast<uint8_t>(in.integer("operator_id_type")), array_of<20>(in.octets("operator_id"))});
    default: return Error::rid_type;
  }
}

Result<Message> from_f3411(RawMessage raw) {
  switch (type_of(raw)) {
    case MessageType::basic_id: {
      TRY(value, decode_basic_id(raw));
      Message out(id::basic_id);
      out.set("id_type", static_cast<uint8_t>(value.id_type));
      out.set("ua_type", value.ua_type);
      out.set_octets("uas_id", value.uas_id);
      return out;
    }
    case MessageType::location: {
      TRY(value, decode_location(raw));
      Message out(id::location);
      write_location(value, out);
      return out;
    }
    case MessageType::authentication: {
      TRY(value, decode_auth_page(raw));
      Message out(id::authentication);
      out.set("authentication_type", value.auth_type);
      out.set("data_page", value.page);
      out.set("last_page_index", value.last_page);
      out.set("length", value.length);
      out.set("timestamp", value.timestamp_2019);
      out.set_octets("authentication_data", value.data);
      return out;
    }
    case MessageType::self_id: {
      TRY(value, decode_self_id(raw));
      Message out(id::self_id);
      out.set("description_type", value.description_type);
      out.set_octets("description", value.description);
      return out;
    }
    case MessageType::system: {
      TRY(value, decode_system(raw));
      Message out(id::system);
      write_system(value, out);
      return out;
    }
    case MessageType::operator_id: {
      TRY(value, decode_operator_id(raw));
      Message out(id::operator_id);
      out.set("operator_id_type", value.id_type);
      out.set_octets("operator_id", value.id);
      return out;
    }
    default: return Error::rid_type;
  }
}

Result<PackOctets> to_pack(const Message& in) {
  if (in.id() != id::message_pack) return Error::rid_type;
  const int64_t count = in.integer("msg_pack_size");
  if (in.integer("single_message_size") != static_cast<int64_t>(kMessageSize) || count < 1 || count > static_cast<int64_t>(kPackMessagesMax)) return Error::bad_pack;
  PackOctets out;
  Writer writer(out.octets);
  writer.u8(static_cast<uint8_t>(MessageType::pack) << 4 | kVersion);
  writer.u8(kMessageSize);
  writer.u8(static_cast<uint64_t>(count));
  writer.bytes(in.octets("messages").first(static_cast<size_t>(count) * kMessageSize));
  out.size = writer.size();
  TRY_VOID(decode_pack(out.bytes()));
  return out;
}

Result<Message> from_pack(const Pack& pack) {
  Message out(id::message_pack);
  out.set("single_message_size", kMessageSize);
  out.set("msg_pack_size", static_cast<int64_t>(pack.count));
  out.set_octets("messages", pack.octets.subspan(3));
  return out;
}

Result<void> update(System& system, const Message& in) {
  if (in.id() != id::system_update) return Error::rid_type;
  System changed = system;
  read_position(in, "operator_latitude", "operator_longitude", changed.operator_latitude_e7, changed.operator_longitude_e7);
  changed.operator_altitude_dm = altitude_dm(in.real("operator_altitude_geo"));
  const int64_t second = in.integer("timestamp");
  changed.timestamp_2019 = second == 0 ? std::nullopt : std::optional(static_cast<uint32_t>(second));
  TRY_VOID(rid::encode(changed));
  system = changed;
  return {};
}

Result<Fallback> to_location(const Message& in, const Message* gps) {
  if (in.id() != id::global_position_int || (gps != nullptr && gps->id() != id::gps_raw_int)) return Error::rid_type;
  Fallback out;
  out.boot_ms = static_cast<uint32_t>(in.integer("time_boot_ms"));
  Location& where = out.location;
  read_position(in, "lat", "lon", where.latitude_e7, where.longitude_e7);
  const auto north = static_cast<double>(in.integer("vx")), east = static_cast<double>(in.integer("vy"));
  const double speed = std::hypot(north, east);
  where.speed_cmps = static_cast<uint32_t>(std::min<int64_t>(std::lround(speed), kSpeedMax_cmps));
  if (speed >= kMovingCmps) {
    where.track_deg = static_cast<uint16_t>((std::lround(std::atan2(east, north) * 180 / 3.14159265358979323846) + 360) % 360);
  } else if (const auto heading = in.integer("hdg"); heading != kUnknownHeading_cdeg && heading <= 36'000) {
    where.track_deg = static_cast<uint16_t>((heading + 50) / 100 % 360);
  }
  where.vertical_speed_cmps = static_cast<int32_t>(std::clamp<int64_t>(-in.integer("vz"), -kClimbMax_cmps, kClimbMax_cmps));
  where.height_dm = altitude_dm(static_cast<float>(in.integer("relative_alt")) / 1000);
  if (gps != nullptr && gps->integer("fix_type") >= kFix3d && gps->integer("alt_ellipsoid") != 0) {
    where.geodetic_altitude_dm = altitude_dm(static_cast<float>(gps->integer("alt_ellipsoid")) / 1000);
  }
  TRY_VOID(rid::encode(where));
  return out;
}

}  // namespace nrid::rid::mavlink
