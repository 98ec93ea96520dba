// decode(encode(decode(x))) == decode(x), and no view leaves the datagram.
#include <array>

#include "base/check.h"
#include "wire/coap.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nrid;
  const Bytes datagram(data, size);
  const auto inside = [&](Bytes view) { return view.empty() || (view.data() >= data && view.data() + view.size() <= data + size); };
  const auto first = coap::decode(datagram);
  if (!first.ok()) return 0;
  CHECK(inside(first->token) && inside(first->payload));
  for (const coap::Option& each : first->options()) CHECK(inside(each.value));

  std::array<uint8_t, 1280> space;
  const auto octets = coap::encode(*first, space);
  CHECK(octets.ok());
  const auto second = coap::decode(*octets);
  CHECK(second.ok() && second->type == first->type && second->code == first->code && second->id == first->id);
  CHECK(equal(second->token, first->token) && equal(second->payload, first->payload));
  CHECK(second->option_count == first->option_count);
  for (size_t i = 0; i < first->option_count; ++i) {
    CHECK(first->option_list[i].number == second->option_list[i].number);
    CHECK(equal(first->option_list[i].value, second->option_list[i].value));
  }
  return 0;
}
