// Hand-made sightings: what the server would tell its modules, without datagrams and signatures.
#pragma once

#include <string_view>

#include "nrid/sighting.h"

namespace nrid::test {

inline Det det_of(uint8_t last) {
  Det det = *det_from_text("2001:3f:fe00:a05:7d9d:8c5e:da00:df00");
  det.octets[15] = last;
  return det;
}

inline Sighting sighting_at(uint8_t aircraft, Instant sampled, int32_t latitude_e7, int32_t longitude_e7) {
  Sighting s;
  s.ua = det_of(aircraft);
  s.gateway = det_of(0xee);
  s.operation = 1;
  s.evidence = std::make_shared<const std::string>("CWT by the gateway, Wrapper by the aircraft, chain aircraft < HDA < RAA (anchor)");
  s.origin = Origin::relayed;
  s.sampled = s.signed_at = s.received = sampled;
  rid::Location location;
  location.status = static_cast<uint8_t>(rid::Status::airborne);
  location.latitude_e7 = latitude_e7;
  location.longitude_e7 = longitude_e7;
  location.geodetic_altitude_dm = 1205;
  location.height_dm = 805;
  location.speed_cmps = 1225;
  location.vertical_speed_cmps = -50;
  location.track_deg = 273;
  s.location = location;
  return s;
}

inline rid::SelfId self_id_of(std::string_view text) {
  rid::SelfId self;
  for (size_t i = 0; i < text.size() && i < self.description.size(); ++i) self.description[i] = static_cast<uint8_t>(text[i]);
  return self;
}

inline rid::OperatorId operator_id_of(std::string_view text) {
  rid::OperatorId id;
  for (size_t i = 0; i < text.size() && i < id.id.size(); ++i) id.id[i] = static_cast<uint8_t>(text[i]);
  return id;
}

inline FlightEvent event_of(FlightEventKind kind, uint8_t aircraft, Instant at, uint64_t operation = 1, std::string detail = "") {
  return {kind, det_of(aircraft), det_of(0xee), operation, at, std::move(detail)};
}

}  // namespace nrid::test
