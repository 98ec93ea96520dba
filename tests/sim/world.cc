#include "tests/sim/world.h"

#include <algorithm>

#include "schc/schc.h"
#include "tests/sim/hashed_signatures.h"

namespace nrid::sim {
namespace {

constexpr int64_t kBegin = 1'780'315'200;                // 2026-06-01T12:00:00Z
constexpr uint16_t kRaa = 16376, kHda = 10;
constexpr size_t kCaughtMax = 4096;
constexpr Duration kLawsEvery = milliseconds(500);
constexpr size_t kGapsMin = 6;
constexpr Duration kForget = seconds(120), kForgetEvery = seconds(20);  // tokens live 15 s; attackers replay for 40

const schc::RuleSet& rules() {
  static const schc::RuleSet set = [] {
    const auto loaded = schc::load_rules_file(NRID_RULES);
    CHECK(loaded.ok());
    return *loaded;
  }();
  return set;
}

det::RegistryEntity entity(std::string name, std::string type, uint16_t hda, std::string parent) {
  return {.name = std::move(name), .type = std::move(type), .raa = kRaa, .hda = hda, .parent = std::move(parent)};
}

}  // namespace

Plan draw_plan(uint64_t seed) {
  Dice dice(seed, 4);
  Plan plan;
  plan.seed = seed;
  plan.faults = draw_faults(seed);
  plan.providers = static_cast<int>(dice.between(1, 3));
  plan.flights = static_cast<int>(dice.between(1, 12));
  plan.real_signatures = seed % 20 == 0;
  return plan;
}

Plan quiet_plan(uint64_t seed, int providers, int flights) {
  Plan plan;
  plan.seed = seed;
  plan.providers = providers;
  plan.flights = flights;
  return plan;
}

World::World(Plan plan)
    : plan_(plan), scene_(plan.seed, plan.faults, rules(), at_second(kBegin + Dice(plan.seed, 5).between(0, 3600))),
      dice_(plan.seed, 6) {
  use_real_signatures(plan.real_signatures);
  scene_.verbose = plan.verbose || plan.trace;
  scene_.trace = plan.trace;
  scene_.broken = [this](std::string law, std::string what) {
    if (violation_) return;
    scene_.log("VIOLATION", law + ": " + what);
    violation_ = Violation{std::move(law), std::move(what), scene_.timeline.now()};
  };
  build_registry();
  attacker_ = std::make_unique<Attacker>(scene_);
  scene_.network.tap = [this](const Address& from, const Address& to, Bytes octets) {
    const Digest16 digest = Book::whole(octets);         // every octet that was sent goes into the fingerprint
    uint64_t word;
    std::memcpy(&word, digest.data(), sizeof word);
    fingerprint_ = (fingerprint_ ^ word) * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(scene_.timeline.now().us);
    if (plan_.catch_datagrams && caught_.size() < kCaughtMax) caught_.push_back({from, to, Buffer(octets.begin(), octets.end())});
    return attacker_->overhear(from, to, octets);
  };
  build_parties();
  plan_episodes();
  plan_redirects();
  every_half_second();
  scene_.timeline.at(plan_.heal, [this] { heal(); });
}

World::~World() { scene_.on_restart = nullptr; }  // providers end one after the other

void World::build_registry() {
  std::vector<det::RegistryEntity> list = {entity("raa", "raa", 0, "raa"), entity("hda", "hda", kHda, "raa"), entity("insider", "gcs", kHda, "hda")};
  for (int i = 0; i < plan_.providers; ++i) {
    auto sp = entity("sp" + std::to_string(i), "sp", kHda, "hda");
    det::IpAddress address;
    const Address at = v4(198, 51, 100, static_cast<uint8_t>(i + 1), profile::kPort);
    address.octets = at.ip;
    sp.addresses = {address};
    scene_.providers.push_back(sp.name);
    list.push_back(std::move(sp));
  }
  for (int i = 0; i < plan_.flights; ++i) {
    list.push_back(entity("ua" + std::to_string(i), "ua", kHda, "hda"));
    if (i % 2 == 1) list.push_back(entity("gw" + std::to_string(i), "gcs", kHda, "hda"));
  }
  const auto built = det::build_registry(list, scene_.begin - seconds(86'400), scene_.begin + seconds(86'400), dice_);
  CHECK(built.ok());
  const auto ttl_s = static_cast<uint32_t>(dice_.between(10, 300));
  for (const det::RegistryEntry& entry : *built) {
    scene_.registry[entry.entity.name] = entry;
    scene_.zone.publish(entry.records, ttl_s);
  }
  scene_.anchors = {{scene_.registry.at("raa").det, scene_.registry.at("raa").key}};
}

void World::build_parties() {
  ProviderPlan provider;
  GatewayTimers gateway;
  if (dice_.chance(0.3) && !plan_.even) {                // other values within the bounds of nrid.md section 0
    provider.timers.heartbeat = seconds(dice_.between(2, 5));
    provider.timers.silent_heartbeats = static_cast<int>(dice_.between(2, 5));
    gateway.heartbeat_timeout = seconds(provider.timers.heartbeat.seconds() * 2 + 2);
    provider.timers.abandon = seconds(dice_.between(60, 120));
  }
  provider.limits.duplicates_max = 65'536;
  provider.limits.rate_max = 1024;
  provider.limits.con_replies_max = 1024;
  provider.limits.report_ring = 1024;
  provider.limits.record_ring = 2048;
  provider.connected = dice_.chance(0.6);
  if (dice_.chance(0.3) && !plan_.even) provider.capacity = static_cast<uint64_t>(plan_.flights) / 2 + 1;
  provider.shards = static_cast<int>(dice_.between(1, 2));
  for (int i = 1; i < plan_.flights; i += 2) {
    provider.policy.gateways.emplace_back(scene_.registry.at("gw" + std::to_string(i)).det, scene_.registry.at("ua" + std::to_string(i)).det);
  }
  for (size_t i = 0; i < scene_.providers.size(); ++i) {
    providers_.push_back(std::make_unique<Provider>(scene_, scene_.providers[i], i, provider));
    Provider* const here = providers_.back().get();
    here->laws().on_taken = [this, here](const Det& ua, int64_t iat) {
      for (const auto& other : providers_) {
        if (other.get() != here && here->connected()) other->laws().peer_took(ua, iat, other->clock().now());
      }
    };
    here->boot();
  }
  scene_.on_restart = [this](const Det&) {
    for (const auto& each : providers_) each->laws().peer_restarted();
  };
  for (int i = 0; i < plan_.flights; ++i) {
    UasPlan uas;
    uas.aircraft = "ua" + std::to_string(i);
    uas.gateway = i % 2 == 1 ? "gw" + std::to_string(i) : uas.aircraft;
    uas.provider = scene_.providers[dice_.below(scene_.providers.size())];
    uas.timers = gateway;
    uas.policy.on_lost_sp = dice_.chance(0.5) ? LostAction::continue_ : LostAction::return_home;
    uas.schc = dice_.chance(0.5);
    uas.start = dice_.between(seconds(1), seconds(200));
    uas.flight = seconds(dice_.between(30, 240));
    if (dice_.chance(scene_.faults.skewed)) uas.skew = {static_cast<int64_t>(dice_.between(-scene_.faults.skew_s, scene_.faults.skew_s) * 1e6)};
    else uas.skew = dice_.between(milliseconds(-1000), milliseconds(1000));
    uas.end_by = {plan_.length.us - seconds(150).us};       // a gateway may wait a minute for what it has stored
    if (plan_.even) {
      uas.end_by = plan_.length;
      uas.start = dice_.between(seconds(0), seconds(1));
      uas.flight = {plan_.length.us - seconds(10).us};
    }
    uas_.push_back(std::make_unique<Uas>(scene_, static_cast<size_t>(i), uas));
  }
}

// Blackouts, clogs (held, then let go at once, one party after the other) and one-way partitions between two parties.
void World::plan_episodes() {
  const auto party = [this]() -> const Port* {
    const size_t i = dice_.below(uas_.size() + providers_.size());
    if (i < uas_.size()) return &uas_[i]->port();
    return &providers_[i - uas_.size()]->port(dice_.chance(0.5) ? Transport::plain : Transport::schc);
  };
  const auto until = [this](int64_t longest_ms) { return Time{scene_.timeline.now().us + dice_.between(milliseconds(200), milliseconds(longest_ms)).us}; };
  scene_.now_and_then(plan_.faults.blackout_per_min, dice_, [=, this] {
    const Port* one = dice_.chance(0.2) ? nullptr : party();
    const Time end = until(dice_.chance(0.2) ? 40'000 : 5000);
    scene_.network.block(one, nullptr, Network::Block::drop, end);
    scene_.network.block(nullptr, one, Network::Block::drop, end);
  });
  scene_.now_and_then(plan_.faults.clog_per_min, dice_, [=, this] {
    for (int64_t n = dice_.between(1, 3); n > 0; --n) scene_.network.block(nullptr, party(), Network::Block::hold, until(5000));
  });
  scene_.now_and_then(plan_.faults.one_way_per_min, dice_, [=, this] {
    scene_.network.block(party(), party(), Network::Block::drop, until(30'000));
  });
}

void World::plan_redirects() {
  scene_.now_and_then(plan_.faults.redirect_per_min, dice_, [this] {
    const Det ua = scene_.registry.at("ua" + std::to_string(dice_.below(uas_.size()))).det;
    const Det to = providers_[dice_.below(providers_.size())]->det();
    for (const auto& provider : providers_) provider->redirect(ua, to);
  });
}

void World::every_half_second() {
  scene_.timeline.after(kLawsEvery, [this] {
    for (const auto& provider : providers_) provider->check_due();
    const Time now = scene_.timeline.now();
    if (now > kForget && now.us % kForgetEvery.us == 0) scene_.book.forget_before({now.us - kForget.us});
    every_half_second();
  });
}

void World::heal() {
  scene_.log("world", "heals");
  scene_.healed = true;
  scene_.network.heal();
  for (const auto& provider : providers_) provider->heal();
  for (const auto& uas : uas_) uas->heal();
}

void World::run_for(Duration time) {
  if (violation_) return;
  scene_.timeline.run_until({scene_.timeline.now().us + time.us}, [this] { return !violation_; });
}

void World::run() {
  run_for({plan_.length.us - scene_.timeline.now().us});
  if (!violation_) last_laws();
}

void World::last_laws() {
  std::vector<Duration> gaps;            // T25: a fleet must not speak in one voice
  for (const auto& uas : uas_) {
    uas->check_end();
    gaps.insert(gaps.end(), uas->try_gaps().begin(), uas->try_gaps().end());
  }
  const auto equal = [&](Duration gap) { return std::abs(gap.us - gaps[0].us) < 2000; };
  if (gaps.size() >= kGapsMin && std::all_of(gaps.begin(), gaps.end(), equal)) scene_.broken("jitter", "all tries of all gateways keep one interval");
}

void World::inject(const Address& from, const Address& to, Bytes octets) {
  scene_.network.deliver_after({0}, from, to, Buffer(octets.begin(), octets.end()));
}

World::Summary World::summary() const {
  Summary out;
  out.events = scene_.timeline.done();
  out.datagrams = scene_.network.stats().delivered;
  out.attacks = attacker_->attacks();
  out.fingerprint = fingerprint_;
  for (const auto& provider : providers_) {
    out.accepted += provider->laws().accepted();
    out.heartbeats += provider->laws().heartbeats();
    const CounterTotals totals = provider->totals();
    for (size_t i = 0; i < totals.values.size(); ++i) out.totals.values[i] += totals.values[i];
    for (size_t i = 0; i < totals.refused.size(); ++i) out.totals.refused[i] += totals.refused[i];
  }
  for (const auto& uas : uas_) {
    out.flights += static_cast<uint64_t>(uas->flights());
    out.completed += static_cast<uint64_t>(uas->completed());
  }
  return out;
}

}  // namespace nrid::sim
