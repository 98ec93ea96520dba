#include "tests/sim/attacker.h"

namespace nrid::sim {
namespace {

constexpr Duration kReplayMax = seconds(40);
constexpr uint64_t kStream = 3;

bool to_provider(const Address& address) { return address.port == profile::kPort || address.port == profile::kSchcPort; }

}  // namespace

Attacker::Attacker(Scene& scene) : scene_(scene), dice_(scene.seed, kStream), port_(scene.network, v4(192, 0, 2, 66, 6666)) {
  const auto& entry = scene.registry.at("insider");
  insider_ = std::make_unique<SeedSigner>(*entry.entity.seed);
  insider_det_ = entry.det;
  port_.on_arrival = [this] {          // an attacker who answers CON Heartbeats proves his own address, which is his right
    std::array<Received, 8> batch;
    FrameSpace space;
    for (const size_t count = port_.receive(batch); const Received& one : std::span(batch).first(count)) {
      const auto opened = scene_.book.open(Transport::plain, schc::Direction::down, one.octets, space);
      if (!opened || opened->type != coap::Type::con || !dice_.chance(0.5)) continue;
      std::array<uint8_t, 64> out;
      const auto ack = make_response({}, coap::Type::ack, coap::kChanged, opened->id, opened->token, {}, out);
      if (ack.ok()) play(milliseconds(2), mine(), one.peer, Buffer(ack->begin(), ack->end()));
    }
  };
  scene.now_and_then(scene.faults.forge_per_s * 60, dice_, [this] { forge(); });
  scene.now_and_then(scene.faults.insider_per_s * 60, dice_, [this] { betray(); });
}

Address Attacker::mine() { return port_.local(); }

void Attacker::play(Duration wait, const Address& from, const Address& to, Buffer octets) {
  ++attacks_;
  scene_.network.deliver_after(wait, from, to, std::move(octets));
}

bool Attacker::overhear(const Address& from, const Address& to, Bytes octets) {
  if (scene_.healed || from == mine()) return false;
  const Faults& f = scene_.faults;
  const Caught caught{from, to, Buffer(octets.begin(), octets.end())};
  if (to_provider(to) && dice_.chance(f.race)) play({0}, mine(), to, caught.octets);
  if (dice_.chance(f.replay)) replay(caught);
  if (f.forge_per_s + f.insider_per_s > 0) {
    caught_.push_back(caught);
    if (caught_.size() > kCaughtMax) caught_.pop_front();
  }
  if (!to_provider(to) || !dice_.chance(f.hold_back)) return false;
  play(dice_.between(milliseconds(200), seconds(20)), mine(), to, caught.octets);
  return true;
}

void Attacker::replay(const Caught& caught) {
  const Faults& f = scene_.faults;
  for (int64_t n = dice_.between(1, 3); n > 0; --n) {
    const Address from = dice_.chance(f.spoof) ? caught.from : mine();
    const Address to = to_provider(caught.to) && dice_.chance(f.elsewhere) ? other_provider(caught.to) : caught.to;
    const Duration wait = dice_.chance(0.5) ? dice_.between(milliseconds(1), seconds(3)) : dice_.between(seconds(1), kReplayMax);
    play(wait, from, to, caught.octets);
  }
}

Address Attacker::other_provider(const Address& than) {
  Address out = than;
  out.ip[15] = static_cast<uint8_t>(1 + dice_.below(scene_.providers.size()));
  return out;
}

// Junk; a true datagram with bits changed; a true message under a signature of nobody.
void Attacker::forge() {
  Caught base{mine(), v4(198, 51, 100, 1, dice_.chance(0.5) ? profile::kPort : profile::kSchcPort), Buffer(dice_.below(400), 0)};
  const bool junk = caught_.empty() || dice_.chance(0.2);
  if (junk) {
    dice_.fill(base.octets);
    base.to = other_provider(base.to);
  } else {
    base = caught_[dice_.below(caught_.size())];
    for (int64_t n = dice_.between(1, 8); n > 0 && !base.octets.empty(); --n) {
      const bool tail = base.octets.size() > 64 && dice_.chance(0.4);  // where the signature is
      const size_t at = tail ? base.octets.size() - 1 - dice_.below(64) : dice_.below(base.octets.size());
      base.octets[at] ^= static_cast<uint8_t>(1u << dice_.below(8));
    }
    if (dice_.chance(0.5)) base.from = mine();
  }
  play({0}, base.from, base.to, std::move(base.octets));
}

// A registered gateway of another operator wraps packs that it heard, and ends operations that are not its own; and an
// aircraft's own gateway alters what it carries, under its own good signature.
void Attacker::betray() {
  if (caught_.empty()) return;
  const Caught& caught = caught_[dice_.below(caught_.size())];
  if (caught.to.port != profile::kPort) return;
  FrameSpace space;
  const auto opened = scene_.book.open(Transport::plain, schc::Direction::up, caught.octets, space);
  const Entry* said = opened && opened->has_token ? scene_.book.find(opened->digest) : nullptr;
  if (said == nullptr || said->what != Said::report) return;
  const Speaker speaker{insider_det_, insider_.get(), cwt::KidForm::tagged_in_bstr, 10};
  const int64_t now_s = (scene_.begin + scene_.timeline.now()).seconds();
  std::array<uint8_t, profile::kPayloadMax> space1;
  std::array<uint8_t, profile::kSentMax> space2;
  Result<Bytes> cwt = Error::internal;
  std::unique_ptr<SeedSigner> bribed;    // the gateway that carried it, if it is not the aircraft itself
  for (const auto& [name, entry] : scene_.registry) {
    if (entry.det == said->kid && said->kid != said->ua) bribed = std::make_unique<SeedSigner>(*entry.entity.seed);
  }
  if (dice_.chance(0.3) && bribed != nullptr && said->wrapped) {
    const auto sign1 = cwt::decode_sign1(opened->payload);
    const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
    const Bytes pack = std::get<cwt::UasBody>(claims->body).data;
    Buffer changed(pack.begin(), pack.end());
    // A message that the Wrapper covers: heads of Auth pages and padding are nobody's word.
    uint8_t* const message = changed.data() + 3 + 25 * dice_.below(changed.size() / 25);
    if (message[0] >> 4 == 2) return;
    message[1 + dice_.below(24)] ^= static_cast<uint8_t>(1u << dice_.below(8));
    scene_.book.note_altered(said->ua);
    cwt = make_uas_cwt({said->kid, bribed.get(), cwt::KidForm::tagged_in_bstr, 10}, said->sp, changed, now_s, space1);
  } else if (dice_.chance(0.3)) {
    cwt = make_eoo_cwt(speaker, {said->sp, profile::kEooRequest, static_cast<uint64_t>(now_s), said->ua}, now_s, space1);
  } else {
    const auto sign1 = cwt::decode_sign1(opened->payload);
    const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
    cwt = make_uas_cwt(speaker, said->sp, std::get<cwt::UasBody>(claims->body).data, now_s, space1);
  }
  if (!cwt.ok()) return;
  scene_.book.note_betrayal(*cwt);
  const auto datagram = make_post({}, coap::Type::con, static_cast<uint16_t>(dice_.u64()), Token::of(as_bytes("evil")), *cwt, space2);
  if (datagram.ok()) play({0}, mine(), caught.to, Buffer(datagram->begin(), datagram->end()));
}

}  // namespace nrid::sim
