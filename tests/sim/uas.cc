#include "tests/sim/uas.h"

#include <algorithm>

#include "det/endorsement.h"

namespace nrid::sim {
namespace {

constexpr uint64_t kStreams = 5000;
constexpr Duration kSetupAgain = seconds(10);
constexpr int kLatitude = 473'900'000, kLongitude = 85'400'000;
constexpr int kPer_s = 900;            // 1e-7 degree of latitude: 10 m/s

AircraftIdentity identity_of(const det::RegistryEntry& entry) {
  AircraftIdentity identity;
  identity.det = entry.det;
  identity.serial = "SIM1" + entry.entity.name;
  identity.operator_id = "CHE87simulated";
  identity.self_id = "simulated flight";
  identity.operator_position = OperatorPosition{kLatitude, kLongitude, 4000};
  identity.endorsement = entry.endorsement;
  return identity;
}

}  // namespace

Uas::Uas(Scene& scene, size_t number, UasPlan plan)
    : scene_(scene), name_("uas" + std::to_string(number)), number_(number), plan_(std::move(plan)), dice_(scene.seed, kStreams + number),
      address_(fresh_address()), clock_(scene.timeline, scene.begin), port_(scene.network, address_),
      names_(scene.timeline, scene.zone, scene.faults, dice_, [] {}), resolver_(scene.resolver(), names_, clock_),
      aircraft_entry_(scene.registry.at(plan_.aircraft)), gateway_entry_(scene.registry.at(plan_.gateway)),
      aircraft_signer_(*aircraft_entry_.entity.seed), gateway_signer_(*gateway_entry_.entity.seed),
      aircraft_(identity_of(aircraft_entry_), aircraft_signer_) {
  const auto drift = static_cast<int64_t>(scene.faults.drift_ppm);
  clock_.set_drift(dice_.between(-drift, drift));
  clock_.set_skew(plan_.skew);
  port_.on_arrival = [this] { step(); };
  port_.on_taken = [this](const Port::Letter& letter) { on_taken(letter); };
  port_.on_sent = [this](const Address&, Bytes octets) {
    FrameSpace space;
    const auto opened = scene_.book.open(plan_.schc ? Transport::schc : Transport::plain, schc::Direction::up, octets, space);
    if (!opened) return scene_.broken("wire", name_ + " sent what is no CoAP message");
    note_try(*opened);
    if (opened->has_token && scene_.book.write(*opened, scene_.timeline.now()) == nullptr) scene_.broken("wire", name_ + " sent a payload that is no CWT");
  };
  if (scene.faults.rebind_s > 0) rebind();
  scene.now_and_then(scene.faults.gateway_crash_per_min, dice_, [this] { crash(); });
  scene.now_and_then(scene.faults.step_per_min, dice_, [this] {
    const Duration by{static_cast<int64_t>(dice_.between(-scene_.faults.step_s, scene_.faults.step_s) * 1e6)};
    scene_.log(name_, "clock steps by " + std::to_string(by.ms()) + " ms");
    clock_.step(by);
  });
  scene.timeline.at(plan_.start, [this] { look_up(); });
}

Address Uas::fresh_address() { return v4(203, 0, static_cast<uint8_t>(number_ >> 8), static_cast<uint8_t>(number_), static_cast<uint16_t>(20'000 + next_port_++)); }

void Uas::rebind() {
  scene_.timeline.after({static_cast<int64_t>(dice_.between(0.8, 1.2) * scene_.faults.rebind_s * 1e6)}, [this] {
    if (scene_.healed) return;
    address_ = fresh_address();
    scene_.network.rebind(port_, address_);
    rebind();
  });
}

// the provider's address and endorsement, and the key of whoever endorsed it, as of now.
void Uas::look_up() {
  const Det sp = scene_.registry.at(plan_.provider).det;
  const uint64_t generation = generation_;
  const auto failed = [this](const det::Resolved& resolved) {
    ++setups_failed_;
    scene_.log(name_, "setup fails: " + resolved.text());
    scene_.timeline.after(kSetupAgain, [this] { look_up(); });
  };
  resolver_.resolve(sp, true, [this, generation, failed](const det::Resolved& found) {
    if (generation != generation_ || gateway_ != nullptr) return;
    if (!found.ok()) return failed(found);
    const det::Resolution provider = *found;
    const auto endorsement = det::decode_endorsement(provider.endorsement);
    if (!endorsement.ok() || provider.addresses.empty()) return failed(det::Resolved::failed(Error::bad_endorsement, "no endorsement or address"));
    resolver_.resolve(endorsement->parent, false, [this, generation, failed, provider](const det::Resolved& hda) {
      if (generation != generation_ || gateway_ != nullptr) return;
      if (!hda.ok()) return failed(hda);
      launch(provider, *hda);
    });
  });
}

void Uas::note_try(const Opened& opened) {
  if (started_ok_ || opened.type != coap::Type::con || opened.code != coap::kPost) return;
  const Time now = scene_.timeline.now();
  const Duration usual = plan_.timers.try_interval;
  if (tried_ && now.us > tried_->us + usual.us * 3 / 4 && now.us < tried_->us + usual.us * 5 / 4) gaps_.push_back({now.us - tried_->us});
  tried_ = now;
}

Flight Uas::make_flight() {
  Flight flight;
  flight.name = name_;
  const int64_t left_s = plan_.end_by.seconds() - scene_.timeline.now().seconds();
  for (int64_t t = 0; t <= std::clamp(left_s, int64_t{5}, plan_.flight.seconds()); ++t) {
    FlightSample sample;
    sample.t_ms = t * 1000;
    sample.latitude_e7 = kLatitude + static_cast<int32_t>(number_) * 10'000 + static_cast<int32_t>(t) * kPer_s;
    sample.longitude_e7 = kLongitude;
    sample.altitude_dm = 5000;
    flight.samples.push_back(sample);
  }
  derive_motion(flight);
  return flight;
}

void Uas::launch(const det::Resolution& provider, const det::Resolution& hda) {
  const uint16_t port = plan_.schc ? profile::kSchcPort : profile::kPort;
  const nrid::Provider to{provider.det, *PreparedKey::from(provider.key), Address{provider.addresses[0].octets, port}, hda.det, *PreparedKey::from(hda.key)};
  const Carriage carriage{plan_.schc ? scene_.book.rules() : schc::RuleSet(), schc::Direction::up};
  const Speaker speaker{gateway_entry_.det, &gateway_signer_, cwt::KidForm::tagged_in_bstr, 10};
  ++flights_;
  started_ok_ = false;
  heartbeats_before_ = 0;
  words_.clear();
  floor_ = {};
  gateway_ = std::make_unique<Gateway>(plan_.timers, plan_.policy, carriage, speaker, make_flight(), to,
                                       Gateway::Parts{aircraft_, port_, dice_, [this](std::string_view event, std::initializer_list<LogField> fields) { on_event(event, fields); }});
  gateway_->start(clock_.now());
  step();
}

void Uas::on_event(std::string_view event, std::initializer_list<LogField> fields) {
  if (event == "start_ok") started_ok_ = true;
  if (scene_.verbose) scene_.log(name_, log_line(event, fields));
}

void Uas::wake(Time when) {
  if (when >= wake_at_) return;
  wake_at_ = when;
  scene_.timeline.at(when, [this, when] {
    if (wake_at_ != when) return;
    wake_at_ = {INT64_MAX};
    step();
  });
}

void Uas::step() {
  if (gateway_ == nullptr) return port_.clear();
  const Tick due = gateway_->step(clock_.now());
  judge_words();
  if (gateway_->done()) return finished();
  if (due.us != INT64_MAX) wake(std::max(clock_.when(due), scene_.timeline.now()));
}

void Uas::finished() {
  const Outcome outcome = gateway_->status(clock_.now()).outcome;
  if (outcome == Outcome::none) scene_.broken("gateway", name_ + " is done without an outcome");
  if (outcome == Outcome::ended) ++completed_;
  gateway_.reset();
  ++generation_;
  const bool again = !scene_.healed && flights_ < plan_.flights_max;
  if (again) scene_.timeline.after(dice_.between(seconds(2), seconds(30)), [this] { if (gateway_ == nullptr) look_up(); });
}

void Uas::crash() {
  if (gateway_ == nullptr) return;
  scene_.log(name_, "dies");
  gateway_.reset();
  port_.clear();
  ++generation_;
  scene_.timeline.after(dice_.between(seconds(1), seconds(10)), [this] { if (gateway_ == nullptr) look_up(); });
}

void Uas::on_taken(const Port::Letter& letter) {
  FrameSpace space;
  const auto opened = scene_.book.open(plan_.schc ? Transport::schc : Transport::plain, schc::Direction::down, letter.octets, space);
  if (!opened || !opened->has_token) return;
  const Entry* said = scene_.book.find(opened->digest);
  if (said == nullptr || said->what != Said::heartbeat || said->ua != aircraft_entry_.det) return;
  const Instant now = clock_.now().wall;
  const Duration skew = seconds(5);
  if (at_second(said->iat) - skew <= now && now < at_second(said->exp) + skew) words_.push_back({said->iat, said->sp});
}

// what it counts as a Heartbeat was one, and none older than the last.
void Uas::judge_words() {
  const uint64_t now = gateway_->status(clock_.now()).heartbeats;
  const uint64_t counted = now - heartbeats_before_;
  std::erase_if(words_, [&](const Word& word) { return word.sp == floor_.sp && word.iat < floor_.iat; });
  const uint64_t right = words_.size();
  if (counted > 0) {                     // which of them it took is not known: the oldest is certain
    floor_ = {0, gateway_->status(clock_.now()).sp};
    for (const Word& word : words_) {
      if (word.sp == floor_.sp && (floor_.iat == 0 || word.iat < floor_.iat)) floor_.iat = word.iat;
    }
  }
  words_.clear();
  if (counted > right) scene_.broken("R-064", name_ + " accepted a Heartbeat that its provider never sent, or an old one");
  heartbeats_ += now - heartbeats_before_;
  heartbeats_before_ = now;
}

void Uas::heal() {
  clock_.set_skew({0});
  names_.healed = true;
}

void Uas::check_end() {
  if (gateway_ == nullptr) return;
  const GatewayStatus status = gateway_->status(clock_.now());
  scene_.broken("gateway", name_ + " is still " + std::string(to_word(status.phase)) + " long after all was well again");
}

}  // namespace nrid::sim
