// What comes back: answers, Heartbeats, ends. Nothing changes state before read_provider_word() has held.
#include <algorithm>

#include "nrid/gateway.h"

namespace nrid {
namespace {

constexpr uint8_t kKeyNotThere = 0xa3;             // 5.03
constexpr size_t kReceiveBatch = 16;
constexpr int kReceiveRounds = 8;                  // a flood must not keep the flight from being flown
constexpr Duration kFlagsGap = milliseconds(500);  // a Heartbeat that crossed our answer asks for the same again

}  // namespace

void Gateway::receive(Now now) {
  std::array<Received, kReceiveBatch> batch{};
  for (int round = 0; round < kReceiveRounds && !done(); ++round) {
    const size_t count = parts_.port.receive(batch);
    for (size_t i = 0; i < count && !done(); ++i) on_datagram(batch[i], now);
    if (count == 0) return;
  }
}

void Gateway::on_datagram(const Received& received, Now now) {
  if (received.peer != provider_.address) return refuse(Error::coap_unmatched);
  FrameSpace scratch;
  const auto in = read_datagram(carriage_, received.octets, scratch);
  if (!in.ok()) return refuse(in.error());
  if (in->code == coap::kEmpty) {  // "I have it, the answer comes apart", or RST: the tries go on either way
    if (in->type == coap::Type::con) reset(in->id);
    return;
  }
  if (in->response()) return on_response(*in, now);
  const Address from = provider_.address;  // a redirect in this very Heartbeat changes it
  if (!on_word(in->payload, now) || in->type != coap::Type::con) return;
  std::array<uint8_t, 64> space{};
  transmit(make_response(carriage_, coap::Type::ack, coap::kChanged, in->id, in->token, {}, space), from);  // proves our address
}

// A ping, RFC 7252 section 4.3.
void Gateway::reset(uint16_t message_id) {
  std::array<uint8_t, 64> space{};
  transmit(make_response(carriage_, coap::Type::rst, coap::kEmpty, message_id, Token(), {}, space), provider_.address);
}

void Gateway::on_response(const Inbound& in, Now now) {
  if (std::find(tokens_.begin(), tokens_.begin() + static_cast<ptrdiff_t>(std::min(token_next_, tokens_.size())), in.token) ==
      tokens_.begin() + static_cast<ptrdiff_t>(std::min(token_next_, tokens_.size()))) {
    return refuse(Error::coap_unmatched);
  }
  if (in.type == coap::Type::con) {  // a separate response, RFC 7252 section 5.2.2
    std::array<uint8_t, 64> space{};
    transmit(make_response(carriage_, coap::Type::ack, coap::kEmpty, in.id, Token(), {}, space), provider_.address);
  }
  echo_.assign(in.echo.begin(), in.echo.end());
  if (in.code >= 0x80) {  // nobody signs it, so it decides nothing; but it tells the operator where to look
    ++status_.errors;
    if (in.code != last_code_) {
      const std::string detail = (in.code % 32 < 10 ? ".0" : ".") + std::to_string(in.code % 32);
      event("answer", {{"code", std::to_string(in.code >> 5) + detail}});
    }
    last_code_ = in.code;
    if (in.code == kKeyNotThere) on_unavailable(now);
    return;
  }
  if (!in.payload.empty()) on_word(in.payload, now);
}

bool Gateway::on_word(Bytes cwt, Now now) {
  std::array<uint8_t, profile::kPayloadMax> inside{};  // a word borrows from it
  if (parts_.protector != nullptr) {
    const auto opened = parts_.protector->open(provider_.address, cwt, inside);
    if (!opened.ok()) {
      refuse(opened.error());
      return false;
    }
    cwt = *opened;
  }
  Expected expected;
  expected.sp = provider_.det;
  expected.sp_key = &provider_.key;
  expected.ua = source_.ua();
  expected.iat_newest = iat_newest_;
  const auto word = read_provider_word(expected, cwt, now.wall);
  if (!word.ok()) {
    refuse(word.error());
    return false;
  }
  if (const auto* heartbeat = std::get_if<Heartbeat>(&*word)) on_heartbeat(*heartbeat, now);
  else on_end_word(std::get<EndWord>(*word));
  return true;
}

void Gateway::on_heartbeat(const Heartbeat& heartbeat, Now now) {
  iat_newest_ = heartbeat.iat;
  spool_.heard(now.tick - heard_ >= timers_.heartbeat_timeout);
  heard_ = now.tick;
  heard_any_ = true;
  ++status_.heartbeats;
  status_.missing = heartbeat.expected.types;
  lost_.active = moved_.active = returned_ = unavailable_ = false;
  link_due_.reset();
  last_code_ = 0;
  if (status_.sp_lost && status_.phase == Phase::flying) {
    status_.sp_lost = false;
    event("sp_recovered", {{"sp", to_text(provider_.det)}});
  }
  if (status_.phase == Phase::ending) return;
  if (!heartbeat.move_sp) hops_ = 0;
  else if (on_redirect(*heartbeat.move_sp, now)) return;
  previous_.reset();
  if (heartbeat.expected.types != 0 || heartbeat.expected.pages.value_or(0) != 0) {
    if (!link_of_aircraft(now)) on_flags(heartbeat, now);
    return;
  }
  if (status_.phase == Phase::starting) return on_started(now);
  if (now.tick - last_sent_ >= timers_.resend_after) {
    ++status_.resent;
    send_last(coap::Type::non, now);
  }
}

// In flight the next Heartbeat asks again if this answer is lost; before it, each round has its tries.
void Gateway::on_flags(const Heartbeat& heartbeat, Now now) {
  const bool again = heartbeat.expected.types == flags_.types && heartbeat.expected.pages == flags_.pages;
  if (rounds_ > 0 && again && now.tick - flags_answered_ < kFlagsGap) return;
  flags_answered_ = now.tick;
  flags_ = heartbeat.expected;
  ++rounds_;
  const std::string pages = heartbeat.expected.pages ? std::to_string(*heartbeat.expected.pages) : "none";
  event("flags", {{"types", heartbeat.expected.types}, {"pages", pages}});
  auto pack = source_.answer_pack(heartbeat.expected, now);
  if (status_.phase == Phase::flying) return send_pack(pack, coap::Type::con, now);
  if (rounds_ > timers_.flag_rounds) return fail_start("flags");
  if (!pack.ok()) return fail_start(std::string(info(pack.error()).counter));
  last_pack_ = std::move(pack->pack);
  begin_tries(tries_, timers_.first_tries, now);
}

void Gateway::on_started(Now now) {
  status_.phase = Phase::flying;
  source_.begin(now);
  tries_.active = false;
  event("start_ok", {{"sp", to_text(provider_.det)}, {"rounds", rounds_}});
}

void Gateway::on_end_word(const EndWord& word) {
  iat_newest_ = word.iat;
  if (word.code == profile::kEooBySp) return finish(Outcome::ended_by_sp, "the service provider ended the operation");
  const bool ours = std::any_of(end_iats_.begin(), end_iats_.end(), [&](int64_t iat) { return static_cast<uint64_t>(iat) == word.ref; });
  if (status_.phase != Phase::ending || word.code != profile::kEooAcknowledged || !ours) return refuse(Error::stale_word);
  finish(outcome_after_end_, outcome_after_end_ == Outcome::ended ? "acknowledged" : "end acknowledged");
}

}  // namespace nrid
