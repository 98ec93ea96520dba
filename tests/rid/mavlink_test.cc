// MAVLink: frames that node-mavlink made, octet for octet both ways and value for value; the same values as 25 octets of
// opendroneid-core-c; and what broken frames are refused for.
#include "rid/mavlink.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "rid/mavlink_odid.h"

namespace nrid::rid::mavlink {
namespace {

using nlohmann::json;

json file_of(const std::string& name) {
  std::ifstream file(std::string(NRID_VECTORS) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  return json::parse(file);
}
json frames() { return file_of("../data/mavlink/frames.json")["frames"]; }

Buffer octets_of(const json& frame) { return *from_hex(frame["hex"].get<std::string>()); }

// The one message of a datagram.
Result<Message> only(Bytes datagram) {
  FrameReader reader(datagram);
  const auto first = reader.next();
  if (!first) return Error::internal;
  return *first;
}

Buffer frame_of(const Message& message) {
  std::array<uint8_t, kFrameMax> space{};
  const auto frame = encode(message, space);
  EXPECT_TRUE(frame.ok());
  return Buffer(frame->begin(), frame->end());
}

std::string hex_of_f3411(const std::string& name) {
  const json all = file_of("drip/f3411_messages.json");
  for (const auto& one : all["messages"]) {
    if (one["name"] == name) return one["hex"];
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(Mavlink, TableIsCommonXmls) {
  const json published = file_of("drip/mavlink_open_drone_id.json");
  size_t compared = 0;
  for (const auto& one : published["messages"]) {
    const MessageInfo* ours = info(one["id"].get<uint32_t>());
    ASSERT_NE(ours, nullptr) << one["name"];
    ++compared;
    EXPECT_EQ(ours->name, one["name"].get<std::string>());
    EXPECT_EQ(ours->crc_extra, one["crc_extra"].get<int>());
    EXPECT_EQ(length(*ours), one["payload_len"].get<size_t>());
    // "0:latitude(int32_t) ...": each field at its offset.
    const std::string order = one["wire_order"];
    size_t offset = 0;
    for (const Field& field : ours->fields) {
      EXPECT_NE(order.find(std::to_string(offset) + ":" + std::string(field.name) + "("), std::string::npos) << field.name;
      Message probe(ours->id);
      if (field.count != 0) probe.set_octets(field.name, Bytes(std::array<uint8_t, 1>{0xa5}));
      else if (field.type != FieldType::f32) probe.set(field.name, 0xa5);
      else probe.set_real(field.name, 1);
      const auto changed = std::find_if(probe.payload.begin(), probe.payload.end(), [](uint8_t octet) { return octet != 0; });
      EXPECT_EQ(static_cast<size_t>(changed - probe.payload.begin()), offset + (field.type == FieldType::f32 ? 2 : 0)) << field.name;
      const size_t sizes[] = {1, 2, 2, 4, 4, 4, 8, 1};
      offset += sizes[static_cast<size_t>(field.type)] * (field.count == 0 ? size_t{1} : field.count);
    }
  }
  EXPECT_EQ(compared, 9U);
}

TEST(Mavlink, FramesOfNodeMavlinkHaveItsValues) {
  size_t compared = 0;
  for (const auto& frame : frames()) {
    const auto message = only(octets_of(frame));
    ASSERT_TRUE(message.ok()) << frame["name"];
    EXPECT_EQ(message->id(), frame["id"].get<uint32_t>());
    EXPECT_EQ(message->system, 7);
    EXPECT_EQ(message->component, 1);
    for (const auto& item : frame["fields"].items()) {
      const std::string name = item.key();
      const json& value = item.value();
      const auto& fields = message->info().fields;
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& one) { return one.name == name; });
      ASSERT_NE(field, fields.end()) << name;
      if (field->extension && message->version == 1) continue;
      ++compared;
      if (field->type == FieldType::f32) EXPECT_FLOAT_EQ(message->real(name), value.get<float>()) << frame["name"] << " " << name;
      else if (field->type == FieldType::chars) EXPECT_EQ(message->text(name), value.get<std::string>()) << frame["name"] << " " << name;
      else if (field->count != 0) EXPECT_EQ(to_hex(message->octets(name)).substr(0, value.get<std::string>().size()), value.get<std::string>()) << name;
      else EXPECT_EQ(message->integer(name), value.get<int64_t>()) << frame["name"] << " " << name;
    }
  }
  EXPECT_GT(compared, 250U);
}

TEST(Mavlink, FramesComeBackOctetForOctet) {
  for (const auto& frame : frames()) {
    const Buffer octets = octets_of(frame);
    const auto message = only(octets);
    ASSERT_TRUE(message.ok()) << frame["name"];
    // node-mavlink cuts a message of zeros to nothing, where the specification keeps one octet, and sends extensions in
    // MAVLink 1, which has none.
    const bool otherwise = octets[1] == 0 || (message->version == 1 && message->id() == id::gps_raw_int);
    if (!message->has_signature && !otherwise) {
      EXPECT_EQ(to_hex(frame_of(*message)), to_hex(octets)) << frame["name"];
      continue;
    }
    const auto again = only(frame_of(*message));  // we never sign
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(again->has_signature);
    EXPECT_EQ(*again, *message);
  }
}

TEST(Mavlink, EveryCutOfEveryFrameIsRefused) {
  for (const auto& frame : frames()) {
    const Buffer octets = octets_of(frame);
    for (size_t size = 0; size < octets.size(); ++size) {
      FrameReader reader(Bytes(octets).first(size));
      while (const auto one = reader.next()) EXPECT_FALSE(one->ok()) << frame["name"] << " cut to " << size;
      EXPECT_EQ(reader.unknown(), 0U) << frame["name"] << " cut to " << size;
    }
  }
}

TEST(Mavlink, EveryFlippedBitIsRefusedOrAnotherMessage) {
  uint64_t crc = 0;
  for (const auto& frame : frames()) {
    const Buffer good = octets_of(frame);
    const auto message = only(good);
    ASSERT_TRUE(message.ok());
    const size_t judged = good.size() - (message->has_signature ? 13 : 0);  // the trailer is not ours to judge
    for (size_t bit = 0; bit < judged * 8; ++bit) {
      Buffer bad = good;
      bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      FrameReader reader(bad);
      while (const auto one = reader.next()) {
        EXPECT_FALSE(one->ok()) << frame["name"] << " bit " << bit;
        if (!one->ok() && one->error() == Error::mavlink_crc) ++crc;
      }
    }
  }
  EXPECT_GT(crc, 1000U);
}

TEST(Mavlink, SeveralFramesAndNoiseBetweenThem) {
  const json all = frames();
  Buffer datagram{0x00, 0x55};
  for (const auto& frame : all) {
    const Buffer octets = octets_of(frame);
    datagram.insert(datagram.end(), octets.begin(), octets.end());
  }
  datagram.insert(datagram.end(), {0x01, 0x02, 0xfd});
  FrameReader reader(datagram);
  size_t good = 0, noise = 0;
  while (const auto one = reader.next()) {
    if (one->ok()) ++good;
    else if (one->error() == Error::mavlink_frame) ++noise;
  }
  EXPECT_EQ(good, all.size());
  EXPECT_EQ(noise, 3U);  // before, after, and the start without a frame
}

TEST(Mavlink, MessagesThatAreNoneOfOursArePassedOver) {
  Buffer datagram = frame_of(Message(id::heartbeat));
  datagram[7] = 30;  // ATTITUDE: its CRC_EXTRA is not ours to know
  const Buffer known = frame_of(Message(id::heartbeat));
  datagram.insert(datagram.end(), known.begin(), known.end());
  FrameReader reader(datagram);
  const auto first = reader.next();
  ASSERT_TRUE(first && first->ok());
  EXPECT_EQ((*first)->id(), id::heartbeat);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.unknown(), 1U);
}

TEST(Mavlink, UnknownIncompatibilityFlagsAreRefused) {
  Buffer frame = frame_of(Message(id::heartbeat));
  frame[2] = 0x02;
  EXPECT_EQ(only(frame).error(), Error::mavlink_flags);
}

TEST(Mavlink, MavlinkOneHasEightBitsOfId) {
  Message message(id::location);
  message.version = 1;
  std::array<uint8_t, kFrameMax> space{};
  EXPECT_EQ(encode(message, space).error(), Error::value_range);
  message.version = 2;
  for (size_t size = 0; size < 13; ++size) EXPECT_EQ(encode(message, std::span(space).first(size)).error(), Error::no_space) << size;
}

TEST(MavlinkOdid, SameOctetsAsOpendroneidCore) {
  size_t compared = 0;
  for (const auto& frame : frames()) {
    if (!frame.contains("f3411")) continue;
    const auto message = only(octets_of(frame));
    ASSERT_TRUE(message.ok());
    const auto octets = to_f3411(*message);
    ASSERT_TRUE(octets.ok()) << frame["name"] << " " << info(octets.error()).counter;
    EXPECT_EQ(to_hex(*octets), hex_of_f3411(frame["f3411"])) << frame["name"];
    ++compared;
  }
  EXPECT_EQ(compared, 28U);
}

TEST(MavlinkOdid, EveryF3411VectorComesBackThroughMavlink) {
  const json all = file_of("drip/f3411_messages.json");
  size_t compared = 0;
  for (const auto& one : all["messages"]) {
    const Buffer octets = *from_hex(one["hex"].get<std::string>());
    const RawMessage raw(octets.data(), kMessageSize);
    const auto message = from_f3411(raw);
    ASSERT_TRUE(message.ok()) << one["name"];
    const auto again = to_f3411(*message);
    ASSERT_TRUE(again.ok()) << one["name"];
    if (one["name"] == "loc_speed_64_00") continue;  // two encodings of 63.75 m/s, the finer one is written
    EXPECT_EQ(to_hex(*again), one["hex"].get<std::string>()) << one["name"];
    ++compared;
  }
  EXPECT_EQ(compared, all["messages"].size() - 1);
}

TEST(MavlinkOdid, WhatF3411CannotHoldIsUnknownOrRefused) {
  Message in(id::location);
  in.set("latitude", 473'900'000);
  in.set("longitude", 85'400'000);
  for (const float odd : {NAN, INFINITY, -INFINITY, 31'768.0F, -1000.0F, -2000.0F, 1e9F}) {
    in.set_real("altitude_geodetic", odd);
    in.set_real("height", odd);
    const auto octets = to_f3411(in);
    ASSERT_TRUE(octets.ok());
    EXPECT_FALSE(decode_location(*octets)->geodetic_altitude_dm) << odd;
    EXPECT_FALSE(decode_location(*octets)->height_dm) << odd;
  }
  in.set_real("height", 31'767.5F);
  EXPECT_EQ(decode_location(*to_f3411(in))->height_dm, 317'675);
  for (const float odd : {NAN, -0.5F, 3600.5F, 65'535.0F}) {
    in.set_real("timestamp", odd);
    EXPECT_FALSE(decode_location(*to_f3411(in))->timestamp_ds) << odd;
  }
  for (const auto& [cdeg, degrees] : {std::pair{35'949, 359}, {35'950, 0}, {36'000, 0}, {49, 0}, {50, 1}}) {
    in.set("direction", cdeg);
    EXPECT_EQ(decode_location(*to_f3411(in))->track_deg, degrees) << cdeg;
  }
  in.set("direction", 36'001);
  EXPECT_FALSE(decode_location(*to_f3411(in))->track_deg);
  in.set("status", 16);
  EXPECT_EQ(to_f3411(in).error(), Error::value_range);
  in.set("status", 2);
  in.set("latitude", 900'000'001);
  EXPECT_EQ(to_f3411(in).error(), Error::value_range);
  EXPECT_EQ(to_f3411(Message(id::heartbeat)).error(), Error::rid_type);
  Message page(id::authentication);
  page.set("data_page", 16);
  EXPECT_EQ(to_f3411(page).error(), Error::value_range);
}

TEST(MavlinkOdid, PacksAreTakenOctetForOctet) {
  for (const auto& frame : frames()) {
    if (frame["id"] != id::message_pack) continue;
    const auto message = only(octets_of(frame));
    const auto pack = to_pack(*message);
    ASSERT_TRUE(pack.ok());
    EXPECT_EQ(to_hex(pack->bytes()), "f21902" + frame["fields"]["messages"].get<std::string>().substr(0, 100));
    EXPECT_EQ(from_pack(*decode_pack(pack->bytes()))->octets("messages").size(), 225U);
    Message broken = *message;
    for (const int count : {0, 10, 255}) {
      broken.set("msg_pack_size", count);
      EXPECT_EQ(to_pack(broken).error(), Error::bad_pack) << count;
    }
    broken.set("msg_pack_size", 2);
    broken.set("single_message_size", 24);
    EXPECT_EQ(to_pack(broken).error(), Error::bad_pack);
  }
}

TEST(MavlinkOdid, SystemUpdateChangesPlaceAndTimeOnly) {
  System system;
  system.area_count = 7;
  system.classification_type = 1;
  for (const auto& frame : frames()) {
    if (frame["id"] != id::system_update) continue;
    const auto message = only(octets_of(frame));
    ASSERT_TRUE(update(system, *message).ok());
    EXPECT_EQ(system.operator_latitude_e7, 473'899'001);
    EXPECT_EQ(system.operator_longitude_e7, 85'399'002);
    EXPECT_EQ(system.operator_altitude_dm, 205);
    EXPECT_EQ(system.timestamp_2019, 28'000'001U);
    EXPECT_EQ(system.area_count, 7);
    EXPECT_EQ(system.classification_type, 1);
    Message broken = *message;
    broken.set("operator_longitude", 1'800'000'001);
    EXPECT_EQ(update(system, broken).error(), Error::value_range);
    EXPECT_EQ(system.operator_longitude_e7, 85'399'002);
  }
}

TEST(MavlinkOdid, GlobalPositionIsTheFallback) {
  Result<Message> position = Error::internal, gps = Error::internal;
  for (const auto& frame : frames()) {
    if (frame["name"] == "global_position_int_2") position = only(octets_of(frame));
    if (frame["name"] == "gps_raw_int_2") gps = only(octets_of(frame));
  }
  ASSERT_TRUE(position.ok() && gps.ok());
  const auto plain = to_location(*position, nullptr);
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->boot_ms, 4500U);
  EXPECT_EQ(plain->location.latitude_e7, 473'900'123);
  EXPECT_EQ(plain->location.longitude_e7, -85'400'456);
  EXPECT_EQ(plain->location.height_dm, 123);
  EXPECT_EQ(plain->location.speed_cmps, 500U);
  EXPECT_EQ(plain->location.track_deg, 307);
  EXPECT_EQ(plain->location.vertical_speed_cmps, 125);
  EXPECT_FALSE(plain->location.geodetic_altitude_dm) << "height above the sea is no WGS-84 height";
  EXPECT_EQ(to_location(*position, &*gps)->location.geodetic_altitude_dm, 5482);
  gps->set("fix_type", 2);
  EXPECT_FALSE(to_location(*position, &*gps)->location.geodetic_altitude_dm);
  position->set("vx", 0);
  position->set("vy", 0);
  EXPECT_EQ(to_location(*position, nullptr)->location.track_deg, 123);
  position->set("lat", 900'000'001);
  EXPECT_EQ(to_location(*position, nullptr).error(), Error::value_range);
}

}  // namespace
}  // namespace nrid::rid::mavlink
