// A real gateway against the real server of server_support.h: one thread, one clock, a wire that a test may cut or thin out.
#pragma once

#include <functional>

#include "base/log.h"
#include "nrid/gateway.h"
#include "tests/nrid/server_support.h"
#include "tests/nrid/straight_flight.h"

namespace nrid::testing {

// The gateway's socket; the provider's plain port is the other end.
class WirePort final : public DatagramPort {
 public:
  WirePort(World& world, Address own, Address provider) : world_(world), own_(own), provider_(provider) {}
  Address local() const override { return own_; }
  size_t receive(std::span<Received> out) override {
    held_.clear();
    auto& theirs = world_.plain_port.sent;
    for (auto one = theirs.begin(); one != theirs.end() && held_.size() < out.size();) {
      if (one->first != own_) {
        ++one;
        continue;
      }
      if (!deaf) held_.push_back(std::move(one->second));
      one = theirs.erase(one);
    }
    for (size_t i = 0; i < held_.size(); ++i) out[i] = {provider_, held_[i]};
    return held_.size();
  }
  size_t send(std::span<const Outgoing> datagrams) override {
    if (unplugged) return 0;
    for (const Outgoing& one : datagrams) {
      ++sent;
      if (!mute) world_.inject(one.octets, own_);
    }
    return datagrams.size();
  }
  void wait(Duration) override {}

  bool unplugged = false;               // nothing can leave, and we know
  bool mute = false;                    // nothing arrives, and we do not
  bool deaf = false;                    // nothing comes back
  size_t sent = 0;

 private:
  World& world_;
  Address own_, provider_;
  std::vector<Buffer> held_;
};

inline Flight straight(int seconds_long) {
  FlightSample airborne;
  airborne.status = 2;
  return straight_flight(seconds_long, airborne);
}

inline Options with_gateway() {
  Options options;
  const Party ua(2), gcs(3);
  options.policy.gateways = {{gcs.det, ua.det}};
  return options;
}

// Steps both ends until the gateway is done or the time is over; `each` comes before every step.
inline void fly(World& world, Gateway& gateway, Duration length, const std::function<void()>& each = [] {}) {
  const Tick end = world.clock.now().tick + length;
  while (!gateway.done() && world.clock.now().tick < end) {
    each();
    gateway.step(world.clock.now());
    world.run();
    gateway.step(world.clock.now());
    world.clock.advance(milliseconds(50));
    world.run();
  }
}

// Keys and addresses of one gateway in a World.
struct Side {
  explicit Side(World& w, const Party& kid) : world(w), port(w, address_of(1), address_of(9, 5683)), speaker{kid.det, &kid.signer, cwt::KidForm::tagged_in_bstr, 10} {}
  Provider provider() const { return {world.sp.det, *PreparedKey::from(world.sp.signer.public_key()), address_of(9, 5683), world.keys.hda.det, *PreparedKey::from(world.keys.hda.signer.public_key())}; }
  Gateway::Parts parts(Aircraft& aircraft, DatagramPort* other = nullptr) {
    return {aircraft, other != nullptr ? *other : port, world.random, [this](std::string_view name, std::initializer_list<LogField> fields) {
              events.push_back(log_line(name, fields).substr(6));
            }};
  }
  static Carriage carriage() { return {schc::RuleSet(), schc::Direction::up}; }
  AircraftIdentity identity() const {
    AircraftIdentity out;
    out.det = world.ua.det;
    out.operator_id = "CHEtest";
    return out;
  }

  World& world;
  WirePort port;
  Speaker speaker;
  std::vector<std::string> events;
};

}  // namespace nrid::testing
