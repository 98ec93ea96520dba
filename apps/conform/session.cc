#include "apps/conform/session.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "apps/conform/own.h"
#include "base/file.h"

namespace nrid::conform {
namespace {

constexpr size_t kOwnPairs = 200;                      // of --self: a fresh pair for every case
std::atomic<bool> got_signal = false;

void on_signal(int) { got_signal = true; }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int complain(const std::string& text) {
  std::fprintf(stderr, "nrid-conform: %s\n", text.c_str());
  return kCouldNotRun;
}

// "C-022" selects C-022a, C-022b and so on.
bool selected(const Options& options, const Case& about) {
  return options.cases.empty() || std::any_of(options.cases.begin(), options.cases.end(), [&](const std::string& id) { return about.id.rfind(id, 0) == 0; });
}

std::vector<Case> chosen(const Options& options, Role role) {
  std::vector<Case> out;
  if (!options.role.empty() && options.role != to_word(role)) return out;
  for (const Case& each : cases_of(role)) {
    if (selected(options, each) && !(options.quick && needs(each, "slow"))) out.push_back(each);
  }
  return out;
}

// Tokens are dated ahead by half the skew at most.
Duration rest_of(const Profile& profile) { return Duration{profile.skew.us + 2'000'000}; }

StatusOr<Profile> read_profile(const Options& options) {
  if (options.profile.empty() && options.self) return parse_profile(own_profile(), "own profile");
  return load_profile(options.profile);
}

// Never silent: a provider that does not answer at all is one line, not a hundred failed cases.
Status check_alive(const Target& target) {
  TRY(port, UdpPort::open(target.plain.is_v4() ? *address_from_text("0.0.0.0:0") : Address{}));
  const Buffer ping{0x40, 0x00, 0x77, 0x77};           // RFC 7252 section 4.3: answered with RST
  const SystemClock clock;
  for (int tries = 0; tries < 4 && !got_signal; ++tries) {
    const Outgoing out{target.plain, ping};
    port->send({&out, 1});
    const Tick until = clock.now().tick + seconds(1);
    while (clock.now().tick < until && !got_signal) {
      port->wait(milliseconds(100));
      std::array<Received, 4> batch{};
      if (port->receive(batch) > 0) return {};
    }
  }
  return Status::failed("nothing answers at " + to_text(target.plain) + ": four CoAP pings were met with silence");
}

int finish(const Options& options, std::vector<Outcome> outcomes, Duration took) {
  apply_laws(outcomes);
  std::printf("%s", table_of(outcomes).c_str());
  if (!options.quiet) std::printf("%s", packets_of_failed(outcomes).c_str());
  if (!options.junit.empty()) {
    if (const Status written = write_file_atomic(options.junit, junit_of(outcomes, took)); !written.ok()) return complain(written.text());
  }
  if (!options.evidence.empty()) {
    if (const Status written = write_evidence(options.evidence, outcomes); !written.ok()) return complain(written.text());
  }
  if (got_signal) return complain("interrupted");
  bool any = false;
  for (const Outcome& each : outcomes) {
    if (each.verdict == Verdict::failed) return kSomeFailed;
    any = any || each.verdict == Verdict::passed;
  }
  return any ? kAllPassed : complain("no case could be run");
}

StatusOr<std::string> rules_file(const Profile& profile) {
  const std::string file = profile.rules.empty() ? installed_file("rules/nrid.json") : profile.rules;
  if (file.empty()) return Status::failed("no SCHC rule file is installed beside the program; the profile's coap.rules names one");
  return file;
}

StatusOr<Target> foreign_target(const Options& options, const Profile& profile, const Identities& identities) {
  Target out;
  const std::string host = options.address.find(':') != std::string::npos ? "[" + options.address + "]" : options.address;
  const auto plain = address_from_text(host + ":" + std::to_string(options.port != 0 ? options.port : profile.port));
  const auto schc = address_from_text(host + ":" + std::to_string(options.schc_port != 0 ? options.schc_port : profile.schc_port));
  if (!plain || !schc) return Status::failed("--address " + options.address + ": no IP address");
  out.sp = identities.sp;
  out.registry = identities.hda;
  out.peers = profile.peers;
  out.plain = *plain;
  out.schc = *schc;
  out.special = identities.special;
  out.raa = identities.pairs[0].ua.det.raa();
  out.hda = identities.pairs[0].ua.det.hda();
  const auto command = [](const std::string& text, const std::string& name) -> std::function<Status()> {
    return [text, name] { return std::system(text.c_str()) == 0 ? Status() : Status::failed(name + " failed"); };
  };
  if (!options.restart_command.empty()) out.restart = command(options.restart_command, "--restart-command");
  for (const auto& [name, text] : profile.hooks) out.hooks.emplace(name, command(text, "hooks." + name));
  return out;
}

int run_foreign_sp(const Options& options, const Common& common) {
  const auto identities = load_identities(options.identities, options.sp);
  if (!identities.ok()) return complain(identities.text());
  const auto target = foreign_target(options, common.profile, *identities);
  if (!target.ok()) return complain(target.text());
  if (const Status alive = check_alive(*target); !alive.ok()) return complain(alive.text());
  PairPool pool(identities->pairs, rest_of(common.profile));
  const Tick began = common.clock.now().tick;
  auto outcomes = run_all(sp_work(common, *target, pool, chosen(options, Role::sp)), options.jobs, got_signal);
  return finish(options, std::move(outcomes), common.clock.now().tick - began);
}

std::string own_program(const std::string& given, const std::string& name) { return given.empty() ? program_folder() + "/" + name : given; }

// Both roles at once: the gateways' cases wait most of the time, and so do the provider's.
int run_self(const Options& options, const Common& common, const std::string& rules) {
  SystemRandom random;
  const auto registry = make_registry(kOwnPairs, random);
  if (!registry.ok()) return complain(registry.text());
  const auto folder = TemporaryFolder::make();
  if (!folder.ok()) return complain(folder.text());
  PairPool pool(registry->all.pairs, rest_of(common.profile));
  std::vector<Work> work;
  std::unique_ptr<OwnProvider> own;
  if (options.role != "gateway") {
    auto started = OwnProvider::start({own_program(options.server_program, "nridd"), common.profile, *registry, (*folder)->path(), rules});
    if (!started.ok()) return complain(started.text());
    own = std::move(*started);
    work = sp_work(common, own->target(), pool, chosen(options, Role::sp));
  }
  const std::string gateway = "'" + own_program(options.gateway_program, "nrid-gateway") + "'";
  const GatewayCommand command{gateway + " fly --config '{config}' --flight '{flight}' --speed {speed} --{transport}", gateway + " check --config '{config}'",
                               gateway + " fly --config '{config}' --{source} --{transport}", rules, &*registry};
  for (Work& each : gateway_work(common, command, pool, (*folder)->path(), chosen(options, Role::gateway))) work.push_back(std::move(each));
  const Tick began = common.clock.now().tick;
  auto outcomes = run_all(std::move(work), options.jobs, got_signal);
  return finish(options, std::move(outcomes), common.clock.now().tick - began);
}

int run_foreign_gateway(const Options& options, const Common& common, const std::string& rules) {
  SystemRandom random;
  const auto registry = make_registry(kOwnPairs, random);
  if (!registry.ok()) return complain(registry.text());
  const auto folder = TemporaryFolder::make();
  if (!folder.ok()) return complain(folder.text());
  PairPool pool(registry->all.pairs, rest_of(common.profile));
  const GatewayCommand command{options.gateway_command, options.setup_command, options.live_command, rules, &*registry};
  const Tick began = common.clock.now().tick;
  auto outcomes = run_all(gateway_work(common, command, pool, (*folder)->path(), chosen(options, Role::gateway)), options.jobs, got_signal);
  return finish(options, std::move(outcomes), common.clock.now().tick - began);
}

}  // namespace

int print(const std::string& text) { return std::printf("%s", text.c_str()) < 0 ? kCouldNotRun : 0; }

std::string profile_reference() { return settings_reference(profile_rows()); }

std::string list_text(const Options& options, bool with_steps) {
  std::vector<std::pair<Role, Case>> all;
  for (const Role role : {Role::sp, Role::gateway}) {
    for (const Case& each : chosen(options, role)) all.emplace_back(role, each);
  }
  return list_of(all, with_steps);
}

int run(const Options& options) {
  const auto profile = read_profile(options);
  if (!profile.ok()) return complain(profile.text());
  const auto rules = rules_file(*profile);
  if (!rules.ok()) return complain(rules.text());
  const auto loaded = schc::load_rules_file(*rules);
  if (!loaded.ok()) return complain(loaded.text());
  catch_signals();
  const SystemClock clock;
  const Common common{*profile, *loaded, clock, got_signal};
  if (options.self) return run_self(options, common, *rules);
  return options.role == "gateway" ? run_foreign_gateway(options, common, *rules) : run_foreign_sp(options, common);
}

}  // namespace nrid::conform
