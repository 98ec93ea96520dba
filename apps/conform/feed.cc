#include "apps/conform/feed.h"

#include <algorithm>

#include "apps/conform/pack.h"
#include "rid/mavlink.h"

namespace nrid::conform {
namespace {

namespace mav = rid::mavlink;

constexpr auto kEvery = std::chrono::milliseconds(500);
constexpr int32_t kStep = 500;                         // 1e-7 degree between two positions
// MAVLink common.xml
constexpr int kQuadrotor = 2, kArdupilot = 3, kActive = 4, kMavlinkVersion = 3;

}  // namespace

Feed::Feed(FeedParts parts, std::unique_ptr<UdpPort> port) : parts_(std::move(parts)), port_(std::move(port)), thread_([this] { run(); }) {}

StatusOr<std::unique_ptr<Feed>> Feed::start(FeedParts parts) {
  TRY(port, UdpPort::open(*address_from_text("127.0.0.1:0")));
  return std::unique_ptr<Feed>(new Feed(std::move(parts), std::move(port)));
}

Feed::~Feed() {
  stop_ = true;
  thread_.join();
}

bool Feed::said(Bytes pack) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(packs_.begin(), packs_.end(), [&](const Buffer& each) { return equal(each, pack); });
}

bool Feed::said(const GeoPoint& place) const {
  const std::lock_guard lock(mutex_);
  return std::find(places_.begin(), places_.end(), place) != places_.end();
}

void Feed::run() {
  for (int number = 0; !stop_; ++number) {
    if (parts_.kind == FeedKind::mavlink) {
      say_mavlink(number);
    } else {
      say_pack(parts_.aircraft, number);
      if (parts_.stranger) say_pack(*parts_.stranger, number);
    }
    std::this_thread::sleep_for(kEvery);
  }
}

void Feed::send(Bytes octets) {
  const Outgoing out{parts_.to, octets};
  port_->send({&out, 1});                              // nobody may be there yet
}

void Feed::say_pack(const Identity& signer, int number) {
  PackPlan plan;
  plan.messages = "basic,location,system,operator";
  plan.session = plan.signed_as = signer.det;
  plan.signer = signer.signer.get();
  plan.place = parts_.place;
  plan.number = number;
  const auto pack = write_pack(plan, SystemClock().now().wall);
  if (!pack.ok()) return;
  if (signer.det == parts_.aircraft.det) {
    const std::lock_guard lock(mutex_);
    packs_.push_back(*pack);
  }
  send(*pack);
}

void Feed::say_mavlink(int number) {
  const GeoPoint place{parts_.place.latitude_e7 + number * kStep, parts_.place.longitude_e7};
  mav::Message alive(mav::id::heartbeat), position(mav::id::global_position_int);
  alive.set("type", kQuadrotor);
  alive.set("autopilot", kArdupilot);
  alive.set("system_status", kActive);
  alive.set("mavlink_version", kMavlinkVersion);
  position.set("lat", place.latitude_e7);
  position.set("lon", place.longitude_e7);
  position.set("alt", 455'000);
  position.set("relative_alt", 10'000);
  {
    const std::lock_guard lock(mutex_);
    places_.push_back(place);
  }
  for (mav::Message* const message : {&alive, &position}) {
    message->system = message->component = 1;
    message->sequence = static_cast<uint8_t>(number);
    std::array<uint8_t, mav::kFrameMax> space{};
    if (const auto frame = mav::encode(*message, space); frame.ok()) send(*frame);
  }
}

}  // namespace nrid::conform
