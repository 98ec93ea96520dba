// The messages of rid/mavlink.h, facts of mavlink/common.xml and minimal.xml. Inside rid/ only.
#pragma once

#include "rid/mavlink.h"

namespace nrid::rid::mavlink {

using enum FieldType;

inline constexpr Field kHeartbeat[] = {
    {"custom_mode", u32}, {"type"}, {"autopilot"}, {"base_mode"}, {"system_status"}, {"mavlink_version"}};
inline constexpr Field kSystemTime[] = {{"time_unix_usec", u64}, {"time_boot_ms", u32}};
inline constexpr Field kGpsRawInt[] = {
    {"time_usec", u64}, {"lat", i32}, {"lon", i32}, {"alt", i32}, {"eph", u16}, {"epv", u16}, {"vel", u16}, {"cog", u16}, {"fix_type"},
    {"satellites_visible"}, {"alt_ellipsoid", i32, 0, true}, {"h_acc", u32, 0, true}, {"v_acc", u32, 0, true}, {"vel_acc", u32, 0, true},
    {"hdg_acc", u32, 0, true}, {"yaw", u16, 0, true}};
inline constexpr Field kGlobalPositionInt[] = {
    {"time_boot_ms", u32}, {"lat", i32}, {"lon", i32}, {"alt", i32}, {"relative_alt", i32}, {"vx", i16}, {"vy", i16}, {"vz", i16}, {"hdg", u16}};

inline constexpr Field kBasicId[] = {
    {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20}, {"id_type"}, {"ua_type"}, {"uas_id", u8, 20}};
inline constexpr Field kLocation[] = {
    {"latitude", i32}, {"longitude", i32}, {"altitude_barometric", f32}, {"altitude_geodetic", f32}, {"height", f32}, {"timestamp", f32},
    {"direction", u16}, {"speed_horizontal", u16}, {"speed_vertical", i16}, {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20},
    {"status"}, {"height_reference"}, {"horizontal_accuracy"}, {"vertical_accuracy"}, {"barometer_accuracy"}, {"speed_accuracy"},
    {"timestamp_accuracy"}};
inline constexpr Field kAuthentication[] = {
    {"timestamp", u32}, {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20}, {"authentication_type"}, {"data_page"},
    {"last_page_index"}, {"length"}, {"authentication_data", u8, 23}};
inline constexpr Field kSelfId[] = {
    {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20}, {"description_type"}, {"description", chars, 23}};
inline constexpr Field kSystem[] = {
    {"operator_latitude", i32}, {"operator_longitude", i32}, {"area_ceiling", f32}, {"area_floor", f32}, {"operator_altitude_geo", f32},
    {"timestamp", u32}, {"area_count", u16}, {"area_radius", u16}, {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20},
    {"operator_location_type"}, {"classification_type"}, {"category_eu"}, {"class_eu"}};
inline constexpr Field kOperatorId[] = {
    {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20}, {"operator_id_type"}, {"operator_id", chars, 20}};
inline constexpr Field kMessagePack[] = {
    {"target_system"}, {"target_component"}, {"id_or_mac", u8, 20}, {"single_message_size"}, {"msg_pack_size"}, {"messages", u8, 225}};
inline constexpr Field kArmStatus[] = {{"status"}, {"error", chars, 50}};
inline constexpr Field kSystemUpdate[] = {
    {"operator_latitude", i32}, {"operator_longitude", i32}, {"operator_altitude_geo", f32}, {"timestamp", u32}, {"target_system"},
    {"target_component"}};

inline constexpr MessageInfo kMessages[] = {
    // id                     name                          CRC_EXTRA
    {id::heartbeat,           "HEARTBEAT",                          50, kHeartbeat},
    {id::system_time,         "SYSTEM_TIME",                       137, kSystemTime},
    {id::gps_raw_int,         "GPS_RAW_INT",                        24, kGpsRawInt},
    {id::global_position_int, "GLOBAL_POSITION_INT",               104, kGlobalPositionInt},
    {id::basic_id,            "OPEN_DRONE_ID_BASIC_ID",            114, kBasicId},
    {id::location,            "OPEN_DRONE_ID_LOCATION",            254, kLocation},
    {id::authentication,      "OPEN_DRONE_ID_AUTHENTICATION",      140, kAuthentication},
    {id::self_id,             "OPEN_DRONE_ID_SELF_ID",             249, kSelfId},
    {id::system,              "OPEN_DRONE_ID_SYSTEM",               77, kSystem},
    {id::operator_id,         "OPEN_DRONE_ID_OPERATOR_ID",          49, kOperatorId},
    {id::message_pack,        "OPEN_DRONE_ID_MESSAGE_PACK",         94, kMessagePack},
    {id::arm_status,          "OPEN_DRONE_ID_ARM_STATUS",          139, kArmStatus},
    {id::system_update,       "OPEN_DRONE_ID_SYSTEM_UPDATE",         7, kSystemUpdate},
};

struct TypeInfo {
  FieldType type;
  std::string_view name;
  uint8_t size;
};
inline constexpr TypeInfo kTypes[] = {{u8, "uint8_t", 1},  {u16, "uint16_t", 2}, {i16, "int16_t", 2},  {u32, "uint32_t", 4},
                                      {i32, "int32_t", 4}, {f32, "float", 4},    {u64, "uint64_t", 8}, {chars, "char", 1}};

constexpr const TypeInfo& type_info(FieldType type) { return kTypes[static_cast<size_t>(type)]; }
constexpr size_t size_of(const Field& field) { return type_info(field.type).size * (field.count == 0 ? size_t{1} : field.count); }
constexpr size_t length_of(const MessageInfo& message, bool extensions) {
  size_t sum = 0;
  for (const Field& field : message.fields) sum += field.extension && !extensions ? 0 : size_of(field);
  return sum;
}

constexpr uint16_t crc_add(uint16_t crc, std::string_view word) {
  for (const char c : word) crc = crc_add(crc, static_cast<uint8_t>(c));
  return crc_add(crc, uint8_t{' '});
}
constexpr uint8_t crc_extra_of(const MessageInfo& message) {
  uint16_t crc = crc_add(0xffff, message.name);
  for (const Field& field : message.fields) {
    if (field.extension) continue;
    crc = crc_add(crc_add(crc, type_info(field.type).name), field.name);
    if (field.count != 0) crc = crc_add(crc, field.count);
  }
  return static_cast<uint8_t>((crc & 0xff) ^ crc >> 8);
}
constexpr bool table_holds() {
  for (const TypeInfo& type : kTypes) {
    if (&type_info(type.type) != &type) return false;
  }
  for (const MessageInfo& message : kMessages) {
    if (crc_extra_of(message) != message.crc_extra || length_of(message, true) > kPayloadMax) return false;
  }
  return true;
}
static_assert(table_holds());

}  // namespace nrid::rid::mavlink
