#include "apps/load/attack.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace nrid::load {
namespace {

constexpr size_t kPorts = 16;
constexpr Duration kQuantum = milliseconds(1);
constexpr double kBehindMax_s = 0.05;                  // who cannot keep up sends less, and says so, rather than in bursts

}  // namespace

StatusOr<std::unique_ptr<Attack>> Attack::prepare(const PlanParts& parts, const Mix& mix, const Address& target, Duration length, Instant begin) {
  std::unique_ptr<Attack> out(new Attack());
  out->target_ = target;
  out->length_ = length;
  for (size_t i = 0; i < kPorts; ++i) {
    Address any = target.is_v4() ? v4_address(std::array<uint8_t, 4>{}, 0) : Address{};
    TRY(port, UdpPort::open(any));
    out->ports_.push_back(std::move(port));
  }
  SeededRandom random(out->random_.u64());
  const size_t fliers = parts.fleet.fliers.size();
  const auto add = [&](double per_s, uint64_t Sent::* sent, const std::function<Bytes(Instant, std::span<uint8_t>)>& make) {
    if (per_s <= 0) return;
    Kind kind;
    kind.per_s = per_s;
    kind.sent = sent;
    for (Duration at{}; at < length; at = {at.us + kFresh.us}) {
      auto ring = std::make_unique<Ring>(kRing);
      for (size_t i = 0; i < kRing; ++i) ring->filled(i, make(begin + at, ring->slot(i)).size());
      kind.rings.push_back(std::move(ring));
    }
    out->kinds_.push_back(std::move(kind));
  };
  const auto envelope = [&] { return Envelope{mix.confirmable ? coap::Type::con : coap::Type::non, random.u16(), {}}; };
  add(mix.forged_unknown, &Sent::unknown, [&](Instant at, std::span<uint8_t> space) { return parts.maker.forged_unknown(envelope(), at, random, space); });
  add(mix.forged_active, &Sent::active, [&](Instant at, std::span<uint8_t> space) { return parts.maker.forged(random.below(fliers), envelope(), at, random, space); });
  add(mix.junk, &Sent::junk, [&](Instant, std::span<uint8_t> space) { return parts.maker.junk(random, space); });
  return out;
}

void Attack::start(Tick begin) {
  thread_ = std::thread([this, begin] { run(begin); });
}

Attack::Sent Attack::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return sent_;
}

void Attack::run(Tick begin) {
  Tick last = begin;
  while (!stop_) {
    const Tick now = clock_.now().tick;
    if (now - begin >= length_) return;
    const double passed = static_cast<double>((now - last).us) * 1e-6;
    if (passed > 0) {
      last = now;
      for (Kind& kind : kinds_) {
        kind.due = std::min(kind.due + passed * kind.per_s, kBehindMax_s * kind.per_s);
        const auto count = static_cast<size_t>(kind.due);
        kind.due -= static_cast<double>(count);
        send(kind, count, static_cast<size_t>((now - begin).us / kFresh.us));
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(kQuantum.us));
  }
}

void Attack::send(Kind& kind, size_t count, size_t epoch) {
  const Ring& ring = *kind.rings[std::min(epoch, kind.rings.size() - 1)];
  const bool loopback = target_.is_v4() && target_.ip[12] == 127;
  while (count > 0) {
    std::array<Outgoing, UdpPort::kBatchMax> batch;
    const size_t some = std::min(count, batch.size());
    const uint64_t draw = random_.u64();
    for (size_t i = 0; i < some; ++i) {
      batch[i] = {target_, ring.at(kind.next++ % ring.size()), {}};
      const auto mixed = (draw + i) * 0x9e3779b97f4a7c15ull;
      if (loopback) batch[i].from = v4_address(std::array<uint8_t, 4>{127, static_cast<uint8_t>(mixed >> 56), static_cast<uint8_t>(mixed >> 48), static_cast<uint8_t>(1 + (mixed >> 40) % 254)}, 0);
    }
    sent_.*kind.sent += ports_[turn_++ % kPorts]->send({batch.data(), some});
    count -= some;
  }
}

}  // namespace nrid::load
