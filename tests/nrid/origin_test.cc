// who may speak for an aircraft, and who vouches for what is said; each case through the real gateway to the real server.
#include "nrid/pack_link.h"
#include "tests/nrid/both_ends.h"

namespace nrid::testing {
namespace {

rid::Location at(Instant sampled, int32_t north = 0) {
  rid::Location out;
  out.status = 2;
  out.latitude_e7 = 473'900'000 + north;
  out.longitude_e7 = 85'400'000;
  out.speed_cmps = 500;
  out.timestamp_ds = static_cast<uint16_t>(sampled.us / 100'000 % 36'000);
  return out;
}

// A gateway with a live source whose positions come from C2, one a second.
struct LiveSide : Side {
  LiveSide(World& w, const Party& kid, const Signer& signer, PackForm form, bool wraps)
      : Side(w, kid), aircraft(identity(), signer, form, kid.det), source("test", aircraft, {wraps, EndOn::signal, seconds(5), false}),
        gateway({}, {}, carriage(), speaker, source, provider(), parts(aircraft)) {}
  void say(int seconds_long) {
    for (int i = 0; i < seconds_long; ++i) {
      EXPECT_EQ(source.hear(*rid::encode(at(world.clock.now().wall, i)), world.clock.now()), Error::none);
      if (i == 0) gateway.start(world.clock.now());
      fly(world, gateway, seconds(1));
    }
  }
  Aircraft aircraft;
  LiveSource source;
  Gateway gateway;
};

// What arrived: everything with this origin and verdict, once a second.
void expect_track(const World& world, Origin origin, Verdict verdict, const Det& gateway) {
  ASSERT_GE(world.recorder->sightings.size(), 5U);
  for (const Sighting& sighting : world.recorder->sightings) {
    EXPECT_EQ(sighting.origin, origin);
    EXPECT_EQ(sighting.verdict, verdict);
    EXPECT_EQ(sighting.ua, world.ua.det);
    EXPECT_EQ(sighting.gateway, gateway);
    ASSERT_TRUE(sighting.location);
  }
}

TEST(GatewayOrigin, R056a_the_aircraft_speaks_for_itself) {
  World world;
  LiveSide side(world, world.ua, world.ua.signer, PackForm::aircraft, true);
  side.say(8);
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::flying);
  expect_track(world, Origin::aircraft, Verdict::verified, world.ua.det);
}

// Packs that the aircraft signed, relayed by somebody who cannot sign for it.
struct RelaySide : LiveSide {
  RelaySide(World& w, const Party& kid) : LiveSide(w, kid, kid.signer, PackForm::aircraft, false), link(heard, source) {}
  void hear(const Buffer& pack) {
    heard.inbox.emplace_back(address_of(50), pack);
    link.step(world.clock.now());
  }
  void relay(int seconds_long) {
    for (int i = 0; i < seconds_long; ++i) {
      hear(i % 5 == 0 ? world.start_pack(world.ua) : world.flight_pack(world.ua, i));
      if (i == 0) gateway.start(world.clock.now());
      fly(world, gateway, seconds(1));
    }
  }
  QueuePort heard{14'552};
  PackLink link;
};

TEST(GatewayOrigin, R056b_R080_a_ground_station_relays_the_aircrafts_packs_untouched) {
  World world(with_gateway());
  RelaySide side(world, world.gcs);
  side.relay(8);
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::flying);
  expect_track(world, Origin::relayed, Verdict::verified, world.gcs.det);
  // The pack inside is the aircraft's, octet for octet.
  const Buffer last = world.flight_pack(world.ua, 7'000);
  side.hear(last);
  fly(world, side.gateway, seconds(3));
  const Sighting& sighting = world.recorder->sightings.back();
  EXPECT_EQ(sighting.location->latitude_e7, 473'907'000);
  const std::string octets = to_hex(*sighting.raw);
  EXPECT_NE(octets.find(to_hex(last)), std::string::npos);
}

TEST(GatewayOrigin, R056b_flags_are_answered_with_what_the_aircraft_said_before) {
  Options options = with_gateway();
  options.policy.required = 1U << 0 | 1U << 1 | 1U << 3;
  World world(options);
  RelaySide side(world, world.gcs);
  side.hear(world.flight_pack(world.ua, 1));
  side.gateway.start(world.clock.now());
  fly(world, side.gateway, seconds(1));
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::starting);
  side.hear(world.wrapped({world.basic(world.ua.det), world.location(world.clock.now().wall), world.self_id("Roofs")}, world.ua));
  side.hear(world.flight_pack(world.ua, 2));
  fly(world, side.gateway, seconds(6));
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::flying);
}

TEST(GatewayOrigin, R056b_pages_one_by_one_become_the_aircrafts_pack_again) {
  World world(with_gateway());
  RelaySide side(world, world.gcs);
  const Buffer whole = world.wrapped({world.basic(world.ua.det), world.location(world.clock.now().wall), world.system(), world.operator_id()}, world.ua, rid::WrapperForm::full);
  const auto pack = rid::decode_pack(whole);
  for (size_t i = 0; i < pack->count; ++i) side.hear(Buffer(pack->message(i).begin(), pack->message(i).end()));
  EXPECT_EQ(side.link.refused_sum(), 0U);
  ASSERT_TRUE(side.source.ready(world.clock.now()));
  side.gateway.start(world.clock.now());
  fly(world, side.gateway, seconds(4));  // before the first timed Heartbeat: nothing new to say is said again after it
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::flying);
  EXPECT_EQ(world.count(Counter::accepted), 1U);
}

TEST(GatewayOrigin, R056b_only_this_aircrafts_fresh_packs_are_relayed) {
  World world(with_gateway());
  RelaySide side(world, world.gcs);
  side.hear(world.flight_pack(world.stranger));
  EXPECT_EQ(side.link.refused(Error::wrong_ua), 1U);
  const Buffer old = world.flight_pack(world.ua);
  world.clock.advance(seconds(121));
  side.hear(old);
  EXPECT_EQ(side.link.refused(Error::wrapper_expired), 1U);
  const auto loose = world.location(world.clock.now().wall);
  side.hear(Buffer(loose.begin(), loose.end()));
  EXPECT_EQ(side.link.refused(Error::c2_origin), 1U) << "nobody here may sign for the aircraft";
  side.hear(Buffer(20, 0x01));
  EXPECT_EQ(side.link.refused(Error::bad_pack), 1U);
  EXPECT_FALSE(side.source.ready(world.clock.now()));
}

TEST(GatewayOrigin, R056b_a_gateway_of_another_operator_is_refused) {
  World world;                              // nobody said that gcs may speak for ua
  RelaySide side(world, world.gcs);
  side.relay(9);
  EXPECT_EQ(world.count(Error::not_owner), 4U);
  EXPECT_EQ(side.gateway.status(world.clock.now()).outcome, Outcome::start_failed);
  EXPECT_EQ(side.events.back(), "finished outcome=start_failed reason=\"refused code=4.03\"");
}

TEST(GatewayOrigin, R056c_a_ground_station_wraps_what_it_knows_from_c2) {
  World world(with_gateway());
  LiveSide side(world, world.gcs, world.gcs.signer, PackForm::ground, true);
  side.say(8);
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::flying);
  expect_track(world, Origin::c2, Verdict::c2, world.gcs.det);
}

TEST(GatewayOrigin, R056c_a_plain_pack_stands_under_the_ground_stations_word_alone) {
  World world(with_gateway());
  LiveSide side(world, world.gcs, world.gcs.signer, PackForm::plain, true);
  side.say(8);
  EXPECT_EQ(side.gateway.status(world.clock.now()).phase, Phase::flying);
  expect_track(world, Origin::c2, Verdict::c2, world.gcs.det);
}

TEST(GatewayOrigin, R056c_is_refused_where_the_provider_does_not_allow_it) {
  for (const PackForm form : {PackForm::ground, PackForm::plain}) {
    Options options = with_gateway();
    options.policy.allow_c2_origin = false;
    World world(options);
    LiveSide side(world, world.gcs, world.gcs.signer, form, true);
    side.say(9);
    EXPECT_EQ(world.count(Error::c2_origin), 4U);
    EXPECT_EQ(side.gateway.status(world.clock.now()).outcome, Outcome::start_failed);
  }
}

TEST(GatewayOrigin, R056d_the_operators_device_relays_under_its_own_det) {
  Options options;
  const Party device(4), ua(2);
  options.policy.gateways = {{device.det, ua.det}};
  World world(options);
  world.keys.know(device);
  RelaySide side(world, world.stranger);    // the same key as `device`
  side.relay(8);
  expect_track(world, Origin::relayed, Verdict::verified, device.det);
}

}  // namespace
}  // namespace nrid::testing
