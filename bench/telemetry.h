// What the benchmarks of messages share: datagrams as a gateway makes them, and a resolver that is never asked.
#pragma once

#include "det/key_source.h"
#include "nrid/client.h"
#include "rid/auth.h"
#include "rid/messages.h"

namespace nrid::bench {

class NoLookup final : public det::Lookup {
 public:
  void ask(const std::string&, det::RrType, std::function<void(const det::DnsAnswer&)>) override {}
  void run(std::function<void()> work) override { work(); }
};

inline int32_t position_e7(int32_t north_e7) { return 473'900'000 + north_e7; }

inline rid::MessageOctets position(int32_t north_e7, int64_t second) {
  rid::Location location;
  location.latitude_e7 = position_e7(north_e7);
  location.longitude_e7 = 85'400'000;
  location.timestamp_ds = static_cast<uint16_t>(second % 3600 * 10);
  return *rid::encode(location);
}

// Both signatures by one signer, as an aircraft that is its own gateway.
inline Buffer telemetry(const Carriage& carriage, const Det& by, const Signer& signer, const Det& sp, int64_t second, uint16_t id, std::span<const rid::MessageOctets> messages,
                        coap::Type type = coap::Type::non) {
  std::array<uint8_t, rid::kPackSizeMax> pack_space;
  std::array<uint8_t, profile::kPayloadMax> cwt_space;
  std::array<uint8_t, profile::kDatagramMax> space;
  const auto pack = rid::build_wrapper_pack(messages, rid::WrapperForm::extended, by, signer, at_second(second), pack_space);
  const auto cwt = make_uas_cwt({by, &signer}, sp, *pack, second, cwt_space);
  const uint8_t token[] = {static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id), 3, 4};
  const auto datagram = make_post(carriage, type, id, Token::of(token), *cwt, space);
  CHECK(datagram.ok());
  return Buffer(datagram->begin(), datagram->end());
}

}  // namespace nrid::bench
