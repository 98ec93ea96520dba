#include <signal.h>

#include <algorithm>
#include <cctype>

#include "apps/conform/sp_player.h"
#include "base/file.h"
#include "det/brid.h"
#include "det/det.h"

namespace nrid::conform {
namespace {

constexpr std::pair<std::string_view, std::string_view> kProviders[] = {{"a", "sp"}, {"s", "sp"}, {"c", "sp"}, {"v", "sp"}, {"b", "sp2"}, {"d", "sp3"}, {"e", "sp4"}, {"f", "sp5"}};
constexpr Duration kExitMax = seconds(20);
constexpr char kNeverRan[] = "the command could not be run: ";
constexpr int kFlightSeconds = 240;
constexpr int kPortTries = 200;

Address loopback(uint8_t last, uint16_t port) { return v4_address(std::array<uint8_t, 4>{127, 0, 0, last}, port); }

det::IpAddress ip_of(const Address& address) { return det::IpAddress{address.ip}; }

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
}

// BRID record with another endorsement of the provider than the one that holds.
Buffer brid_with(const Det& det, Bytes endorsement) {
  det::Brid brid;
  brid.add_det(det);
  brid.add_endorsement(endorsement);
  return det::encode_brid(brid).ok() ? *det::encode_brid(brid) : Buffer();
}

}  // namespace

// The provider moves from 127.0.0.1 to 127.0.0.3 and keeps its port, as an address record can say no other.
Status SpPlayer::open_provider_sockets() {
  Status failed;
  for (int tries = 0; tries < kPortTries; ++tries) {
    sockets_.clear();
    const uint16_t port = next_port();
    failed = open_socket("a", loopback(1, port));
    if (failed.ok()) failed = open_socket("c", loopback(3, port));
    if (failed.ok()) failed = open_socket("s", loopback(1, next_port()));
    if (failed.ok()) return {};
  }
  return failed;
}

// Ports, registry and DNS; once, before the first step that needs them.
Status SpPlayer::prepare() {
  if (dns_) return {};
  for (const auto& [socket, name] : kProviders) providers_.emplace(socket, identity_of(command_.registry->entry(name)));
  TRY_VOID(open_provider_sockets());
  for (const char* const name : {"b", "d", "e", "f"}) TRY_VOID(open_socket(name, loopback(1, 0)));
  DnsZone zone = zone_of(command_.registry->entries);
  set_addresses(zone, providers_["a"].det, {ip_of(loopback(1, 0))});
  TRY(server, DnsServer::start(std::move(zone)));
  dns_ = std::move(server);
  return {};
}

// How DNS answers about the provider from now on.
Status SpPlayer::dns(const Step& step) {
  TRY_VOID(prepare());
  const Identity& sp = providers_["a"];
  const det::RegistryEntry& hda = command_.registry->entry("hda");
  const SeedSigner parent(*hda.entity.seed);
  const std::string mood = step.words.empty() ? "" : step.words.front();
  const Instant now_wall = now().wall;
  dns_->change([&](DnsZone& zone) {
    DnsName& name = zone[det::owner_name(sp.det)];
    const auto brid = static_cast<uint16_t>(det::RrType::brid), hhit = static_cast<uint16_t>(det::RrType::hhit);
    const auto endorsed = [&](const Det& by, const Signer& signer, int64_t from, int64_t to, bool flip) {
      auto made = det::make_endorsement(sp.det, sp.key, by, signer, at_second(now_wall.seconds() + from), at_second(now_wall.seconds() + to));
      if (!made.ok()) return;
      if (flip) (*made)[100] ^= 1;
      name.records[brid] = {brid_with(sp.det, *made)};
    };
    if (mood == "nxdomain") name.mood = DnsMood::nxdomain;
    if (mood == "servfail") name.mood = DnsMood::servfail;
    if (mood == "silent") name.mood = DnsMood::silent;
    if (mood == "bad-be") endorsed(hda.det, parent, -60, 3600, true);
    if (mood == "expired-be") endorsed(hda.det, parent, -7200, -3600, false);
    if (mood == "wrong-parent") {
      const det::RegistryEntry& other = command_.registry->entry("hda2");
      endorsed(other.det, SeedSigner(*other.entity.seed), -60, 3600, false);
    }
    if (mood == "no-be") name.records.erase(brid);
    if (mood == "mismatch") name.records[hhit] = zone[det::owner_name(command_.registry->entry("mismatch").det)].records[hhit];
    if (mood == "both") set_addresses(zone, sp.det, {ip_of(loopback(1, 0)), ip_of(*address_from_text("[::1]:0"))});
    if (mood == "moved") set_addresses(zone, sp.det, {ip_of(loopback(3, 0))});
    if (mood == "no-address") set_addresses(zone, sp.det, {});
    if (mood == "fallback") {
      zone[det::fallback_name(sp.det)] = name;
      zone.erase(det::owner_name(sp.det));
    }
  });
  if (mood == "no-ad") dns_->set_authenticated(false);
  if (mood == "both") return open_socket("v", *address_from_text("[::1]:" + std::to_string(find_socket("a")->port->local().port)));
  return {};
}

std::string SpPlayer::fill(std::string command, const Step& step) const {
  const auto port = [&](std::string_view name) {
    for (const auto& socket : sockets_) {
      if (socket->name == name) return std::to_string(socket->port->local().port);
    }
    return std::string("0");
  };
  const Pair& pair = pair_;
  const auto& sp = providers_.find("a")->second;
  const std::pair<const char*, std::string> values[] = {
      {"{config}", folder_ + "/gateway.toml"}, {"{flight}", folder_ + "/flight.csv"}, {"{speed}", step.value("speed", "1")},
      {"{transport}", step.has("schc") ? "schc" : "plain"}, {"{source}", step.value("live")}, {"{live_port}", std::to_string(live_port_)}, {"{sp_det}", to_hex(sp.det)}, {"{sp_port}", port("a")}, {"{schc_port}", port("s")},
      {"{dns}", to_text(dns_->address())}, {"{anchor}", command_.registry->anchor}, {"{gateway_det}", to_hex(alone_ ? pair.ua.det : pair.gateway.det)},
      {"{gateway_key}", folder_ + (alone_ ? "/ua.key" : "/gw.key")}, {"{aircraft_det}", to_hex(pair.ua.det)}, {"{aircraft_key}", folder_ + "/ua.key"}};
  for (const auto& [name, value] : values) replace_all(command, name, value);
  return command;
}

std::string SpPlayer::settings_text(const Step& step) const {
  const auto number = [](Duration time) { return std::to_string(static_cast<double>(time.us) / 1e6); };
  const Profile& p = profile();
  std::string sp = "{sp_det}";
  if (step.value("sp") == "hash") sp = to_hex(provider_at("a").det).substr(16);
  std::string anchor = "{anchor}";
  if (step.value("anchor") == "foreign") {
    for (const auto& each : command_.registry->foreign) {
      if (each.entity.name == "raa") anchor = to_hex(each.det) + "=" + to_hex(Bytes(each.key));
    }
  }
  std::string out = "[gateway]\ndet = \"{gateway_det}\"\nkey_file = \"{gateway_key}\"\norigin = \"" + step.value("origin") + "\"\n[aircraft]\ndet = \"{aircraft_det}\"\n";
  if (!step.has("keyless")) out += "key_file = \"{aircraft_key}\"\n";
  if (step.value("self-id") != "none") out += "self_id = \"conformance flight\"\n";
  out += "operator_id = \"CHEconformance01\"\nserial = \"1ABC3CONFORMANCE\"\n[sp]\ndet = \"" + sp + "\"\ntransport = \"{transport}\"\nport = {sp_port}\nschc_port = {schc_port}\nrules = \"" +
         command_.rules_file + "\"\n[dns]\nservers = [\"{dns}\"]\ntimeout = 2\nrequire_ad = " + (p.require_ad ? "true" : "false") + "\n[trust]\nanchors = [\"" + anchor +
         "\"]\n[timers]\nresend_after = " + number(p.resend_after) + "\nheartbeat_timeout = " + number(p.heartbeat_timeout) + "\nfirst_tries = " + std::to_string(p.first_tries) +
         "\nlost_tries = " + std::to_string(p.lost_tries) + "\ntry_interval = " + number(p.try_interval) + "\nlifetime = " + number(p.lifetime) +
         "\n[policy]\non_lost_sp = \"return_home\"\nredirect_private = " + (step.value("private") == "no" ? "false" : "true") + "\n";
  if (step.given("live")) out += "[live]\n{source} = \"127.0.0.1:{live_port}\"\nend_on = \"signal\"\n";
  return out;
}

// Settings in the words of nrid-gateway, keys, and a flight of a few minutes; a foreign gateway takes what it wants of them.
Status SpPlayer::write_files(const Step& step) {
  alone_ = step.has("alone");
  origin_ = step.value("origin");
  for (const auto& [file, name] : {std::pair("ua.key", &pair_.ua), {"gw.key", &pair_.gateway}}) {
    const auto& seed = command_.registry->entry(name->name).entity.seed;
    TRY_VOID(write_file_atomic(folder_ + "/" + file, to_hex(Bytes(*seed)) + "\n", 0600));
  }
  TRY_VOID(write_file_atomic(folder_ + "/gateway.toml", fill(settings_text(step), step)));
  std::string flight = "t_s,lat,lon,alt_m,height_m,speed_mps,track_deg,vspeed_mps,status\n";
  for (int t = 0; t < kFlightSeconds; ++t) {
    flight += std::to_string(t) + ",47.39" + std::to_string(10'000 + t * 10) + ",8.54,455,10,5,0,0,airborne\n";
  }
  return write_file_atomic(folder_ + "/flight.csv", flight);
}

// An aircraft in the air beside the gateway, or a flight controller on its other side.
Status SpPlayer::start_feed(const Step& step) {
  TRY(port, free_port());
  live_port_ = port;
  FeedParts parts;
  parts.kind = step.value("live") == "mavlink" ? FeedKind::mavlink : FeedKind::packs;
  parts.to = loopback(1, port);
  parts.aircraft = pair_.ua;
  if (step.has("mixed")) parts.stranger = stranger(pair_.ua.det.raa(), pair_.ua.det.hda(), random_);
  parts.place = profile().place;
  TRY(feed, Feed::start(std::move(parts)));
  feed_ = std::move(feed);
  return {};
}

Status SpPlayer::launch(const Step& step) {
  TRY_VOID(prepare());
  if (step.given("live")) TRY_VOID(start_feed(step));
  TRY_VOID(write_files(step));
  const bool setup = step.has("setup");
  if (setup && command_.setup.empty()) return Status::failed("no --setup-command is given");
  const std::string& command = setup ? command_.setup : step.given("live") ? command_.live : command_.fly;
  TRY(process, Process::start({"/bin/sh", "-c", "exec " + fill(command, step)}, folder_ + "/gateway.log"));
  process_ = std::move(process);
  if (!setup) return {};
  Step exit;
  exit.words = {"exit"};
  return expect_exit(exit);
}

Status SpPlayer::expect_exit(const Step& step) {
  TRY(within, duration(step, "within", "20"));
  const Tick until = now().tick + std::min(within, kExitMax);
  pump(until, [&] { return !process_->running(); });
  if (process_->running()) return Status::failed("the gateway still runs after " + std::to_string(within.seconds()) + " s");
  if (process_->never_ran()) return Status::failed(kNeverRan + process_->last_line());
  const int status = *process_->status();
  if (step.has("failed") && status == 0) return Status::failed("the gateway ended with status 0, as if nothing had failed");
  if (!step.has("failed") && !step.has("any") && status != 0) return Status::failed("the gateway ended with status " + std::to_string(status) + ": " + process_->last_line());
  return {};
}

// Asks the gateway to end its flight, as Ctrl-C does.
Status SpPlayer::stop(const Step&) {
  if (process_) process_->signal(SIGINT);
  return {};
}

// Was our DNS asked for these types at the name of the provider? And first for those that stand first in `order`?
Status SpPlayer::asked(const Step& step) {
  const std::string name = det::owner_name(providers_["a"].det);
  std::string types = step.value("types", step.value("order"));
  const auto questions = dns_->questions();
  auto before = questions.begin();
  while (!types.empty()) {
    const size_t comma = std::min(types.find(','), types.size());
    const int type = std::stoi(types.substr(0, comma));
    types.erase(0, std::min(comma + 1, types.size()));
    const auto count = std::count_if(questions.begin(), questions.end(), [&](const auto& each) { return each.name == name && each.type == type; });
    const int least = std::stoi(step.value("least", "1"));
    if (count < least) return Status::failed("DNS was asked " + std::to_string(count) + " times for type " + std::to_string(type) + " of " + name + ", at least " + std::to_string(least) + " are due");
    const auto first = std::find_if(questions.begin(), questions.end(), [&](const auto& each) { return each.name == name && each.type == type; });
    if (step.given("order") && first < before) return Status::failed("DNS was asked for type " + std::to_string(type) + " too early");
    before = first;
  }
  return {};
}

Status SpPlayer::said(const Step&) {
  return process_ && !process_->last_line().empty() ? Status() : Status::failed("the gateway said nothing of why it does not start");
}

StatusOr<std::string> SpPlayer::failure_of(const std::string& mood) {
  Step each;
  each.words = {mood};
  dns_.reset();
  sockets_.clear();
  TRY_VOID(dns(each));
  TRY_VOID(launch(Step()));
  Step exit;
  exit.words = {"exit", "failed"};
  TRY_VOID(expect_exit(exit));
  std::string line = process_->last_line();
  // Times and addresses differ in any case; the words must.
  line.erase(std::remove_if(line.begin(), line.end(), [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }), line.end());
  return line;
}

// each way to fail is told apart.
Status SpPlayer::distinct(const Step& step) {
  std::map<std::string, std::string> seen;
  for (const std::string& mood : step.words) {
    const auto line = failure_of(mood);
    if (!line.ok()) return Status::failed(mood + ": " + line.text());
    const auto [at, fresh] = seen.emplace(*line, mood);
    if (!fresh) return Status::failed(mood + " and " + at->second + " end in the same words: " + *line);
  }
  return {};
}

Status SpPlayer::finish() {
  Status out;
  if (process_) {
    process_->stop(SIGTERM, milliseconds(100));
    if (process_->never_ran()) out = Status::failed(kNeverRan + process_->last_line());  // what a silent gateway does well is not its doing
  }
  process_.reset();
  feed_.reset();
  return out;
}

}  // namespace nrid::conform
