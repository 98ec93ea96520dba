// A live flight out of whatever arrives on the two local ports of a gateway: MAVLink frames and received packs. The input is a list of
// records: what (1 octet), who (1), length (1), octets. A frame of the table gets its CRC here, which would keep a fuzzer out.
// Laws: every datagram is read to its end; what is refused is counted; what the source says is a pack that the journey reads, about its
// own aircraft, and never younger than its position; a vehicle that spoke hears one HEARTBEAT and one ARM_STATUS a second, not more.
#include <algorithm>

#include "nrid/mavlink_link.h"
#include "nrid/pack_link.h"
#include "tests/nrid/server_support.h"

namespace {

using namespace nrid;
using namespace nrid::testing;
namespace mav = rid::mavlink;

constexpr size_t kRecordsMax = 64;
constexpr int64_t kPauses_ms[] = {0, 100, 1000, 3100, 5100, 61'000, 600'000, 3'600'000};

struct Ground {
  explicit Ground(uint8_t mode)
      : aircraft({ua.det, 2, "", "CHEtest", "", {}, {}}, ua.signer),
        source("live", aircraft, {(mode & 1) == 0, static_cast<EndOn>((mode >> 1) % 3), seconds(5), (mode & 8) != 0}),
        mavlink(mavlink_port, source, {static_cast<uint8_t>((mode & 16) != 0 ? 7 : 0), (mode & 32) != 0 ? "aabb" : ""}),
        packs(pack_port, source), how(static_cast<EndOn>((mode >> 1) % 3)) {}

  void frame(uint8_t which, uint8_t who, Bytes payload) {
    const auto all = mav::messages();
    mav::Message message(all[which % all.size()].id);
    std::copy_n(payload.begin(), std::min(payload.size(), mav::length(message.info())), message.payload.begin());
    message.system = who & 0x0f;
    message.component = (who & 0x10) != 0 ? 236 : 1;
    message.version = (who & 0x20) != 0 ? 1 : 2;
    std::array<uint8_t, mav::kFrameMax> space{};
    const auto octets = mav::encode(message, space);
    if (octets.ok()) datagram(mavlink_port, *octets);
  }
  void datagram(QueuePort& port, Bytes octets) { port.inbox.emplace_back(address_of(9), Buffer(octets.begin(), octets.end())); }

  // One of the packs that the aircraft itself could have made, with one octet changed.
  void pack(uint8_t which, Bytes change) {
    const Instant at = clock.now().wall;
    rid::Location here;
    here.latitude_e7 = 473'900'000;
    here.longitude_e7 = 85'400'000;
    here.timestamp_ds = static_cast<uint16_t>(at.us / 100'000 % 36'000);
    std::vector<rid::MessageOctets> messages = {*rid::encode(rid::BasicId::of_session(ua.det, 2)), *rid::encode(here)};
    std::array<uint8_t, rid::kPackSizeMax> space{};
    const auto made = rid::build_wrapper_pack(messages, (which & 1) != 0 ? rid::WrapperForm::full : rid::WrapperForm::extended, ua.det, ua.signer, at, space);
    Buffer octets = made.ok() ? Buffer(made->begin(), made->end()) : Buffer();
    CHECK(octets.size() >= 28);
    if (change.size() >= 2) octets[(change[0] << 8 | change[1]) % octets.size()] ^= change.size() > 2 ? change[2] : 1;
    if ((which & 2) != 0) octets.assign(octets.begin() + 3, octets.begin() + 28);
    datagram(pack_port, octets);
  }

  void step() {
    const Now now = clock.now();
    mavlink.step(now, {true, {}});
    packs.step(now);
    CHECK(mavlink_port.inbox.empty() && pack_port.inbox.empty());
    CHECK(packs.refused_sum() <= packs.datagrams() && mavlink.refused_sum() >= refused);
    refused = mavlink.refused_sum();
    CHECK(!to_word(how).empty());
    said += mavlink_port.sent.size();
    mavlink_port.sent.clear();
    CHECK(pack_port.sent.empty());
    CHECK(said <= 2 * static_cast<uint64_t>(1 + (now.tick - begun).seconds()));
    if (!started && source.ready(now)) {
      const auto first = source.start_pack(now);
      if (first.ok()) judge(*first);
      source.begin(now);
      started = true;
    }
    for (int i = 0; i < 8; ++i) {
      const auto pack = source.next(now);
      if (!pack) break;
      if (pack->ok()) judge(**pack);
    }
    const auto answer = source.answer_pack({0x3b, std::nullopt}, now);
    if (answer.ok()) judge(*answer);
    static_cast<void>(source.over(now));
    static_cast<void>(source.due());
  }
  void judge(const SourcePack& one) {
    const auto pack = rid::decode_pack(one.pack);
    CHECK(pack.ok());
    for (size_t i = 0; i < pack->count; ++i) {
      if (rid::type_of(pack->message(i)) != rid::MessageType::basic_id) continue;
      const auto id = rid::decode_basic_id(pack->message(i));
      if (id.ok() && id->session_det() && one.location) CHECK(*id->session_det() == ua.det);  // one that we made; others are judged by their readers
    }
    const auto auth = rid::read_auth(*pack);
    if (auth.ok() && auth->wrapper) CHECK(auth->wrapper->ua == ua.det);
    if (one.location) {
      const auto late = source.late_pack(*one.location, clock.now());
      if (late.ok()) CHECK(rid::decode_pack(*late).ok());
    }
  }

  Party ua{2};
  ManualClock clock{at_second(kNow)};
  Tick begun = clock.now().tick;
  QueuePort mavlink_port{14'550}, pack_port{14'560};
  Aircraft aircraft;
  LiveSource source;
  MavlinkLink mavlink;
  PackLink packs;
  EndOn how = EndOn::inactive;
  uint64_t said = 0, refused = 0;
  bool started = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Ground ground(data[0]);
  Reader in({data + 1, size - 1});
  for (size_t i = 0; i < kRecordsMax && in.left() >= 3; ++i) {
    const uint8_t what = in.u8(), who = in.u8();
    const Bytes octets = in.bytes(std::min<size_t>(in.u8(), in.left()));
    switch (what & 7) {
      case 0: ground.clock.advance(milliseconds(kPauses_ms[who & 7])); break;
      case 1: ground.datagram(ground.mavlink_port, octets); break;
      case 2: ground.datagram(ground.pack_port, octets); break;
      case 3: ground.pack(who, octets); break;
      default: ground.frame(static_cast<uint8_t>(what >> 3 | (what & 4) << 3), who, octets); break;
    }
    ground.step();
  }
  return 0;
}
