#include "apps/load/plan.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace nrid::load {

std::vector<Planned> plan_messages(const PlanParts& parts, const Step& step, Random& random) {
  std::vector<Planned> out;
  size_t turn = 0;
  for (const int64_t offset_us : send_offsets_us(step, parts.arrivals, random)) {
    Planned one;
    one.offset_us = offset_us;
    one.flier = static_cast<uint32_t>(turn++ % parts.fliers);
    one.probe = random.unit() < parts.probe_share;
    one.lost = parts.loss > 0 && random.unit() < parts.loss;
    one.id = parts.traffic.next_id(one.flier);
    out.push_back(one);
  }
  return out;
}

bool sign_messages(const PlanParts& parts, StepPlan& plan) {
  plan.ring = std::make_unique<Ring>(plan.messages.size());
  const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  std::atomic<bool> good = true;
  std::vector<std::thread> threads;
  for (size_t core = 0; core < cores; ++core) {
    threads.emplace_back([&, core] {
      for (size_t i = core; i < plan.messages.size(); i += cores) {
        const Planned& one = plan.messages[i];
        const Envelope envelope{one.probe ? coap::Type::con : coap::Type::non, one.id};
        const Bytes octets = parts.maker.report(one.flier, envelope, plan.begin_wall + Duration{one.offset_us}, plan.ring->slot(i));
        if (octets.empty()) good = false;
        plan.ring->filled(i, octets.size());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return good;
}

double sign_cost_us(const PlanParts& parts, Instant now) {
  constexpr size_t kTries = 64;
  std::array<uint8_t, kSlot> space;
  const SystemClock clock;
  const Tick from = clock.now().tick;
  for (size_t i = 0; i < kTries; ++i) parts.maker.report(i % parts.fleet.fliers.size(), {}, now, space);
  return static_cast<double>((clock.now().tick - from).us) / kTries;
}

}  // namespace nrid::load
