// Law: whatever a datagram holds, it has exactly one counted outcome, and the process goes on. The input is a script of mutations
// of datagrams that the server would accept: port, kind, then (offset, value) pairs; a first octet over 0x80 takes the rest as
// the datagram itself.
#include "tests/nrid/server_support.h"

using namespace nrid;
using namespace nrid::testing;

namespace {

struct Stage {
  Stage() {
    Options options;
    options.policy.rate_burst = 1e9;
    options.policy.rate_per_s = 1e6;
    world = std::make_unique<World>(options);
    const Buffer packs[] = {world->start_pack(world->ua), world->flight_pack(world->ua), world->plain({world->basic(world->ua.det), world->location(world->clock.now().wall)}),
                            world->wrapped({world->location(world->clock.now().wall)}, world->ua, rid::WrapperForm::full)};
    for (const Transport transport : {Transport::plain, Transport::schc}) {
      for (const Buffer& pack : packs) seeds.emplace_back(transport, world->post(coap::Type::con, world->uas_cwt(world->ua, pack), transport));
      seeds.emplace_back(transport, world->post(coap::Type::con, world->end_cwt(world->ua, world->ua.det), transport));
    }
  }
  std::unique_ptr<World> world;
  std::vector<std::pair<Transport, Buffer>> seeds;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Stage stage;
  if (size == 0) return 0;
  World& w = *stage.world;
  const auto& [transport, seed] = stage.seeds[data[0] % stage.seeds.size()];
  Buffer datagram = seed;
  if (data[0] >= 0x80) {
    datagram.assign(data + 1, data + size);
  } else {
    for (size_t i = 1; i + 2 < size; i += 3) datagram[static_cast<size_t>(data[i] << 8 | data[i + 1]) % datagram.size()] = data[i + 2];
  }
  w.inject(datagram, address_of(data[0]), transport);
  w.run();
  w.plain_port.sent.clear();
  w.schc_port.sent.clear();
  CHECK(w.conserved());
  CHECK(w.recorder->sightings.size() < 1'000'000);
  w.recorder->sightings.clear();
  w.recorder->events.clear();
  return 0;
}
