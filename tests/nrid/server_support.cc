#include "tests/nrid/server_support.h"

#include <algorithm>

#include "cwt/claims.h"

namespace nrid::testing {
namespace {

// iat as the test wants it: client.h signs "now", these tests also sign the past.
Buffer sign(const Party& kid, const cwt::Claims& claims) {
  std::array<uint8_t, 1024> payload;
  std::array<uint8_t, 1200> out;
  const auto encoded = cwt::encode_claims(claims, payload);
  EXPECT_TRUE(encoded.ok());
  const auto token = cwt::sign1(*encoded, kid.det, cwt::KidForm::tagged_in_bstr, kid.signer, out);
  EXPECT_TRUE(token.ok());
  return Buffer(token->begin(), token->end());
}

}  // namespace

World::World(Options o, uint64_t seed) : options(std::move(o)), random(seed) {
  static const auto loaded = schc::load_rules_file(std::string(NRID_VECTORS) + "/../../schc/rules/nrid.json");
  EXPECT_TRUE(loaded.ok()) << loaded.text();
  rules = *loaded;
  keys.know(ua);
  keys.know(gcs);
  start();
}

void World::start() {
  server.reset();
  host.reset();
  counters = std::make_unique<Counters>();
  recorder = std::make_unique<Recorder>();
  host = std::make_unique<Host>(HostParts{clock, events, http, counters->add_block(), nullptr, "", 0, options.limits.record_ring});
  ServerSetup setup;
  setup.det = sp.det;
  setup.timers = options.timers;
  setup.policy = options.policy;
  setup.limits = options.limits;
  setup.shards = options.shards;
  setup.redirect = options.redirect;
  server = std::make_unique<Server>(setup, ServerParts{clock, random, keys, verifier != nullptr ? *verifier : sodium_verifier(),
                                                       provider_signer != nullptr ? *provider_signer : sp.signer, journal, *host, *counters, rules,
                                                       {{&plain_port, Transport::plain, protector}, {&schc_port, Transport::schc}}, options.gates, {}, {}, options.peers});
  server->add(*recorder);
  const Status status = server->start();
  EXPECT_TRUE(status.ok()) << status.text();
}

void World::run() {
  while (server->step(clock.now()) > 0) {
  }
}

void World::pass(Duration time, Duration step) {
  const Tick end = clock.now().tick + time;
  while (clock.now().tick < end) {
    clock.advance(std::min(step, end - clock.now().tick));
    run();
  }
}

::testing::AssertionResult World::conserved() const {
  const CounterTotals totals = counters->total();
  const uint64_t outcomes = totals.get(Counter::accepted) + totals.get(Counter::control) + totals.get(Counter::duplicate) +
                            server->parked() + totals.refused_sum();
  if (totals.get(Counter::received) == outcomes) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "received " << totals.get(Counter::received) << ", outcomes " << outcomes;
}

std::vector<Heard> World::heard(Transport transport) {
  QueuePort& port = transport == Transport::plain ? plain_port : schc_port;
  std::vector<Heard> out;
  for (auto& [to, datagram] : port.sent) {
    FrameSpace space;
    Frame frame;
    const Error error = open_frame(transport, rules, schc::Direction::down, datagram, space, frame);
    EXPECT_EQ(error, Error::none) << info(error).counter;
    const coap::Message& m = frame.message;
    out.push_back({to, datagram, m.type, m.code, m.id, Buffer(m.token.begin(), m.token.end()), Buffer(m.payload.begin(), m.payload.end())});
  }
  port.sent.clear();
  return out;
}

rid::MessageOctets World::location(Instant sampled, int32_t latitude_e7, int32_t longitude_e7) const {
  rid::Location location;
  location.status = 2;
  location.latitude_e7 = latitude_e7;
  location.longitude_e7 = longitude_e7;
  location.speed_cmps = 500;
  location.timestamp_ds = static_cast<uint16_t>(sampled.us / 100'000 % 36'000);
  return *rid::encode(location);
}

rid::MessageOctets World::system(int32_t latitude_e7) const {
  rid::System system;
  system.operator_latitude_e7 = latitude_e7;
  system.operator_longitude_e7 = 85'400'000;
  return *rid::encode(system);
}

rid::MessageOctets World::operator_id(std::string_view text) const {
  rid::OperatorId id;
  std::copy(text.begin(), text.end(), id.id.begin());
  return *rid::encode(id);
}

rid::MessageOctets World::self_id(std::string_view text) const {
  rid::SelfId id;
  std::copy(text.begin(), text.end(), id.description.begin());
  return *rid::encode(id);
}

Buffer World::wrapped(std::vector<rid::MessageOctets> messages, const Party& by, rid::WrapperForm form) const {
  std::array<uint8_t, rid::kPackSizeMax> out;
  const auto pack = rid::build_wrapper_pack(messages, form, by.det, by.signer, clock.now().wall, out);
  EXPECT_TRUE(pack.ok());
  return Buffer(pack->begin(), pack->end());
}

Buffer World::plain(std::vector<rid::MessageOctets> messages) const {
  std::array<uint8_t, rid::kPackSizeMax> out;
  const auto pack = rid::encode_pack(messages, out);
  EXPECT_TRUE(pack.ok());
  return Buffer(pack->begin(), pack->end());
}

Buffer World::uas_cwt(const Party& kid, Bytes pack, std::optional<int64_t> iat) const {
  const int64_t at = iat.value_or(now_s());
  return sign(kid, {at, at, at + 10, cwt::UasBody{addressed->det, std::nullopt, pack}});
}

Buffer World::end_cwt(const Party& kid, const Det& of, uint64_t code, std::optional<int64_t> iat) const {
  const int64_t at = iat.value_or(now_s());
  cwt::EooBody body{addressed->det, code, static_cast<uint64_t>(at), std::nullopt};
  if (of != kid.det) body.ua = of;
  return sign(kid, {at, at, at + 10, body});
}

Buffer World::post(coap::Type type, Bytes cwt, Transport transport) {
  const Carriage carriage{transport == Transport::schc ? rules : schc::RuleSet(), schc::Direction::up};
  std::array<uint8_t, 1280> out;
  const std::array<uint8_t, 4> token{0xa1, 0xb2, static_cast<uint8_t>(next_id_ >> 8), static_cast<uint8_t>(next_id_)};
  const auto datagram = make_post(carriage, type, next_id_++, Token::of(token), cwt, out);
  EXPECT_TRUE(datagram.ok());
  return Buffer(datagram->begin(), datagram->end());
}

void World::inject(Bytes datagram, const Address& from, Transport transport) {
  QueuePort& port = transport == Transport::plain ? plain_port : schc_port;
  port.inbox.emplace_back(from, Buffer(datagram.begin(), datagram.end()));
}

void World::send(coap::Type type, Bytes cwt, const Address& from, Transport transport) {
  inject(post(type, cwt, transport), from, transport);
  run();
}

void World::fly_start(const Party& by, const Address& from) {
  send(coap::Type::con, uas_cwt(by, start_pack(by)), from);
  const auto answers = heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(heartbeat(answers[0], by.det).expected.types, 0u);
  EXPECT_EQ(recorder->count(FlightEventKind::active), 1u);
}

Heartbeat World::heartbeat(const Heard& one, const Det& of) const {
  const auto key = PreparedKey::from(addressed->signer.public_key());
  const auto word = read_provider_word({addressed->det, &*key, of, 0, {}}, one.payload, clock.now().wall);
  EXPECT_TRUE(word.ok()) << (word.ok() ? "" : info(word.error()).counter) << " code " << int{one.code};
  if (!word.ok() || !std::holds_alternative<Heartbeat>(*word)) {
    ADD_FAILURE() << "no Heartbeat";
    return {};
  }
  return std::get<Heartbeat>(*word);
}

std::optional<EndWord> World::end_word(const Heard& one, const Det& of) const {
  const auto key = PreparedKey::from(addressed->signer.public_key());
  const auto word = read_provider_word({addressed->det, &*key, of, 0, {}}, one.payload, clock.now().wall);
  if (!word.ok() || !std::holds_alternative<EndWord>(*word)) return std::nullopt;
  return std::get<EndWord>(*word);
}

}  // namespace nrid::testing
