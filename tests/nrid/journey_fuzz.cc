// Law: whatever a datagram holds, it has exactly one counted outcome, and the process goes on. The input is a script of mutations
// of datagrams that the server would accept, or refuse only behind the signature: port, kind, then (offset, value) pairs; a first octet
// over 0x80 takes the rest as the datagram itself. What hooks in beside the journey is there as well: a gate, and on the plain port a
// protector that opens payloads behind an octet 0xee.
#include <cstring>

#include "cwt/cose.h"
#include "tests/nrid/server_support.h"

using namespace nrid;
using namespace nrid::testing;

namespace {

class OpenGate final : public Gate {
 public:
  Error before_signature(const Det&, Now) const override { return Error::none; }
  Error after_signature(const Det&, const Det&, Now) const override { return Error::none; }
};

class Envelope final : public PayloadProtector {
 public:
  Result<Bytes> open(const Address&, Bytes payload, std::span<uint8_t> out) const override {
    if (payload.empty() || payload[0] != kMark) return payload;
    if (payload.size() == 1 || payload.size() - 1 > out.size()) return Error::malformed;
    std::memcpy(out.data(), payload.data() + 1, payload.size() - 1);
    return Bytes(out.data(), payload.size() - 1);
  }
  Result<Bytes> seal(const Address&, Bytes cwt, std::span<uint8_t> out) const override {
    if (cwt.size() >= out.size()) return Error::no_space;
    out[0] = kMark;
    std::memcpy(out.data() + 1, cwt.data(), cwt.size());
    return Bytes(out.data(), cwt.size() + 1);
  }
  static constexpr uint8_t kMark = 0xee;
};

struct Stage {
  Stage() {
    Options options;
    options.gates = {&gate};
    const Party ua(2), gcs(3);
    options.policy.gateways = {{gcs.det, ua.det}};
    options.policy.rate_burst = 1e9;
    options.policy.rate_per_s = 1e6;
    world = std::make_unique<World>(options);
    world->protector = &envelope;
    world->start();
    const Buffer packs[] = {world->start_pack(world->ua), world->flight_pack(world->ua), world->plain({world->basic(world->ua.det), world->location(world->clock.now().wall)}),
                            world->wrapped({world->location(world->clock.now().wall)}, world->ua, rid::WrapperForm::full)};
    for (const Transport transport : {Transport::plain, Transport::schc}) {
      for (const Buffer& pack : packs) seeds.emplace_back(transport, world->post(coap::Type::con, world->uas_cwt(world->ua, pack), transport));
      seeds.emplace_back(transport, world->post(coap::Type::con, world->end_cwt(world->ua, world->ua.det), transport));
    }
    more();
  }
  void add(Bytes cwt, coap::Type type = coap::Type::con) { seeds.emplace_back(Transport::plain, world->post(type, cwt)); }
  // Links, what a ground station says itself, hints, an envelope, and what is refused late.
  void more() {
    World& w = *world;
    const rid::MessageOctets where = w.location(w.clock.now().wall, 473'900'100), who = w.basic(w.ua.det);
    for (const Party* child : {&w.stranger, &w.gcs, &w.ua}) {
      const auto link = det::make_endorsement(child->det, child->signer.public_key(), w.keys.hda.det, w.keys.hda.signer, at_second(kNow - 100), at_second(kNow + 86'400));
      std::array<uint8_t, rid::kPackSizeMax> space;
      add(w.uas_cwt(*child, *rid::build_link_pack({}, *link, w.clock.now().wall, space)));
      add(w.uas_cwt(w.gcs, *rid::build_link_pack({}, *link, w.clock.now().wall, space)));
    }
    add(w.uas_cwt(w.gcs, w.start_pack(w.ua)));
    add(w.uas_cwt(w.gcs, w.wrapped({who, where}, w.gcs)));
    add(w.uas_cwt(w.gcs, w.wrapped({where}, w.gcs)));
    add(w.uas_cwt(w.gcs, w.plain({where})), coap::Type::non);
    add(w.uas_cwt(w.gcs, w.flight_pack(w.stranger)));
    add(w.uas_cwt(w.stranger, w.start_pack(w.stranger)));
    const Buffer flight = w.flight_pack(w.ua, 7);
    const cwt::UasBody hinted{w.sp.det, cwt::MessageSet{1u << 3, 0x0f}, flight};
    std::array<uint8_t, 1024> claims, token;
    add(*cwt::sign1(*cwt::encode_claims({kNow, kNow, kNow + 10, hinted}, claims), w.ua.det, cwt::KidForm::tagged_in_bstr, w.ua.signer, token));
    Buffer inside = w.uas_cwt(w.ua, w.flight_pack(w.ua, 8));
    inside.insert(inside.begin(), Envelope::kMark);
    add(inside);
    inside[0] ^= 1;
    add(inside);
    Buffer unsigned_token = w.uas_cwt(w.ua, w.flight_pack(w.ua, 9));
    unsigned_token.back() ^= 1;
    add(unsigned_token);
    const Buffer forged = w.wrapped({where}, w.ua);
    for (const size_t at : {size_t{70}, forged.size() - 5}) {
      Buffer pack = forged;
      pack[at] ^= 1;
      add(w.uas_cwt(w.ua, pack));
    }
  }
  OpenGate gate;
  Envelope envelope;
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
