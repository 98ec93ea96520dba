// Law: a message or pack that decodes has values that encode, and those decode to the same values: the octets of the
// second trip equal those of the first.
#include "rid/pack.h"

using namespace nrid;
using namespace nrid::rid;

template <class Decode>
static void trip(RawMessage raw, Decode decode) {
  const auto value = decode(raw);
  if (!value.ok()) return;
  const auto once = encode(*value);
  if (!once.ok()) return;  // the one encoding that decodes and is not sent: altitude steps below 1
  const auto again = decode(*once);
  CHECK(again.ok());
  const auto twice = encode(*again);
  CHECK(twice.ok() && *twice == *once);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto pack = decode_pack({data, size});
  if (!pack.ok()) return 0;
  CHECK(pack->count >= 1 && pack->count <= kPackMessagesMax && pack->types() != 0);
  std::array<MessageOctets, kPackMessagesMax> messages{};
  for (size_t i = 0; i < pack->count; ++i) {
    const RawMessage raw = pack->message(i);
    std::copy(raw.begin(), raw.end(), messages[i].begin());
    trip(raw, decode_basic_id);
    trip(raw, decode_location);
    trip(raw, decode_auth_page);
    trip(raw, decode_self_id);
    trip(raw, decode_system);
    trip(raw, decode_operator_id);
    if (const auto location = decode_location(raw)) static_cast<void>(absolute_time(*location, at_second(1'780'315'200)));
  }
  std::array<uint8_t, kPackSizeMax> space{};
  const auto again = encode_pack({messages.data(), pack->count}, space);
  CHECK(again.ok() && equal(again->subspan(1), pack->octets.subspan(1)));
  return 0;
}
