#include "tests/nrid/sequence.h"

#include <algorithm>

#include "base/check.h"
#include "cwt/cose.h"

namespace nrid::testing {
namespace {

// Times that open and close windows: retries, P, R*P, skew, lifetime, op.close_linger, op.abandon.
constexpr int64_t kPauses_ms[] = {0, 10, 100, 400, 1000, 2000, 4900, 5000, 5100, 10'000, 15'100, 20'000, 61'000, 300'000, 661'000, 901'000};
constexpr int64_t kOffsets_s[] = {0, 0, 0, 0, -1, -2, -5, -9, -14, -16, -60, 1, 4, 6, 30, 3600};
constexpr int kAddresses = 4;

Options options_of(uint8_t how) {
  Options options;
  options.shards = 1 + (how & 1);
  options.policy.conformance = (how & 2) != 0;
  options.policy.allow_c2_origin = (how & 4) == 0;
  options.policy.restart_after_end = (how & 8) == 0;
  options.limits.duplicates_max = (how & 16) != 0 ? 4 : 256;
  options.limits.con_replies_max = (how & 16) != 0 ? 2 : 64;
  options.limits.aircraft_max = (how & 32) != 0 ? 2 : 16;
  options.limits.batch_max = 8;
  options.limits.rate_max = 64;
  options.limits.parked_max = 4;
  options.limits.parked_per_det_max = 2;
  options.limits.report_ring = 16;
  options.limits.record_ring = 16;
  options.limits.unverified_replies_burst = 8;
  const Party ua(2), gcs(3);
  options.policy.gateways.emplace_back(gcs.det, ua.det);
  return options;
}

}  // namespace

void Reached::print(std::FILE* out) const {
  std::fprintf(out,
               "reached: instructions=%lu datagrams=%lu accepted=%lu refused=%lu duplicate=%lu parked=%lu started=%lu active=%lu lost=%lu "
               "recovered=%lu ended=%lu abandoned=%lu ended_by_sp=%lu proven=%lu restarts=%lu withheld=%lu schc=%lu redirected=%lu moved=%lu\n",
               instructions, datagrams, accepted, refused, duplicate, parked, started, active, lost, recovered, ended, abandoned,
               ended_by_sp, proven, restarts, withheld, schc, redirected, moved);
}

Sequence::Sequence(uint8_t how) : world_(options_of(how)) { give_peers(); }

void Sequence::give_peers() {
  Peer peer;
  peer.sp = other_.det;
  peer.addresses = {std::array<uint8_t, 16>{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  peer.not_before = at_second(kNow - 86'400);
  peer.not_after = at_second(kNow + 86'400);
  peer.endorsement = *det::make_endorsement(other_.det, other_.signer.public_key(), world_.keys.hda.det, world_.keys.hda.signer, peer.not_before, peer.not_after);
  peer.capacity = 2;
  auto table = std::make_shared<PeerTable>();
  table->hda = world_.keys.hda.det;
  table->peers.push_back(std::move(peer));
  world_.server->set_peers(std::move(table));
}

void Sequence::run(Bytes program, Reached& reached) {
  Reader in(program);
  for (size_t i = 0; i < kInstructionsMax && in.left() >= kInstructionSize; ++i) {
    const auto instruction = in.array<kInstructionSize>();
    step(instruction);
    ++reached_.instructions;
  }
  collect();
  for (auto member : {&Reached::instructions, &Reached::datagrams, &Reached::accepted, &Reached::refused, &Reached::duplicate, &Reached::parked,
                      &Reached::started, &Reached::active, &Reached::lost, &Reached::recovered, &Reached::ended, &Reached::abandoned,
                      &Reached::ended_by_sp, &Reached::proven, &Reached::restarts, &Reached::withheld, &Reached::schc, &Reached::redirected, &Reached::moved}) {
    reached.*member += reached_.*member;
  }
}

void Sequence::step(std::span<const uint8_t, kInstructionSize> instruction) {
  const auto [a, b, c] = std::array{instruction[1], instruction[2], instruction[3]};
  switch (instruction[0] % 12) {
    case 0: case 1: case 2: report(a, b, c); break;
    case 3: end(a, b, c); break;
    case 4: again(a, b, c, false); break;
    case 5: again(a, b, c, true); break;
    case 6: prove(a, b); break;
    case 7: case 8: pass(a); break;
    case 9: keys(a); break;
    case 10: disturb(a); break;
    default: {
      const Buffer junk(size_t{c} % 64, a);
      send(junk, b, (b & 0x80) != 0 ? Transport::schc : Transport::plain);
    }
  }
  world_.run();
  check_laws();
}

const Party& Sequence::party(uint8_t number) const {
  const Party* const all[] = {&world_.ua, &world_.gcs, &world_.stranger, &world_.sp};
  return *all[number % 4];
}

// a: kid, aircraft, pack, type; b: offset of iat, address; c: transport, seed of the position
void Sequence::report(uint8_t a, uint8_t b, uint8_t c) {
  const Party& kid = party(a);
  const Party& ua = party(a >> 2);
  const Instant at = world_.clock.now().wall;
  Buffer pack;
  switch (a >> 4 & 7) {
    case 0: case 1: pack = world_.start_pack(ua); break;
    case 2: case 3: pack = world_.flight_pack(ua, c); break;
    case 4: pack = world_.wrapped({world_.basic(ua.det), world_.location(at, 473'900'000 + c)}, ua, rid::WrapperForm::full); break;
    case 5: pack = world_.plain({world_.basic(ua.det), world_.location(at, 473'900'000 + c), world_.system(c)}); break;
    case 6: pack = world_.wrapped({world_.self_id(std::string(c % 4, 'x')), world_.operator_id(std::string(1 + c % 8, 'y'))}, ua); break;
    default: pack = world_.wrapped({world_.system(c)}, ua); break;
  }
  const Buffer token = world_.uas_cwt(kid, pack, world_.now_s() + kOffsets_s[b & 15]);
  if (const auto parts = cwt::decode_sign1(token); parts.ok()) signed_.emplace(parts->payload.begin(), parts->payload.end());
  const Transport transport = (c & 1) != 0 ? Transport::schc : Transport::plain;
  send(world_.post((a & 0x80) != 0 ? coap::Type::non : coap::Type::con, token, transport), b >> 4, transport);
}

void Sequence::end(uint8_t a, uint8_t b, uint8_t c) {
  const Buffer token = world_.end_cwt(party(a), party(a >> 2).det, a >> 4 & 3, world_.now_s() + kOffsets_s[b & 15]);
  const Transport transport = (c & 1) != 0 ? Transport::schc : Transport::plain;
  send(world_.post((a & 0x80) != 0 ? coap::Type::non : coap::Type::con, token, transport), b >> 4, transport);
}

// An earlier datagram, octet for octet or with one octet changed, from any address.
void Sequence::again(uint8_t a, uint8_t b, uint8_t c, bool changed) {
  if (sent_.empty()) return;
  auto [transport, datagram] = sent_[sent_.size() - 1 - a % std::min<size_t>(sent_.size(), 16)];
  if (changed && !datagram.empty()) {
    const size_t at = (size_t{b & 0x0fU} << 8 | c) % datagram.size();
    datagram[at] = static_cast<uint8_t>(datagram[at] ^ (1u << (a >> 5)));
  }
  send(datagram, b >> 4, transport);
}

// The 2.04 to a CON Heartbeat: its own token from its own address, or not quite.
void Sequence::prove(uint8_t a, uint8_t b) {
  if (notices_.empty()) return;
  const Heard& notice = notices_[notices_.size() - 1 - (a & 7) % notices_.size()];
  Token token = Token::of(notice.token);
  if ((a & 8) != 0) token.octets[b % 8] ^= 1;
  const uint8_t code = (a & 16) != 0 ? coap::kEmpty : coap::kChanged;
  std::array<uint8_t, 64> space;
  const auto answer = make_response({}, (a & 32) != 0 ? coap::Type::rst : coap::Type::ack, code, notice.id, code == coap::kEmpty ? Token{} : token, {}, space);
  if (!answer.ok()) return;
  const bool honest = (a & 0x38) == 0 && (a & 64) == 0;
  const Address from = (a & 64) != 0 ? address_of(static_cast<uint8_t>(1 + b % kAddresses)) : notice.to;
  ledgers_[{from, 0}].in += answer->size();
  if (honest) {
    ledgers_[{from, 0}].proven = true;
    ++reached_.proven;
  }
  ++reached_.datagrams;
  world_.inject(*answer, from);
}

void Sequence::pass(uint8_t a) {
  const Duration pause = milliseconds(kPauses_ms[a & 15]);
  world_.pass(pause, std::max(milliseconds(100), Duration{pause.us / 8}));
}

void Sequence::keys(uint8_t a) {
  switch (a & 7) {
    case 0: world_.keys.answer(world_.stranger); break;
    case 1: world_.keys.answer(world_.stranger.det, Error::unknown_key); break;
    case 2: world_.keys.answer(world_.stranger.det, Error::key_unavailable); break;
    case 3: world_.keys.revoke(party(a >> 3).det); break;
    case 4: world_.keys.know(party(a >> 3)); break;
    case 5: world_.recorder->host().allow_gateway(world_.gcs.det, party(a >> 3).det, (a & 64) == 0); break;
    case 6:
      if (world_.recorder->host().redirect(party(a >> 3).det, other_.det).ok()) ++reached_.redirected;
      break;
    default:
      if (world_.recorder->host().end_operation(party(a >> 3).det, "policy").ok()) ++reached_.ended_by_sp;
  }
}

void Sequence::disturb(uint8_t a) {
  switch (a & 3) {
    case 0: restart(); break;
    case 1: world_.journal.append_fails = !world_.journal.append_fails; break;
    case 2: world_.journal.sync_fails = !world_.journal.sync_fails; break;
    default: world_.clock.step_wall(seconds(kOffsets_s[a >> 4])); break;
  }
}

void Sequence::send(Bytes datagram, uint8_t from, Transport transport) {
  const Address address = address_of(static_cast<uint8_t>(1 + from % kAddresses));
  ledgers_[{address, static_cast<int>(transport)}].in += datagram.size();
  sent_.emplace_back(transport, Buffer(datagram.begin(), datagram.end()));
  ++reached_.datagrams;
  if (transport == Transport::schc) ++reached_.schc;
  world_.inject(datagram, address, transport);
}

// The counters of a provider that ends, or is about to.
void Sequence::collect() {
  reached_.accepted += world_.count(Counter::accepted);
  reached_.duplicate += world_.count(Counter::duplicate);
  reached_.parked += world_.count(Counter::parked_total);
  reached_.withheld += world_.count(Counter::replies_withheld);
  reached_.refused += world_.counters->total().refused_sum();
}

void Sequence::restart() {
  collect();
  world_.start();
  give_peers();
  ledgers_.clear();
  notices_.clear();
  sightings_seen_ = events_seen_ = 0;
  ++reached_.restarts;
}

void Sequence::hear(Transport transport) {
  for (Heard& heard : world_.heard(transport)) {
    Ledger& ledger = ledgers_[{heard.to, static_cast<int>(transport)}];
    ledger.out += heard.datagram.size();
    CHECK(ledger.proven || ledger.out <= 3 * ledger.in);
    if (heard.code == coap::kPost || (heard.code == coap::kChanged && !heard.payload.empty())) {
      const auto word = cwt::decode_sign1(heard.payload);
      CHECK(word.ok() && word->kid == world_.sp.det);
    }
    if (heard.post() && heard.type == coap::Type::con && transport == Transport::plain) notices_.push_back(std::move(heard));
  }
}

void Sequence::check_laws() {
  CHECK(world_.conserved());
  hear(Transport::plain);
  hear(Transport::schc);
  CHECK(world_.server->operations() <= world_.options.limits.aircraft_max + 1);
  CHECK(world_.server->parked() <= world_.options.limits.parked_max);
  for (; sightings_seen_ < world_.recorder->sightings.size(); ++sightings_seen_) {
    const auto token = cwt::decode_sign1(*world_.recorder->sightings[sightings_seen_].raw);
    CHECK(token.ok() && signed_.count(Buffer(token->payload.begin(), token->payload.end())) == 1);
  }
  for (; events_seen_ < world_.recorder->events.size(); ++events_seen_) {
    switch (world_.recorder->events[events_seen_].kind) {
      case FlightEventKind::started: ++reached_.started; break;
      case FlightEventKind::active: ++reached_.active; break;
      case FlightEventKind::lost: ++reached_.lost; break;
      case FlightEventKind::recovered: ++reached_.recovered; break;
      case FlightEventKind::ended: ++reached_.ended; break;
      case FlightEventKind::abandoned: ++reached_.abandoned; break;
      case FlightEventKind::moved: ++reached_.moved; break;
      default: break;
    }
  }
}

}  // namespace nrid::testing
