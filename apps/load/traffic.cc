#include "apps/load/traffic.h"

#include <poll.h>

#include <algorithm>

namespace nrid::load {
namespace {

constexpr size_t kHearBatch = 64;
constexpr Duration kVerifyEvery = milliseconds(5);     // one Heartbeat's signature: 1 % of a core
constexpr Duration kSlow = seconds(1);                 // an answer later than this is not normal
constexpr Duration kGrace = seconds(1);                // resilience 5: a Heartbeat is in time by P + 1 s

std::string code_text(uint8_t code) { return std::to_string(code >> 5) + "." + (code % 32 < 10 ? "0" : "") + std::to_string(code % 32); }

}  // namespace

Traffic::Traffic(TrafficParts parts) : parts_(std::move(parts)), stages_(parts_.fleet.fliers.size()), heard_at_us_(parts_.fleet.fliers.size()) {
  for (size_t i = 0; i < parts_.fleet.fliers.size(); ++i) by_det_[parts_.fleet.fliers[i].det] = static_cast<uint32_t>(i);
  if (const auto key = PreparedKey::from(parts_.fleet.sp_key); key.ok()) sp_key_ = *key;
}

StatusOr<std::unique_ptr<Traffic>> Traffic::open(TrafficParts parts) {
  std::unique_ptr<Traffic> out(new Traffic(std::move(parts)));
  for (size_t i = 0; i < out->parts_.sockets; ++i) {
    auto socket = std::make_unique<Socket>();
    TRY(port, UdpPort::open(out->parts_.local));
    socket->port = std::move(port);
    out->sockets_.push_back(std::move(socket));
  }
  out->thread_ = std::thread([self = out.get()] { self->run(); });
  return out;
}

Traffic::~Traffic() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Traffic::expect(size_t flier, uint16_t id, Tick scheduled) {
  Asked& asked = sockets_[socket_of(flier)]->asked[id];
  asked.flier.store(static_cast<uint32_t>(flier), std::memory_order_relaxed);
  asked.at_us.store(scheduled.us, std::memory_order_release);
}

void Traffic::run() {
  std::vector<pollfd> polls;
  for (const auto& socket : sockets_) polls.push_back({socket->port->fd(), POLLIN, 0});
  std::array<Received, kHearBatch> batch{};
  while (!stop_) {
    if (poll(polls.data(), polls.size(), 50) <= 0) continue;
    for (size_t i = 0; i < polls.size(); ++i) {
      if ((polls[i].revents & POLLIN) == 0) continue;
      const size_t count = sockets_[i]->port->receive(batch);
      const Tick now = parts_.clock.now().tick;
      const std::lock_guard lock(mutex_);
      for (size_t j = 0; j < count; ++j) {
        const bool lost = deaf_ || (parts_.loss > 0 && random_.unit() < parts_.loss);
        hear(*sockets_[i], batch[j], lost, now);
      }
    }
  }
}

void Traffic::hear(Socket& socket, const Received& received, bool lost, Tick now) {
  FrameSpace scratch;
  const auto in = read_datagram(parts_.carriage, received.octets, scratch);
  if (!in.ok()) return;
  if (lost) {
    if (in->response() && asked(socket, *in) >= begin_.us) ++heard_.answers_lost;
    return;
  }
  if (in->response()) {
    hear_answer(socket, *in, now);
  } else if (in->post()) {
    hear_notice(socket, received, *in, now);
  }
}

// When the probe was to leave that this answers, which is then answered; 0: none. By its token, so that a separate response
// counts too: the token begins with our message id.
int64_t Traffic::asked(Socket& socket, const Inbound& in, size_t* flier) {
  if (in.token.size < 2) return 0;
  Asked& asked = socket.asked[static_cast<uint16_t>(in.token.octets[0] << 8 | in.token.octets[1])];
  if (flier != nullptr) *flier = asked.flier.load(std::memory_order_relaxed);
  return asked.at_us.exchange(0, std::memory_order_acquire);
}

void Traffic::hear_answer(Socket& socket, const Inbound& in, Tick now) {
  size_t flier = 0;
  const int64_t at_us = asked(socket, in, &flier);
  if (at_us == 0) return;
  if (in.code != coap::kChanged) {
    ++heard_.other_codes[code_text(in.code)];
    return;
  }
  if (stage(flier) == Stage::unknown) stages_[flier] = Stage::linked;
  if (!in.payload.empty()) hear_word(flier, in.payload, now);
  if (at_us < begin_.us) return;
  const Duration took = now - Tick{at_us};
  heard_.latency.add(took.us);
  ++(took <= kAnswerMax ? heard_.answered : heard_.late);
  if (took > kSlow) heard_.worst_asked = std::max(heard_.worst_asked, Tick{at_us});
  else count_in_second(heard_.prompt, Tick{at_us} - begin_);
}

std::optional<size_t> Traffic::subject(Bytes cwt, cwt::MessageSet& expected) const {
  const auto token = cwt::decode_sign1(cwt);
  if (!token.ok()) return std::nullopt;
  const auto claims = cwt::decode_claims(token->payload, token->kid);
  const auto* body = claims.ok() ? std::get_if<cwt::UssBody>(&claims->body) : nullptr;
  if (body == nullptr) return std::nullopt;
  expected = body->expected;
  const auto found = by_det_.find(body->ua);
  if (found == by_det_.end()) return std::nullopt;
  return found->second;
}

void Traffic::hear_word(size_t flier, Bytes cwt, Tick now) {
  cwt::MessageSet expected;
  const auto about = subject(cwt, expected);
  if (!about || *about != flier) {
    ++heard_.bad;
    return;
  }
  if (stage(flier) == Stage::linked && expected.types == 0) stages_[flier] = Stage::flying;
  if (flier >= parts_.judged) return;
  ++heard_.heartbeats;
  const int64_t gap_us = now.us - heard_at_us_[flier];
  if (heard_at_us_[flier] != 0 && gap_us > parts_.heartbeat.us + kGrace.us) heard_.missed += static_cast<uint64_t>((gap_us - kGrace.us) / parts_.heartbeat.us);
  heard_at_us_[flier] = now.us;
  if (now < next_verify_) return;
  next_verify_ = now + kVerifyEvery;
  const Expected wanted{parts_.fleet.sp, sp_key_ ? &*sp_key_ : nullptr, parts_.fleet.fliers[flier].det, 0, {}};
  ++(read_provider_word(wanted, cwt, parts_.clock.now().wall).ok() ? heard_.verified : heard_.bad);
}

// the 2.04 with its token proves to the provider that we are where we say.
void Traffic::hear_notice(Socket& socket, const Received& received, const Inbound& in, Tick now) {
  cwt::MessageSet expected;
  const auto about = subject(in.payload, expected);
  if (about) {
    hear_word(*about, in.payload, now);
  } else {
    ++heard_.bad;
  }
  if (in.type != coap::Type::con) return;
  std::array<uint8_t, 64> space;
  const auto ack = make_response(parts_.carriage, coap::Type::ack, coap::kChanged, in.id, in.token, {}, space);
  if (!ack.ok()) return;
  const Outgoing out{received.peer, *ack};
  socket.port->send({&out, 1});
}

Tick Traffic::newest_open() const {
  Tick out;
  for (const auto& socket : sockets_) {
    for (const Asked& asked : socket->asked) out = std::max(out, Tick{asked.at_us.load(std::memory_order_relaxed)});
  }
  return out;
}

size_t Traffic::open_probes() const {
  size_t out = 0;
  for (const auto& socket : sockets_) {
    for (const Asked& asked : socket->asked) out += asked.at_us.load(std::memory_order_relaxed) >= begin_.us;
  }
  return out;
}

void Traffic::close_period(Tick now) {
  const std::lock_guard lock(mutex_);
  for (int64_t& at_us : heard_at_us_) {
    if (at_us == 0 || now.us - at_us <= parts_.heartbeat.us + kGrace.us) continue;
    const int64_t periods = (now.us - at_us - kGrace.us) / parts_.heartbeat.us;
    heard_.missed += static_cast<uint64_t>(periods);
    at_us += periods * parts_.heartbeat.us;
  }
}

Heard Traffic::take(Tick begin) {
  const std::lock_guard lock(mutex_);
  Heard out = std::exchange(heard_, Heard());
  if (begin != begin_) {  // what is open from before is nobody's any more
    for (const auto& socket : sockets_) {
      for (Asked& asked : socket->asked) asked.at_us.store(0, std::memory_order_relaxed);
    }
  }
  begin_ = begin;
  for (int64_t& at_us : heard_at_us_) at_us = at_us == 0 ? 0 : std::max(at_us, begin.us);  // periods count from here
  return out;
}

}  // namespace nrid::load
