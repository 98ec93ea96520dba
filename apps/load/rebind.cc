#include "apps/load/rebind.h"

#include <poll.h>

#include <limits>

namespace nrid::load {
namespace {

constexpr Duration kReportEvery = seconds(1);
constexpr Tick kNever{std::numeric_limits<int64_t>::max()};
constexpr int kPoll_ms = 5;

}  // namespace

StatusOr<std::unique_ptr<Rebinders>> Rebinders::prepare(const RebinderParts& parts) {
  std::unique_ptr<Rebinders> out(new Rebinders(parts));
  for (size_t i = 0; i < parts.count; ++i) {
    Mover& mover = out->movers_[i];
    mover.flier = parts.first + i;
    mover.knows_echo = i % 2 == 0;
    TRY(port, UdpPort::open(parts.local));
    mover.port = std::move(port);
  }
  return out;
}

// Spread over their period, so that moves are samples of the whole step.
void Rebinders::start(Tick begin, Duration length) {
  for (size_t i = 0; i < movers_.size(); ++i) {
    movers_[i].next_report = begin + Duration{kReportEvery.us * static_cast<int64_t>(i) / static_cast<int64_t>(movers_.size())};
    movers_[i].next_move = begin + seconds(1) + Duration{kEvery.us * static_cast<int64_t>(i) / static_cast<int64_t>(movers_.size())};
  }
  thread_ = std::thread([this, end = begin + length] { run(end); });
}

std::pair<Rebound, Rebound> Rebinders::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return {with_echo_, without_};
}

void Rebinders::run(Tick end) {
  std::vector<pollfd> polls(movers_.size());
  while (!stop_) {
    const Now now = clock_.now();
    if (now.tick >= end) break;
    for (size_t i = 0; i < movers_.size(); ++i) {
      Mover& mover = movers_[i];
      if (now.tick >= mover.next_move) move(mover, now.tick, end);
      if (now.tick >= mover.next_report) report(mover, now);
      polls[i] = {mover.port->fd(), POLLIN, 0};
    }
    if (poll(polls.data(), polls.size(), kPoll_ms) <= 0) continue;
    for (size_t i = 0; i < movers_.size(); ++i) {
      if ((polls[i].revents & POLLIN) != 0) hear(movers_[i], clock_.now().tick);
    }
  }
  for (Mover& mover : movers_) settle(mover);
}

void Rebinders::settle(Mover& mover) {
  if (!mover.back) of(mover).away.add(kEvery.us);
  mover.back = true;
}

// The last one is early enough to be judged like the others.
void Rebinders::move(Mover& mover, Tick now, Tick end) {
  settle(mover);
  mover.next_move = kNever;
  if (now + kEvery > end) return;
  auto port = UdpPort::open(parts_.local);             // before the old one closes, or it may be given the same number
  if (!port.ok()) return;
  mover.port = std::move(*port);
  mover.echo.clear();
  mover.moved = mover.next_report = now;
  mover.next_move = now + kEvery;
  mover.back = false;
  ++of(mover).moves;
}

void Rebinders::report(Mover& mover, Now now) {
  mover.next_report = now.tick + kReportEvery;
  std::array<uint8_t, profile::kDatagramMax> space;
  const Bytes octets = parts_.maker.report(mover.flier, {coap::Type::con, mover.id++, mover.echo}, now.wall, space);
  const Outgoing out{parts_.target, octets};
  mover.port->send({&out, 1});
  mover.echo.clear();                                  // an answer that is lost is followed by another with another value
}

void Rebinders::hear(Mover& mover, Tick now) {
  std::array<Received, 8> batch{};
  const size_t count = mover.port->receive(batch);
  for (size_t i = 0; i < count; ++i) {
    FrameSpace scratch;
    const auto in = read_datagram(parts_.carriage, batch[i].octets, scratch);
    if (!in.ok() || !in->response()) continue;
    if (mover.knows_echo && !in->echo.empty()) mover.echo.assign(in->echo.begin(), in->echo.end());
    if (mover.back || in->code != coap::kChanged) continue;
    mover.back = true;
    ++of(mover).back;
    of(mover).away.add((now - mover.moved).us);
  }
}

}  // namespace nrid::load
