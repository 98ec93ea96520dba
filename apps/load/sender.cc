#include "apps/load/sender.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

namespace nrid::load {
namespace {

constexpr Duration kTryEvery = seconds(2);
constexpr Duration kStartGrace = seconds(30);

void sleep_until(Tick at) {
  const timespec time{static_cast<time_t>(at.us / 1'000'000), static_cast<long>(at.us % 1'000'000 * 1000)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

double thread_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// What is due together and leaves through one socket.
class Batch {
 public:
  Batch(const SenderParts& parts, StepResult& result) : parts_(parts), result_(result) {}
  void add(size_t socket, Bytes octets) {
    make_room(socket);
    batch_[count_++] = {parts_.target, octets, {}};
  }
  // For what is signed as it leaves: octets of the next one through this socket, until flush().
  std::span<uint8_t> space(size_t socket) {
    make_room(socket);
    return space_[count_];
  }
  void flush() {
    if (count_ > 0) result_.sent += parts_.traffic.port(socket_).send({batch_.data(), count_});
    count_ = 0;
  }

 private:
  void make_room(size_t socket) {
    if (count_ == batch_.size() || (count_ > 0 && socket != socket_)) flush();
    socket_ = socket;
  }
  const SenderParts& parts_;
  StepResult& result_;
  size_t socket_ = 0, count_ = 0;
  std::array<Outgoing, UdpPort::kBatchMax> batch_;
  std::array<std::array<uint8_t, kSlot>, UdpPort::kBatchMax> space_;
};

// All at once, in phase: the worst that a fleet does when a provider comes back (T25).
void storm(const SenderParts& parts, const StepPlan& plan, StepResult& result) {
  Batch batch(parts, result);
  const uint64_t sent = result.sent;
  for (int copy = 0; copy < Outage::kCopies; ++copy) {
    for (size_t i = 0; i < plan.storm.size(); ++i) batch.add(parts.traffic.socket_of(i), plan.storm[i]);
  }
  batch.flush();
  result.sent = sent;                      // beside the load
  result.stormed = plan.storm.size();
}

}  // namespace

void send_step(const SenderParts& parts, const StepPlan& plan, const Outage& outage, StepResult& result) {
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);    // nanosecond: wake when asked to
  const double cpu = thread_cpu_s();
  const auto batch = std::make_unique<Batch>(parts, result);
  bool stormed = !outage.any();
  for (size_t n = 0; n < plan.messages.size();) {
    const Tick due = plan.begin + Duration{plan.messages[n].offset_us};
    Tick now = parts.clock.now().tick;
    if (now < due) {
      batch->flush();
      sleep_until(due);
      now = parts.clock.now().tick;
    }
    const Duration passed = now - plan.begin;
    const bool dark = outage.any() && passed >= outage.from && passed < outage.until;
    parts.traffic.deaf(dark);
    if (!stormed && passed >= outage.until) {
      stormed = true;
      storm(parts, plan, result);
    }
    for (size_t some = 0; n < plan.messages.size() && plan.messages[n].offset_us <= passed.us && some < UdpPort::kBatchMax; ++n, ++some) {
      const Planned& one = plan.messages[n];
      if (dark) continue;                  // nobody scheduled it: the network is away
      ++result.scheduled;
      const Tick scheduled = plan.begin + Duration{one.offset_us};
      if (one.lost) {
        ++result.lost_on_purpose;
        continue;
      }
      if (one.probe) {
        ++result.probes;
        count_in_second(result.asked, Duration{one.offset_us});
        parts.traffic.expect(one.flier, one.id, scheduled);
      }
      result.lag.add((now - scheduled).us);
      const size_t socket = parts.traffic.socket_of(one.flier);
      if (plan.ring != nullptr) {
        batch->add(socket, plan.ring->at(n));
        continue;
      }
      const Envelope envelope{one.probe ? coap::Type::con : coap::Type::non, one.id};
      batch->add(socket, parts.maker.report(one.flier, envelope, parts.clock.now().wall, batch->space(socket)));
    }
  }
  batch->flush();
  parts.traffic.deaf(false);
  result.sender_cpu_s += thread_cpu_s() - cpu;
}

Status start_flights(const SenderParts& parts, size_t fliers, double per_s, const std::function<void(size_t)>& told) {
  std::vector<Tick> next(fliers);
  std::vector<Stage> tried(fliers, Stage::unknown);
  const Tick begin = parts.clock.now().tick;
  const Duration limit{kStartGrace.us + static_cast<int64_t>(static_cast<double>(fliers) * 4e6 / per_s)};
  double due = 1;
  Tick last = begin, shown = begin;
  size_t at = 0;
  for (;;) {
    const Now now = parts.clock.now();
    size_t flying = 0;
    for (size_t i = 0; i < fliers; ++i) flying += parts.traffic.stage(i) == Stage::flying;
    if (now.tick - shown > seconds(1) || flying == fliers) {
      told(flying);
      shown = now.tick;
    }
    if (flying == fliers) return {};
    if (now.tick - begin > limit) {
      std::string codes;
      for (const auto& [code, count] : parts.traffic.take(now.tick).other_codes) codes += ", " + std::to_string(count) + " times " + code;
      return Status::failed(std::to_string(flying) + " of " + std::to_string(fliers) + " aircraft are in flight after " + std::to_string(limit.seconds()) +
                            " s; is nridd running with this folder's settings? The server answered" + (codes.empty() ? " nothing else" : codes.substr(1)));
    }
    due = std::min(due + static_cast<double>((now.tick - last).us) * 1e-6 * per_s, per_s);
    last = now.tick;
    for (size_t looked = 0; looked < fliers && due >= 1; ++looked, at = (at + 1) % fliers) {
      const Stage stage = parts.traffic.stage(at);
      if (stage == Stage::flying || (next[at] > now.tick && stage == tried[at])) continue;
      next[at] = now.tick + kTryEvery;
      tried[at] = stage;
      due -= 1;
      const uint16_t id = parts.traffic.next_id(at);
      std::array<uint8_t, profile::kDatagramMax> space;
      const Envelope envelope{coap::Type::con, id};
      const Bytes octets = stage == Stage::linked ? parts.maker.start(at, envelope, now.wall, space) : parts.maker.link(at, envelope, now.wall, space);
      if (octets.empty()) return Status::failed("a start message does not fit");
      parts.traffic.expect(at, id, now.tick);
      const Outgoing out{parts.target, octets};
      parts.traffic.port(parts.traffic.socket_of(at)).send({&out, 1});
    }
    sleep_until(now.tick + milliseconds(1));
  }
}

}  // namespace nrid::load
