// Rule files: any text is loaded or refused with a sentence that begins with the file's name; a loaded set takes any packet.
#include <array>
#include <cstdlib>

#include "schc/schc.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nrid;
  const auto set = schc::load_rules(as_text({data, size}), "fuzz.json");
  if (!set.ok()) {
    if (set.text().rfind("fuzz.json: ", 0) != 0) std::abort();
    return 0;
  }
  std::array<uint8_t, 2048> message{}, packet{};
  for (const auto direction : {schc::Direction::up, schc::Direction::down}) {
    const auto coap = schc::decompress(*set, direction, {data, size}, message);
    if (coap.ok()) static_cast<void>(schc::compress(*set, direction, *coap, packet).ok());
    schc::explain(*set, direction, {data, size});
  }
  return 0;
}
