#include "tests/sim/provider.h"

#include <algorithm>

namespace nrid::sim {
namespace {

constexpr uint64_t kStreams = 1000;    // of a provider's dice; far from those of others
constexpr Duration kBatching = milliseconds(1);   // a batch gathers so long at most
constexpr size_t kStepsMax = 10'000;   // of one moment

void add(CounterTotals& sum, const CounterTotals& more) {
  for (size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += more.values[i];
  for (size_t i = 0; i < sum.refused.size(); ++i) sum.refused[i] += more.refused[i];
}

}  // namespace

class Provider::Recorder final : public Module {
 public:
  Recorder(ProviderLaws& laws, const Scene& scene, const std::string& name) : laws_(laws), scene_(scene), name_(name) {}
  std::string_view name() const override { return "recorder"; }
  Status start(ModuleHost&) override { return {}; }
  void on_sightings(std::span<const Sighting> batch) override {
    if (dead) return;
    for (const Sighting& one : batch) laws_.heard(one);
  }
  void on_event(const FlightEvent& event) override {
    if (dead) return;
    if (scene_.verbose) scene_.log(name_, std::string(to_word(event.kind)) + " " + to_text(event.ua) + " " + event.detail);
    laws_.heard(event);
  }
  void on_tick(Instant) override {}
  bool dead = false;                   // the process is gone: what its memory still held was never told

 private:
  ProviderLaws& laws_;
  const Scene& scene_;
  const std::string& name_;
};

Provider::Provider(Scene& scene, std::string name, size_t number, ProviderPlan plan)
    : scene_(scene), name_(std::move(name)), entry_(scene.registry.at(name_)), plan_(std::move(plan)),
      dice_(scene.seed, kStreams + number), names_dice_(scene.seed, 2 * kStreams + number), clock_(scene.timeline, scene.begin),
      plain_(scene.network, v4(198, 51, 100, static_cast<uint8_t>(number + 1), profile::kPort)),
      schc_(scene.network, v4(198, 51, 100, static_cast<uint8_t>(number + 1), profile::kSchcPort)),
      laws_({entry_.det, plan_.timers, plan_.policy, plan_.limits, name_}, scene.timeline, scene.book, scene.broken),
      journal_(scene.faults, dice_, laws_), signer_(*entry_.entity.seed) {
  watch(plain_, Transport::plain);
  watch(schc_, Transport::schc);
  if (scene.trace) laws_.trace = [this](const std::string& what) { scene_.log(name_, what); };
  journal_.on_crash = [this] {
    dying_ = true;
    plain_.cut = schc_.cut = true;     // nothing leaves any more, not even what this step had ready
  };
  const auto drift = static_cast<int64_t>(scene.faults.drift_ppm);
  clock_.set_drift(dice_.between(-drift, drift));
  clock_.set_skew(dice_.between(milliseconds(-500), milliseconds(500)));
  plan_faults();
}

Provider::~Provider() { crash(); }

void Provider::watch(Port& port, Transport transport) {
  port.on_arrival = [this] { wake({scene_.timeline.now().us + dice_.between({0}, kBatching).us}); };
  port.on_taken = [this, transport](const Port::Letter& letter) { laws_.took(letter.from, transport, letter.octets); };
  port.on_sent = [this, transport](const Address& to, Bytes octets) { laws_.sent(to, transport, octets); };
}

void Provider::plan_faults() {
  const Faults& f = scene_.faults;
  scene_.now_and_then(f.crash_per_min, dice_, [this] {
    if (!up()) return;
    if (dice_.chance(0.5)) return crash();
    journal_.crash_next = true;        // in the middle of its work
  });
  scene_.now_and_then(f.disk_stall_per_min, dice_, [this] { stall_ = dice_.between(milliseconds(100), seconds(20)); });
  scene_.now_and_then(f.step_per_min / 4, dice_, [this] {
    const Duration by{static_cast<int64_t>(dice_.between(-scene_.faults.step_s, scene_.faults.step_s) * 1e6)};
    scene_.log(name_, "clock steps by " + std::to_string(by.ms()) + " ms");
    clock_.step(by);
    scene_.timeline.after(dice_.between(seconds(5), seconds(60)), [this, by] {
      if (!scene_.healed) clock_.step({-by.us});
    });
  });
}

void Provider::boot() {
  CHECK(!up());
  scene_.log(name_, "boots");
  laws_.restart();
  dying_ = false;
  plain_.cut = schc_.cut = false;
  random_ = std::make_unique<Dice>(dice_.u64());
  names_ = std::make_unique<Names>(scene_.timeline, scene_.zone, scene_.faults, names_dice_, [this] { wake(scene_.timeline.now()); });
  names_->healed = scene_.healed;
  keys_ = std::make_unique<det::DnsKeySource>(scene_.resolver(), det::KeySourceLimits{}, *names_, clock_);
  seat_ = scene_.bus.seat();
  counters_ = std::make_unique<Counters>();
  recorder_ = std::make_unique<Recorder>(laws_, scene_, name_);
  host_ = std::make_unique<Host>(HostParts{clock_, events_, http_, counters_->add_block(), nullptr, "", 0, plan_.limits.record_ring});
  ServerSetup setup;
  setup.det = entry_.det;
  setup.timers = plan_.timers;
  setup.policy = plan_.policy;
  setup.limits = plan_.limits;
  setup.shards = plan_.shards;
  ServerParts parts{clock_, *random_, *keys_, sodium_verifier(), signer_, journal_, *host_, *counters_,
                    scene_.book.rules(), {{&plain_, Transport::plain}, {&schc_, Transport::schc}}, {}, {}, {}};
  if (plan_.connected) parts.peers = seat_.get();
  server_ = std::make_unique<Server>(setup, std::move(parts));
  server_->add(*recorder_);
  const Status status = server_->start();
  CHECK(status.ok());
  server_->set_peers(peer_table());
  wake(scene_.timeline.now());
}

// kill -9: what was in memory, in the sockets and not yet safe on disk is gone.
void Provider::crash() {
  if (!up()) return;
  scene_.log(name_, "dies");
  recorder_->dead = true;
  plain_.cut = schc_.cut = true;
  add(before_, counters_->total());
  server_.reset();
  seat_.reset();
  host_.reset();
  recorder_.reset();
  counters_.reset();
  keys_.reset();
  names_.reset();
  random_.reset();
  plain_.clear();
  schc_.clear();
  laws_.restart();
  if (scene_.on_restart) scene_.on_restart(det());
  wake_at_ = {INT64_MAX};
  busy_until_ = {};
  stall_ = {};
  journal_.crash_next = false;
  if (!scene_.healed) scene_.timeline.after(dice_.between(milliseconds(200), seconds(20)), [this] { if (!up()) boot(); });
}

void Provider::heal() {
  journal_.healed = true;
  journal_.crash_next = false;
  stall_ = {};
  clock_.set_skew({0});
  if (names_) names_->healed = true;
  if (!up()) boot();
}

std::shared_ptr<const PeerTable> Provider::peer_table() const {
  auto table = std::make_shared<PeerTable>();
  table->hda = scene_.registry.at("hda").det;
  for (size_t i = 0; i < scene_.providers.size(); ++i) {
    const det::RegistryEntry& entry = scene_.registry.at(scene_.providers[i]);
    Peer peer;
    peer.sp = entry.det;
    peer.name = entry.entity.name;
    peer.addresses = {std::array<uint8_t, 4>{198, 51, 100, static_cast<uint8_t>(i + 1)}};
    peer.endorsement = entry.endorsement;
    peer.not_before = scene_.begin - seconds(86'400);
    peer.not_after = scene_.begin + seconds(86'400);
    peer.capacity = plan_.capacity;
    if (entry.det == entry_.det) table->self = peer;
    else table->peers.push_back(peer);
  }
  return table;
}

void Provider::redirect(const Det& ua, const Det& to) {
  if (!up() || to == det()) return;
  const Status status = host_->redirect(ua, to);
  if (!status.ok()) return;
  scene_.log(name_, "is told to redirect " + nrid::to_text(ua));
  wake(scene_.timeline.now());
}

void Provider::wake(Time when) {
  when = std::max(when, busy_until_);
  if (when >= wake_at_) return;
  wake_at_ = when;
  scene_.timeline.at(when, [this, when] {
    if (wake_at_ != when || !up()) return;
    wake_at_ = {INT64_MAX};
    step();
  });
}

void Provider::step() {
  const Now now = clock_.now();
  laws_.now_ = now;
  size_t steps = 0;
  while (server_->step(now) > 0) {
    if (++steps == kStepsMax) return laws_.stuck();
  }
  if (!dying_) laws_.after_step(now, counters_->total(), *server_);
  if (dying_) return crash();
  if (stall_.us > 0) {                 // its disk took so long over this step
    busy_until_ = {scene_.timeline.now().us + stall_.us};
    stall_ = {};
  }
  if (const Tick due = server_->next_due(); due.us != INT64_MAX) wake(std::max(clock_.when(due), Time{scene_.timeline.now().us + 1}));
}

void Provider::check_due() {
  if (!up()) return;
  if (scene_.timeline.now() < busy_until_) return laws_.excuse(now());
  laws_.tick(now(), counters_->total());
}

CounterTotals Provider::totals() const {
  CounterTotals sum = before_;
  if (counters_) add(sum, counters_->total());
  return sum;
}

}  // namespace nrid::sim
