// A world for the gateway's tests: one registry, two providers, a gateway, an aircraft, a network of two queues, and a
// provider that the test plays by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "nrid/gateway.h"
#include "tests/nrid/straight_flight.h"

namespace nrid::testing::gateway {

struct Party {
  explicit Party(uint8_t number, uint16_t hda = 10) : signer(seed_of(number)), det(det::derive(16376, hda, signer.public_key())) {}
  static Seed seed_of(uint8_t number) {
    Seed seed{};
    seed.fill(number);
    return seed;
  }
  PreparedKey key() const { return *PreparedKey::from(signer.public_key()); }
  SeedSigner signer;
  Det det;
};

class QueuePort final : public DatagramPort {
 public:
  struct Datagram { Address to; Buffer octets; };
  Address local() const override { return {}; }
  size_t receive(std::span<Received> out) override {
    held_.clear();
    while (!incoming.empty() && held_.size() < out.size()) {
      held_.push_back(std::move(incoming.front()));
      incoming.pop_front();
    }
    for (size_t i = 0; i < held_.size(); ++i) out[i] = {held_[i].to, held_[i].octets};
    return held_.size();
  }
  size_t send(std::span<const Outgoing> datagrams) override {
    if (broken) return 0;
    for (const Outgoing& one : datagrams) sent.push_back({one.peer, Buffer(one.octets.begin(), one.octets.end())});
    return datagrams.size();
  }
  void wait(Duration) override {}
  std::deque<Datagram> incoming;       // `to` is where it came from
  std::vector<Datagram> sent;
  bool broken = false;

 private:
  std::vector<Datagram> held_;
};

inline Address address(uint8_t last, uint16_t port = profile::kPort) {
  Address out{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, last}, port};
  return out;
}

inline Flight straight_flight(int seconds_long) {
  FlightSample high;
  high.altitude_dm = 5000;
  return testing::straight_flight(seconds_long, high);
}

// What the gateway sent, opened again with the provider's eyes.
struct SentReport {
  Inbound frame;
  Det kid;
  int64_t iat = 0;
  cwt::Claims claims;
  Buffer pack;                          // empty for an end
  bool is_end() const { return std::holds_alternative<cwt::EooBody>(claims.body); }
  const cwt::EooBody& end() const { return std::get<cwt::EooBody>(claims.body); }
};

class World {
 public:
  // `endorsed`: gateway and aircraft know their endorsements; `alone`: the aircraft is its own gateway.
  explicit World(Flight flight = straight_flight(60), GatewayTimers timers = {}, GatewayPolicy policy = {}, bool endorsed = false, bool alone = false)
      : clock(at_second(1'780'315'200)), random(7) {
    AircraftIdentity identity;
    identity.det = ua.det;
    identity.serial = "1596F3TEST";
    identity.operator_id = "CHEtest";
    identity.self_id = "Test flight";
    aircraft = std::make_unique<Aircraft>(identity, ua.signer);
    const Party& by = alone ? ua : gw;
    const Speaker speaker{by.det, &by.signer, cwt::KidForm::tagged_in_bstr, 10};
    const auto on_event = [this](std::string_view name, std::initializer_list<LogField> fields) { events.push_back(log_line(name, fields).substr(6)); };
    Gateway::Parts parts{*aircraft, port, random, on_event};
    if (endorsed) {
      aircraft->set_endorsement(endorsement_of(ua));
      parts.endorsement = endorsement_of(gw);
    }
    gateway = std::make_unique<Gateway>(timers, policy, carriage(schc::Direction::up), speaker, std::move(flight), provider(sp, 1), std::move(parts));
  }

  Provider provider(const Party& party, uint8_t last) const { return {party.det, party.key(), address(last), hda.det, hda.key()}; }
  LinkEndorsement endorsement_of(const Party& child) const {
    const auto made = det::make_endorsement(child.det, child.signer.public_key(), hda.det, hda.signer, clock.now().wall, clock.now().wall + seconds(86'400));
    EXPECT_TRUE(made.ok());
    return *made;
  }
  static Carriage carriage(schc::Direction way) { return {schc::RuleSet(), way}; }

  // Steps the gateway at its own wish, for so long; `each` sees every new datagram and may answer.
  template <class Each>
  void run(Duration length, Each each) {
    const Tick end = clock.now().tick + length;
    while (!gateway->done()) {
      Tick wake = gateway->step(clock.now());
      while (seen < port.sent.size() && !gateway->done()) {
        each(open(port.sent[seen++].octets));
        wake = gateway->step(clock.now());
      }
      if (gateway->done()) return;
      if (clock.now().tick >= end) return;
      const Tick next = std::min(std::max(wake, clock.now().tick + milliseconds(10)), end);
      clock.advance(next - clock.now().tick);
    }
  }
  void run(Duration length) {
    run(length, [](const SentReport&) {});
  }

  static SentReport open(const Buffer& octets) {
    SentReport out;
    FrameSpace space;
    const auto frame = read_datagram(carriage(schc::Direction::down), octets, space);
    EXPECT_TRUE(frame.ok());
    if (!frame.ok()) return out;
    out.frame = *frame;
    if (!frame->post()) return out;
    const auto sign1 = cwt::decode_sign1(frame->payload);
    EXPECT_TRUE(sign1.ok());
    const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
    EXPECT_TRUE(claims.ok());
    out.kid = sign1->kid;
    out.iat = claims->iat;
    out.claims = *claims;
    if (const auto* body = std::get_if<cwt::UasBody>(&claims->body)) out.pack.assign(body->data.begin(), body->data.end());
    return out;
  }

  // The provider speaks.
  Buffer heartbeat(uint32_t types = 0, std::optional<cwt::MoveSp> move = std::nullopt, int64_t iat_offset = 0) {
    return heartbeat_of(sp, ua.det, types, std::move(move), iat_offset);
  }
  Buffer heartbeat_of(const Party& by, const Det& about, uint32_t types, std::optional<cwt::MoveSp> move, int64_t iat_offset) {
    cwt::UssBody body;
    body.ua = about;
    body.expected.types = types;
    body.move_sp = std::move(move);
    std::array<uint8_t, 1024> space{};
    const auto cwt = make_uss_cwt({by.det, &by.signer, cwt::KidForm::tagged_in_bstr, 10}, body, clock.now().wall.seconds() + iat_offset, space);
    EXPECT_TRUE(cwt.ok());
    return Buffer(cwt->begin(), cwt->end());
  }
  Buffer end_word(uint64_t code, uint64_t ref) {
    cwt::EooBody body;
    body.peer = ua.det;
    body.code = code;
    body.ref = ref;
    std::array<uint8_t, 1024> space{};
    const auto cwt = make_eoo_cwt({sp.det, &sp.signer, cwt::KidForm::tagged_in_bstr, 10}, body, clock.now().wall.seconds(), space);
    EXPECT_TRUE(cwt.ok());
    return Buffer(cwt->begin(), cwt->end());
  }
  void answer(const SentReport& to, const Buffer& cwt, uint8_t code = coap::kChanged, uint8_t from = 1) {
    std::array<uint8_t, 1280> space{};
    const auto type = to.frame.type == coap::Type::con ? coap::Type::ack : coap::Type::non;
    const auto out = make_response(carriage(schc::Direction::down), type, code, to.frame.id, to.frame.token, cwt, space);
    EXPECT_TRUE(out.ok());
    port.incoming.push_back({address(from), Buffer(out->begin(), out->end())});
  }
  void post(const Buffer& cwt, coap::Type type = coap::Type::non, uint8_t from = 1) {
    std::array<uint8_t, 1280> space{};
    const uint8_t token[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const auto out = make_post(carriage(schc::Direction::down), type, 0x4711, Token::of(token), cwt, space);
    EXPECT_TRUE(out.ok());
    port.incoming.push_back({address(from), Buffer(out->begin(), out->end())});
  }
  // Start phase with a content provider.
  void take_off() {
    gateway->start(clock.now());
    run(milliseconds(100), [&](const SentReport& report) {
      if (report.frame.type == coap::Type::con) answer(report, heartbeat());
    });
    ASSERT_EQ(gateway->status(clock.now()).phase, Phase::flying);
  }
  size_t count(std::string_view event) const {
    return static_cast<size_t>(std::count_if(events.begin(), events.end(), [&](const std::string& line) { return line.substr(0, line.find(' ')) == event; }));
  }
  GatewayStatus status() const { return gateway->status(clock.now()); }

  ManualClock clock;
  SeededRandom random;
  Party hda{1}, sp{2}, sp2{3}, ua{4}, gw{5}, stranger{6};
  QueuePort port;
  std::unique_ptr<Aircraft> aircraft;
  std::unique_ptr<Gateway> gateway;
  std::vector<std::string> events;
  size_t seen = 0;
};

}  // namespace nrid::testing::gateway
