// One datagram and its one outcome: nrid.md R-020..R-029 and R-040..R-056, in the order of R-047.
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

TEST(Journey, R020_a_signed_start_packet_is_answered_with_a_heartbeat_in_the_ack) {
  World w;
  const Buffer datagram = w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.inject(datagram);
  w.run();
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].type, Type::ack);
  EXPECT_EQ(answers[0].code, coap::kChanged);
  EXPECT_EQ(answers[0].id, datagram[2] << 8 | datagram[3]);
  EXPECT_TRUE(equal(answers[0].token, Bytes(datagram).subspan(4, 4)));
  EXPECT_LE(answers[0].payload.size(), 153u);  // nrid.md 11: 152 octets
  EXPECT_EQ(w.heartbeat(answers[0], w.ua.det).expected.types, 0u);
  w.pass(seconds(3));
  ASSERT_EQ(w.recorder->sightings.size(), 1u);
  const Sighting& s = w.recorder->sightings[0];
  EXPECT_EQ(s.ua, w.ua.det);
  EXPECT_EQ(s.verdict, Verdict::verified);
  EXPECT_EQ(s.origin, Origin::aircraft);
  EXPECT_EQ(s.location->latitude_e7, 473'900'000);
  EXPECT_NE(s.evidence->find("anchor"), std::string::npos);
  EXPECT_EQ(w.journal.memory.appended(), 1u);
}

TEST(Journey, R027_the_schc_port_takes_the_same_message_and_answers_in_schc) {
  World w;
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), address_of(1), Transport::schc);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_TRUE(w.heard(Transport::plain).empty());
  const auto answers = w.heard(Transport::schc);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.heartbeat(answers[0], w.ua.det).expected.types, 0u);
}

TEST(Journey, R027_an_unknown_rule_is_silence) {
  World w;
  w.inject(Buffer{0xee, 1, 2, 3, 4, 5}, address_of(1), Transport::schc);
  w.inject(w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua))), address_of(1), Transport::schc);  // plain CoAP: never sniffed
  w.run();
  EXPECT_EQ(w.count(Error::schc_no_rule), 2u);
  EXPECT_TRUE(w.schc_port.sent.empty());
}

struct Refusal {
  const char* name;
  Buffer datagram;
  Error error;
  int type;       // of the reply, -1 for silence
  uint8_t code;
};

coap::Message request(World& w, Buffer& cwt) {
  cwt = w.uas_cwt(w.ua, w.start_pack(w.ua));
  coap::Message m;
  m.type = Type::con;
  m.code = coap::kPost;
  m.id = 77;
  m.payload = cwt;
  return m;
}

Buffer encoded(const coap::Message& m) {
  std::array<uint8_t, 2000> out;
  const auto octets = coap::encode(m, out);
  EXPECT_TRUE(octets.ok());
  return Buffer(octets->begin(), octets->end());
}

TEST(Journey, R028_what_an_endpoint_must_refuse) {
  World w;
  Buffer cwt;
  const coap::Message bare = request(w, cwt);
  const auto path = as_bytes("nrid");
  static constexpr uint8_t k61[] = {61}, k18[] = {18}, k0[] = {0};
  const auto with = [&](std::initializer_list<coap::Option> options) {
    coap::Message m = bare;
    for (const coap::Option& o : options) EXPECT_TRUE(m.add(o.number, o.value));
    return m;
  };
  coap::Message get = with({{11, path}});
  get.code = 1;
  coap::Message large = with({{11, path}});
  const Buffer payload(1025, 0x55);
  large.payload = payload;
  const Refusal cases[] = {
      {"wrong path", encoded(with({{11, as_bytes("other")}})), Error::coap_path, 2, kCode(4, 4)},
      {"no path", encoded(bare), Error::coap_path, 2, kCode(4, 4)},
      {"longer path", encoded(with({{11, path}, {11, path}})), Error::coap_path, 2, kCode(4, 4)},
      {"GET", encoded(get), Error::coap_method, 2, kCode(4, 5)},
      {"Accept 0", encoded(with({{11, path}, {17, k0}})), Error::coap_accept, 2, kCode(4, 6)},
      {"Content-Format 0", encoded(with({{11, path}, {12, k0}})), Error::coap_content_format, 2, kCode(4, 15)},
      {"unknown critical option", encoded(with({{9, k0}, {11, path}})), Error::coap_option, 2, kCode(4, 2)},
      {"Accept twice", encoded(with({{11, path}, {17, k61}, {17, k61}})), Error::coap_option, 2, kCode(4, 2)},
      {"empty Uri-Host", encoded(with({{3, {}}, {11, path}})), Error::coap_option, 2, kCode(4, 2)},
      {"Block1", encoded(with({{11, path}, {27, k0}})), Error::coap_block, 2, kCode(4, 2)},
      {"Proxy-Uri", encoded(with({{35, as_bytes("coap://x/nrid")}})), Error::coap_proxy, 2, kCode(5, 5)},
      {"Proxy-Scheme", encoded(with({{11, path}, {39, as_bytes("coap")}})), Error::coap_proxy, 2, kCode(5, 5)},
      {"payload over 1024", encoded(large), Error::coap_too_large, 2, kCode(4, 13)},
      {"version 2", Buffer{0x80, 2, 0, 1}, Error::coap_version, -1, 0},
      {"three octets", Buffer{0x40, 2, 0}, Error::bad_length, -1, 0},
      {"1281 octets", Buffer(1281, 0x40), Error::bad_length, -1, 0},
      {"format error in CON", Buffer{0x49, 2, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9}, Error::coap_format, 3, 0},
      {"format error in NON", Buffer{0x59, 2, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9}, Error::coap_format, -1, 0},
      {"marker without payload", Buffer{0x40, 2, 0, 1, 0xff}, Error::coap_format, 3, 0},
      {"a response nobody asked for", Buffer{0x40, 0x45, 0, 1}, Error::coap_unmatched, 3, 0},
      {"no CBOR", encoded(with({{11, path}, {12, k18}})).size() > 0 ? Buffer{0x40, 2, 0, 1, 0xb4, 'n', 'r', 'i', 'd', 0xff, 0xff} : Buffer{}, Error::malformed, 2, kCode(4, 0)},
  };
  for (const Refusal& c : cases) {
    SCOPED_TRACE(c.name);
    const uint64_t before = w.count(c.error);
    w.inject(c.datagram);
    w.run();
    EXPECT_EQ(w.count(c.error), before + 1);
    EXPECT_TRUE(w.conserved());
    const auto answers = w.heard();
    ASSERT_EQ(answers.size(), c.type < 0 ? 0u : 1u);
    if (answers.empty()) continue;
    EXPECT_EQ(static_cast<int>(answers[0].type), c.type);
    EXPECT_EQ(answers[0].code, c.code);
    EXPECT_TRUE(answers[0].payload.empty());  // no payload to a peer that is not authenticated
    EXPECT_LE(answers[0].datagram.size(), std::max<size_t>(c.datagram.size(), 16));
  }
  EXPECT_EQ(w.count(Counter::accepted), 0u);
}

TEST(Journey, R028_known_options_pass_and_ping_gets_reset) {
  World w;
  Buffer cwt;
  coap::Message m = request(w, cwt);
  static constexpr uint8_t k61[] = {61}, kPort[] = {0x16, 0x33};
  EXPECT_TRUE(m.add(3, as_bytes("sp.example")) && m.add(7, kPort) && m.add(11, as_bytes("nrid")) && m.add(17, k61));
  w.inject(encoded(m));
  w.run();
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  w.heard();

  w.inject(Buffer{0x40, 0, 0x12, 0x34});  // empty CON
  w.inject(Buffer{0x60, 0, 0x12, 0x35});  // empty ACK
  w.inject(Buffer{0x70, 0, 0x12, 0x36});  // RST
  w.run();
  EXPECT_EQ(w.count(Counter::control), 3u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].type, Type::rst);
  EXPECT_EQ(answers[0].id, 0x1234);
}

TEST(Journey, R028_a_con_repeated_octet_for_octet_gets_the_same_ack) {
  World w;
  const Buffer datagram = w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.inject(datagram);
  w.inject(datagram);  // also within one batch: never an empty 2.04 beside the Heartbeat
  w.run();
  const auto first = w.heard();
  ASSERT_EQ(first.size(), 1u);
  w.pass(seconds(2));
  w.heard();
  w.inject(datagram);
  w.run();
  const auto again = w.heard();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].datagram, first[0].datagram);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Counter::duplicate), 2u);
}

TEST(Journey, R028_no_response_is_honoured) {
  World w;
  Buffer cwt;
  coap::Message m = request(w, cwt);
  static constexpr uint8_t kNothing[] = {26};
  EXPECT_TRUE(m.add(11, as_bytes("nrid")) && m.add(258, kNothing));
  w.inject(encoded(m));
  w.run();
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].type, Type::ack);
  EXPECT_EQ(answers[0].code, coap::kEmpty);
  EXPECT_EQ(answers[0].datagram.size(), 4u);
}

TEST(Journey, R028_refusals_of_a_non_are_silent_until_its_signature_holds) {
  World w;
  Buffer forged = w.uas_cwt(w.ua, w.start_pack(w.ua));
  forged[forged.size() - 40] ^= 1;
  w.send(Type::non, forged);
  EXPECT_EQ(w.count(Error::bad_signature), 1u);
  EXPECT_TRUE(w.heard().empty());
  w.send(Type::non, w.uas_cwt(w.gcs, w.start_pack(w.ua)));  // true signature, not the owner
  EXPECT_EQ(w.count(Error::not_owner), 1u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].type, Type::non);
  EXPECT_EQ(answers[0].code, kCode(4, 3));
  EXPECT_EQ(as_text(answers[0].payload), "not_owner");
}

TEST(Journey, R028_one_small_bucket_answers_the_unverified) {
  Options o;
  o.limits.unverified_replies_burst = 10;
  World w(o);
  for (int i = 0; i < 100; ++i) w.inject(Buffer{0x40, 0, static_cast<uint8_t>(i), 0});
  w.run();
  EXPECT_EQ(w.heard().size(), 10u);
  EXPECT_EQ(w.count(Counter::replies_withheld), 90u);
}

TEST(Journey, R023_R045_a_copy_is_a_duplicate_until_it_expires) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  const Buffer cwt = w.uas_cwt(w.ua, w.flight_pack(w.ua));
  w.send(Type::non, cwt, address_of(1));
  w.send(Type::non, cwt, address_of(2));  // another interface, another address
  w.pass(seconds(1));
  w.send(Type::con, cwt, address_of(3));
  EXPECT_EQ(w.count(Counter::duplicate), 2u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(answers[0].payload.empty());  // 2.04 without a Heartbeat
  w.pass(seconds(15));
  w.send(Type::non, cwt);
  EXPECT_EQ(w.count(Error::expired), 1u);
  w.pass(seconds(3));
  EXPECT_EQ(w.recorder->sightings.size(), 2u);
}

TEST(Journey, R044_times) {
  World w;
  const auto at = [&](int64_t offset) { w.send(Type::non, w.uas_cwt(w.ua, w.start_pack(w.ua), w.now_s() + offset)); };
  at(-15);
  EXPECT_EQ(w.count(Error::expired), 1u);
  at(-14);
  EXPECT_EQ(w.count(Error::expired), 1u);
  at(6);
  EXPECT_EQ(w.count(Error::not_yet_valid), 1u);
  at(5);
  EXPECT_EQ(w.count(Error::not_yet_valid), 1u);
  EXPECT_EQ(w.count(Counter::accepted), 2u);
}

TEST(Journey, R011_R051_other_registries_and_other_providers) {
  Options o;
  o.policy.accept_hids = {{16376, 11}};
  {
    World w(o);
    w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
    EXPECT_EQ(w.count(Error::hid_not_accepted), 1u);
    const auto answers = w.heard();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].code, kCode(4, 3));
  }
  World w;
  const Det ours = w.sp.det;
  w.sp.det = w.stranger.det;
  const Buffer cwt = w.uas_cwt(w.ua, w.start_pack(w.ua));
  w.sp.det = ours;
  w.send(Type::con, cwt);
  EXPECT_EQ(w.count(Error::wrong_sp), 1u);
  EXPECT_EQ(w.server->operations(), 0u);
}

TEST(Journey, R055_the_aircraft_must_have_signed) {
  World w;
  Buffer pack = w.start_pack(w.ua);
  // The message after the pages is covered by the extended Wrapper: one bit of the position.
  pack[pack.size() - 10] ^= 1;
  w.send(Type::con, w.uas_cwt(w.ua, pack));
  EXPECT_EQ(w.count(Error::wrapper_signature) + w.count(Error::value_range) + w.count(Error::bad_auth) + w.count(Error::bad_wrapper), 1u);
  EXPECT_EQ(w.server->operations(), 0u);
  const Buffer old = w.start_pack(w.ua);
  w.clock.advance(seconds(200));
  w.send(Type::con, w.uas_cwt(w.ua, old));
  EXPECT_EQ(w.count(Error::wrapper_expired), 1u);
}

TEST(Journey, R085_rate_counts_behind_the_signature) {
  World w;
  for (int i = 0; i < 25; ++i) w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall, i)}, w.ua)));
  EXPECT_EQ(w.count(Error::rate), 5u);
  EXPECT_EQ(w.count(Counter::accepted), 20u);
  w.clock.advance(seconds(1));
  for (int i = 0; i < 12; ++i) w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall, 100 + i)}, w.ua)));
  EXPECT_EQ(w.count(Error::rate), 7u);
}

TEST(Journey, R021_a_restart_loses_no_operation) {
  World w;
  w.fly_start(w.ua);
  for (int i = 0; i < 5; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
  }
  ASSERT_TRUE(w.conserved());
  w.start();  // kill -9
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 9)));
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  w.pass(seconds(3));
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 1u);
  EXPECT_EQ(w.recorder->sightings.size(), 1u);
}

}  // namespace
}  // namespace nrid::testing
