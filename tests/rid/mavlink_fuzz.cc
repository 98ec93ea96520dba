// Laws: a frame that decodes encodes again and decodes to the same message; the 25 octets of an OPEN_DRONE_ID message
// come back through MAVLink as themselves; and reading a datagram ends.
#include <algorithm>

#include "rid/mavlink.h"
#include "rid/mavlink_odid.h"

using namespace nrid;
using namespace nrid::rid;

static mavlink::Message only(Bytes frame) {
  mavlink::FrameReader reader(frame);
  const auto first = reader.next();
  CHECK(first && first->ok() && !reader.next() && reader.unknown() == 0);
  return **first;
}

static void trip(const mavlink::Message& message) {
  std::array<uint8_t, mavlink::kFrameMax> space{};
  const auto frame = mavlink::encode(message, space);
  CHECK(frame.ok() && only(*frame) == message);
  if (const auto pack = mavlink::to_pack(message)) {
    const auto inside = decode_pack(pack->bytes());
    CHECK(inside.ok() && equal(mavlink::to_pack(*mavlink::from_pack(*inside))->bytes(), pack->bytes()));
  }
  System system;
  static_cast<void>(mavlink::update(system, message));
  CHECK(encode(system).ok());
  static_cast<void>(mavlink::to_location(message, nullptr));
  const auto octets = mavlink::to_f3411(message);
  if (!octets.ok()) return;
  const auto back = mavlink::from_f3411(*octets);
  if (!back.ok()) {  // only enumerations are cut on the way out, positions are judged on both
    CHECK(back.error() == Error::value_range);
    return;
  }
  const auto again = mavlink::to_f3411(*back);
  CHECK(again.ok());
  const auto last = mavlink::to_f3411(*mavlink::from_f3411(*again));
  CHECK(last.ok() && *last == *again);  // 63.75 m/s has two encodings, the second trip has one
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mavlink::FrameReader reader({data, size});
  for (size_t rounds = 0; const auto one = reader.next(); ++rounds) {
    CHECK(rounds <= size);
    if (one->ok()) trip(**one);
  }
  // CRC_EXTRA keeps a fuzzer out; here it is not asked.
  if (size < 2) return 0;
  const auto all = mavlink::messages();
  mavlink::Message message(all[data[0] % all.size()].id);
  const size_t count = std::min(size - 1, mavlink::length(message.info()));
  std::copy_n(data + 1, count, message.payload.begin());
  trip(message);
  return 0;
}
