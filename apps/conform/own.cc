#include "apps/conform/own.h"

#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "base/file.h"
#include "det/det.h"

namespace nrid::conform {
namespace {

constexpr Duration kReadyMax = seconds(15);

std::string seconds_text(Duration time) { return std::to_string(static_cast<double>(time.us) / 1e6); }

size_t count_of(std::string_view text, std::string_view what) {
  size_t out = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++out;
  return out;
}

std::string toml_text(const std::string& text) { return "\"" + text + "\""; }

// Who may speak for whom: every gateway for its own aircraft, and for the one that no key is known of.
std::string gateways(const MadeRegistry& registry) {
  std::string out;
  const Det linkless = registry.all.special.find("linkless")->second.det;
  for (const Pair& pair : registry.all.pairs) {
    for (const Det& ua : {pair.ua.det, linkless}) out += (out.empty() ? "" : ", ") + toml_text(to_hex(pair.gateway.det) + " -> " + to_hex(ua));
  }
  return out;
}

}  // namespace

std::string_view own_profile() {
  return "[timers]\nheartbeat = 1\nresend_after = 2\nheartbeat_timeout = 3\nsilent_heartbeats = 3\ntry_interval = 1\nabandon = 5\n"
         "[implementation]\nconformance = true\naccept_hids = true\nself_id = true\necho = true\n"
         "[peers]\nplace = \"49.5,8.54\"\nnarrow_place = \"51.5,8.54\"\nhysteresis = 3\n";
}

DnsZone provider_zone(const MadeRegistry& registry) {
  DnsZone zone = zone_of(registry.entries);
  for (auto& [name, records] : zone_of(registry.foreign)) zone.emplace(name, std::move(records));
  zone[det::owner_name(registry.all.special.find("silent")->second.det)].mood = DnsMood::silent;
  for (const char* const name : {"unpublished", "linkless"}) zone.erase(det::owner_name(registry.all.special.find(name)->second.det));
  det::IpAddress loopback;
  det::address_from_text("127.0.0.1", loopback);
  set_addresses(zone, registry.all.sp.det, {loopback});
  return zone;
}

// As the profile says, but for what a hook (kHooks) changes.
Status OwnProvider::write_settings(std::string_view hook) {
  const bool rotated = hook == "rotate" || hook == "retire";
  const Identity& sp = rotated ? parts_.registry.all.special.find("next")->second : parts_.registry.all.sp;
  const Profile& profile = parts_.profile;
  for (const char* const name : {"sp", "next"}) {
    TRY_VOID(write_file_atomic(parts_.folder + "/" + name + ".key", to_hex(Bytes(*parts_.registry.entry(name).entity.seed)) + "\n", 0600));
  }
  TRY(peers, own_peer_file(profile, parts_.registry, hook == "crowd"));
  TRY_VOID(write_file_atomic(parts_.folder + "/peers.json", peers));
  std::string out = "[server]\naddress = \"127.0.0.1\"\nport = " + std::to_string(target_.plain.port) + "\nschc_port = " + std::to_string(target_.schc.port) +
                    "\nrules = " + toml_text(parts_.rules_file) + "\ndet = " + toml_text(to_hex(sp.det)) + "\nkey_file = \"" + (rotated ? "next" : "sp") + ".key\"\naircraft_max = 1000\n";
  out += parts_.small ? "" : "workers = 2\nshards = 2\n";
  if (hook == "rotate") out += "former_det = " + toml_text(to_hex(parts_.registry.all.sp.det)) + "\nformer_key_file = \"sp.key\"\n";
  out += "[dns]\nservers = [" + toml_text(to_text(dns_->address())) + "]\n";
  out += "[trust]\nanchors = [" + toml_text(parts_.registry.anchor) + "]\n";
  out += "[policy]\ngateways = [" + gateways(parts_.registry) + "]\n";
  if (profile.accept_hids) out += "accept_hids = [\"" + std::to_string(sp.det.raa()) + "/" + std::to_string(sp.det.hda()) + "\"]\n";
  out += std::string("required = [\"basic\", \"location\", \"system\", \"operator\"") + (profile.self_id ? ", \"self\"]\n" : "]\n");
  out += std::string("conformance = ") + (profile.conformance ? "true\n" : "false\n");
  out += std::string("allow_c2_origin = ") + (profile.c2_origin ? "true\n" : "false\n");
  out += "rate_burst = " + std::to_string(profile.rate_burst) + "\n";
  out += "[timers]\nheartbeat = " + seconds_text(profile.heartbeat * (hook == "retime" ? 2 : 1)) + "\nsilent_heartbeats = " + std::to_string(profile.silent_heartbeats) +
         "\nresend_after = " + seconds_text(profile.resend_after) + "\nheartbeat_timeout = " + seconds_text(profile.heartbeat_timeout) +
         "\nabandon = " + seconds_text(profile.abandon) + "\nskew = " + seconds_text(profile.skew) + "\nlifetime = " + seconds_text(profile.lifetime) + "\n";
  out += "[peers]\nfile = \"peers.json\"\nhysteresis = " + seconds_text(profile.hysteresis) + "\nhold_down = " + seconds_text(profile.hold_down) + "\n";
  out += "[web]\naddress = \"127.0.0.1\"\nport = 0\n";
  // The program may stand elsewhere than its page: the mutants of our own tests do.
  if (const std::string page = installed_file("page"); !page.empty()) out += "page = " + toml_text(page) + "\n";
  return write_file_atomic(parts_.folder + "/nridd.toml", out);
}

Status OwnProvider::launch() {
  TRY(process, Process::start({parts_.program, "--config", parts_.folder + "/nridd.toml"}, parts_.folder + "/nridd.log"));
  process_ = std::move(process);
  const SystemClock clock;
  const Tick until = clock.now().tick + kReadyMax;
  while (process_->text().find("event=ready") == std::string::npos) {
    if (process_->never_ran()) return Status::failed(parts_.program + ": no program that can be run");
    if (!process_->running()) return Status::failed(parts_.program + " ended at once: " + process_->last_line());
    if (clock.now().tick > until) return Status::failed(parts_.program + " is not ready after " + std::to_string(kReadyMax.seconds()) + " s: " + process_->last_line());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

// A hook holds when the program says that it has read its settings again.
Status OwnProvider::reload(std::string_view hook) {
  const auto said = [&] { return count_of(process_->text(), "event=reloaded"); };
  const size_t before = said();
  TRY_VOID(write_settings(hook));
  process_->signal(SIGHUP);
  const SystemClock clock;
  for (const Tick until = clock.now().tick + kReadyMax; said() == before;) {
    if (!process_->running() || clock.now().tick > until) return Status::failed(parts_.program + " does not take its new settings: " + process_->last_line());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

Status OwnProvider::prepare() {
  const MadeRegistry& registry = parts_.registry;
  TRY(dns, DnsServer::start(provider_zone(registry)));
  dns_ = std::move(dns);
  TRY(plain, free_port());
  TRY(schc, free_port());
  target_.sp = registry.all.sp;
  target_.registry = registry.all.hda;
  target_.plain = v4_address(std::array<uint8_t, 4>{127, 0, 0, 1}, plain);
  target_.schc = v4_address(std::array<uint8_t, 4>{127, 0, 0, 1}, schc);
  target_.special = registry.all.special;
  target_.raa = target_.sp.det.raa();
  target_.hda = target_.sp.det.hda();
  target_.dns = dns_.get();
  for (const char* const peer : {"sp2", "sp3", "sp4"}) target_.peers.push_back(registry.entry(peer).det);
  target_.restart = [this] {
    process_->stop(SIGKILL);
    return launch();
  };
  for (const std::string_view hook : kHooks) target_.hooks.emplace(hook, [this, hook] { return reload(hook); });
  target_.another = [this] { return another(); };
  return write_settings("");
}

// On ports, with DNS and in a folder of its own; it ends with the last pointer.
StatusOr<std::shared_ptr<const Target>> OwnProvider::another() {
  Parts parts = parts_;
  parts.small = true;
  parts.folder += "/" + std::to_string(++others_);
  if (mkdir(parts.folder.c_str(), 0700) != 0) return Status::failed(parts.folder + ": " + errno_text(errno));
  TRY(started, start(std::move(parts)));
  const std::shared_ptr<OwnProvider> own = std::move(started);
  return std::shared_ptr<const Target>(own, &own->target());
}

StatusOr<std::unique_ptr<OwnProvider>> OwnProvider::start(Parts parts) {
  std::unique_ptr<OwnProvider> out(new OwnProvider(std::move(parts)));
  TRY_VOID(out->prepare());
  TRY_VOID(out->launch());
  return out;
}

void OwnProvider::stop() {
  if (process_) process_->stop(SIGTERM);
}

}  // namespace nrid::conform
