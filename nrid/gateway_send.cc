// Sending: every datagram is a fresh CWT, so that a resend is never older than its lifetime.
#include <algorithm>

#include "nrid/gateway.h"

namespace nrid {
namespace {

// Several messages of one second must not be one token, so iat may run ahead of the clock by so much: less than the skew that
// a provider accepts. It never goes back, or the provider takes what follows for late; but for a clock that an operator set back.
constexpr int64_t kIatAhead = 4;

int64_t iat_near(int64_t wanted, Now now) { return std::clamp(wanted, now.wall.seconds(), now.wall.seconds() + kIatAhead); }

}  // namespace

void Gateway::send_pack(const Result<SourcePack>& pack, coap::Type type, Now now) {
  if (!pack.ok()) return refuse(pack.error());  // a value that no message can carry; the next sample may fit
  last_pack_ = pack->pack;
  last_iat_ = iat_near(last_iat_, now);
  last_location_s_ = pack->sampled.seconds();
  spool_.sent(*pack, send_report(last_pack_, last_iat_, type, now));
}

void Gateway::send_last(coap::Type type, Now now) { send_report(last_pack_, fresh_iat(now), type, now); }

// The same pack in the same second would be the same CWT, octet for octet: a duplicate and no contact.
int64_t Gateway::fresh_iat(Now now) { return last_iat_ = iat_near(last_iat_ + 1, now); }

// A pack that was never sent before needs no iat of its own, and takes none from the live positions; but it is not older than they are.
bool Gateway::send_spooled(Bytes pack, Now now) { return send_report(pack, iat_near(last_iat_, now), coap::Type::non, now); }

bool Gateway::send_report(Bytes pack, int64_t iat, coap::Type type, Now now) {
  std::array<uint8_t, profile::kPayloadMax> space{};
  const auto cwt = make_uas_cwt(speaker_, provider_.det, pack, iat, space);
  if (cwt.ok()) return post(*cwt, type, now);
  refuse(cwt.error());
  return false;
}

void Gateway::send_end(Now now) {
  cwt::EooBody body;
  body.peer = provider_.det;
  body.code = end_code_;
  body.ref = static_cast<uint64_t>(last_location_s_ != 0 ? last_location_s_ : now.wall.seconds());
  if (const Det ua = source_.ua(); speaker_.kid != ua) body.ua = ua;
  // not older than any report, and each try its own
  const int64_t iat = iat_near(end_iats_.empty() ? last_iat_ : std::max(last_iat_, end_iats_.back() + 1), now);
  end_iats_.push_back(iat);
  std::array<uint8_t, profile::kPayloadMax> space{};
  const auto cwt = make_eoo_cwt(speaker_, body, iat, space);
  if (!cwt.ok()) return refuse(cwt.error());
  post(*cwt, coap::Type::con, now);
}

bool Gateway::post(Bytes cwt, coap::Type type, Now now) {
  std::array<uint8_t, profile::kPayloadMax> inside{};
  if (parts_.protector != nullptr) {
    const auto sealed = parts_.protector->seal(provider_.address, cwt, inside);
    if (!sealed.ok()) {  // it cannot go out bare either
      refuse(sealed.error());
      return false;
    }
    cwt = *sealed;
  }
  std::array<uint8_t, 4> random{};
  parts_.random.fill(random);
  const Token token = Token::of(random);
  tokens_[token_next_++ % tokens_.size()] = token;
  last_sent_ = now.tick;
  std::array<uint8_t, profile::kSentMax> space{};  // what does not fit is refused, not sent
  const bool sent = transmit(make_post(carriage_, type, message_id_++, token, cwt, space, echo_), provider_.address);
  echo_.clear();  // a request that is lost with it is followed by another answer with another value
  return sent;
}

bool Gateway::transmit(const Result<Bytes>& datagram, const Address& to) {
  if (!datagram.ok()) {
    refuse(datagram.error());
    return false;
  }
  const Outgoing out{to, *datagram};
  if (parts_.port.send({&out, 1}) == 1) {
    ++status_.sent;
    return true;
  }
  if (++status_.send_failed == 1) event("send_failed", {{"address", to_text(to)}});  // no network is not the end: the tries count
  return false;
}

void Gateway::event(std::string_view name, std::initializer_list<LogField> fields) const {
  if (parts_.on_event) parts_.on_event(name, fields);
}

// Ignored and counted; said once per reason, so that a flood does not fill the log.
void Gateway::refuse(Error error) {
  ++status_.refused;
  if (++refused_[static_cast<size_t>(error)] == 1) {
    event("ignored", {{"error", info(error).counter}, {"reason", info(error).text}});
  }
}

}  // namespace nrid
