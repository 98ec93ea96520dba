#include "apps/conform/own.h"

#include <signal.h>

#include <thread>

#include "base/file.h"
#include "det/det.h"

namespace nrid::conform {
namespace {

constexpr Duration kReadyMax = seconds(15);

std::string seconds_text(Duration time) { return std::to_string(static_cast<double>(time.us) / 1e6); }

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// Who may speak for whom: every gateway for its own aircraft, and for the one that no key is known of.
std::string gateways(const MadeRegistry& registry) {
  std::string out;
  const Det linkless = registry.all.special.find("linkless")->second.det;
  for (const Pair& pair : registry.all.pairs) {
    for (const Det& ua : {pair.ua.det, linkless}) out += (out.empty() ? "" : ", ") + quoted(to_hex(pair.gateway.det) + " -> " + to_hex(ua));
  }
  return out;
}

}  // namespace

std::string_view own_profile() {
  return "[timers]\nheartbeat = 1\nresend_after = 2\nheartbeat_timeout = 3\nsilent_heartbeats = 3\ntry_interval = 1\nabandon = 5\n"
         "[implementation]\nconformance = true\naccept_hids = true\nself_id = true\n";
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

Status OwnProvider::write_settings() {
  const Identity& sp = parts_.registry.all.sp;
  const Profile& profile = parts_.profile;
  TRY_VOID(write_file_atomic(parts_.folder + "/sp.key", to_hex(Bytes(*parts_.registry.entry("sp").entity.seed)) + "\n", 0600));
  std::string out = "[server]\naddress = \"127.0.0.1\"\nport = " + std::to_string(target_.plain.port) + "\nschc_port = " + std::to_string(target_.schc.port) +
                    "\nrules = " + quoted(parts_.rules_file) + "\ndet = " + quoted(to_hex(sp.det)) + "\nkey_file = \"sp.key\"\nworkers = 2\nshards = 2\n";
  out += "[dns]\nservers = [" + quoted(to_text(dns_->address())) + "]\n";
  out += "[trust]\nanchors = [" + quoted(parts_.registry.anchor) + "]\n";
  out += "[policy]\ngateways = [" + gateways(parts_.registry) + "]\n";
  if (profile.accept_hids) out += "accept_hids = [\"" + std::to_string(sp.det.raa()) + "/" + std::to_string(sp.det.hda()) + "\"]\n";
  out += std::string("required = [\"basic\", \"location\", \"system\", \"operator\"") + (profile.self_id ? ", \"self\"]\n" : "]\n");
  out += std::string("conformance = ") + (profile.conformance ? "true\n" : "false\n");
  out += std::string("allow_c2_origin = ") + (profile.c2_origin ? "true\n" : "false\n");
  out += "rate_burst = " + std::to_string(profile.rate_burst) + "\n";
  out += "[timers]\nheartbeat = " + seconds_text(profile.heartbeat) + "\nsilent_heartbeats = " + std::to_string(profile.silent_heartbeats) +
         "\nresend_after = " + seconds_text(profile.resend_after) + "\nheartbeat_timeout = " + seconds_text(profile.heartbeat_timeout) +
         "\nabandon = " + seconds_text(profile.abandon) + "\nskew = " + seconds_text(profile.skew) + "\nlifetime = " + seconds_text(profile.lifetime) + "\n";
  out += "[web]\naddress = \"127.0.0.1\"\nport = 0\n";
  // The program may stand elsewhere than its page: the mutants of our own tests do.
  if (const std::string page = installed_file("page"); !page.empty()) out += "page = " + quoted(page) + "\n";
  return write_file_atomic(parts_.folder + "/nridd.toml", out);
}

Status OwnProvider::launch() {
  TRY(process, Process::start({parts_.program, "--config", parts_.folder + "/nridd.toml"}, parts_.folder + "/nridd.log"));
  process_ = std::move(process);
  const SystemClock clock;
  const Tick until = clock.now().tick + kReadyMax;
  while (process_->text().find("event=ready") == std::string::npos) {
    if (!process_->running()) return Status::failed(parts_.program + " ended at once: " + process_->last_line());
    if (clock.now().tick > until) return Status::failed(parts_.program + " is not ready after " + std::to_string(kReadyMax.seconds()) + " s: " + process_->last_line());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

StatusOr<std::unique_ptr<OwnProvider>> OwnProvider::start(Parts parts) {
  std::unique_ptr<OwnProvider> out(new OwnProvider(std::move(parts)));
  TRY(dns, DnsServer::start(provider_zone(out->parts_.registry)));
  out->dns_ = std::move(dns);
  TRY(plain, free_port());
  TRY(schc, free_port());
  Target& target = out->target_;
  target.sp = out->parts_.registry.all.sp;
  target.plain = v4_address(std::array<uint8_t, 4>{127, 0, 0, 1}, plain);
  target.schc = v4_address(std::array<uint8_t, 4>{127, 0, 0, 1}, schc);
  target.special = out->parts_.registry.all.special;
  target.raa = target.sp.det.raa();
  target.hda = target.sp.det.hda();
  target.dns = out->dns_.get();
  OwnProvider* const self = out.get();
  target.restart = [self] {
    self->process_->stop(SIGKILL);
    return self->launch();
  };
  TRY_VOID(out->write_settings());
  TRY_VOID(out->launch());
  return out;
}

void OwnProvider::stop() {
  if (process_) process_->stop(SIGTERM);
}

}  // namespace nrid::conform
