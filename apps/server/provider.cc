#include "apps/server/provider.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "apps/server/reports.h"
#include "base/file.h"
#include "base/log.h"

namespace nrid::provider {
namespace {

namespace fs = std::filesystem;

// Permissions, a disk that is full or read only: a file that is written knows.
Status try_to_write(const std::string& directory) {
  const std::string probe = directory + "/.nridd-" + std::to_string(getpid());
  const Status written = write_file_atomic(probe, "nridd\n");
  std::error_code ignored;
  fs::remove(probe, ignored);
  return written;
}

Status make_data_dir(const Plan& plan) {
  const std::string& directory = plan.server.data_dir;
  if (directory.empty()) return {};
  const std::string setting = plan.file.section("server").where("data_dir") + ": " + directory + ": ";
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return Status::failed(setting + error.message());
  const Status written = try_to_write(directory);
  return written.ok() ? written : Status::failed(setting + "cannot be written: " + written.text());
}

}  // namespace

Status check_data_dir(const Plan& plan) {
  // What is made for the check goes again: who checks is often not the user that the service runs as.
  std::vector<fs::path> missing;
  std::error_code ignored;
  for (fs::path at = plan.server.data_dir; !at.empty() && !fs::exists(at, ignored) && at != at.parent_path(); at = at.parent_path()) missing.push_back(at);
  const Status made = make_data_dir(plan);
  for (const fs::path& one : missing) fs::remove(one, ignored);
  return made;
}

StatusOr<Plan> read_plan(const std::string& file, std::span<const SettingInfo> known) {
  TRY(settings, Settings::load(file, known));
  TRY(server, read_server_settings(settings));
  TRY(http, web::HttpOptions::from(settings.section("web")));
  TRY(identities, read_identities(server));
  server.setup.former.assign(identities.begin() + 1, identities.end());
  if (server.rules_file.empty()) server.rules_file = installed_file("rules/nrid.json");
  if (server.rules_file.empty()) {
    return Status::failed(settings.section("server").where("rules") + ": no SCHC rule file is installed beside the program; name one");
  }
  TRY(rules, schc::load_rules_file(server.rules_file));
  TRY(peers, read_peers(server, identities));
  return Plan{std::move(settings), std::move(server), std::move(http), std::move(rules), std::move(identities),
              std::make_shared<const PeerTable>(std::move(peers))};
}

Provider::Provider(Plan plan, std::span<const SettingInfo> known, HeldClock& clock, std::vector<Module*> modules)
    : plan_(std::move(plan)), in_force_(plan_.file), known_(known), clock_(clock), modules_(std::move(modules)), hub_(counters_.add_block()) {}

Provider::~Provider() { stop(); }

Status Provider::open_ports() {
  const size_t count = static_cast<size_t>(plan_.server.workers);
  TRY(plain, UdpPort::open_shared(plan_.server.plain, count, plan_.server.receive_buffer));
  plain_ = std::move(plain);
  TRY(schc, UdpPort::open_shared(plan_.server.schc, count, plan_.server.receive_buffer));
  schc_ = std::move(schc);
  return {};
}

// resilience.md T17: the operator hears of it with the next look at the clock, a tenth of a second later at most.
void Provider::watch_clock() {
  clock_.watch([this] { return counters_.total().get(Counter::accepted); },
               [](HeldClock::Event event, Duration ahead) {
                 static constexpr std::string_view kWords[] = {"clock_stepped", "clock_step_not_followed", "clock_step_followed", "clock_returned"};
                 const bool good = event == HeldClock::Event::returned;
                 log_event(good ? LogLevel::info : LogLevel::error, kWords[static_cast<size_t>(event)], {{"machine_ahead_ms", ahead.ms()}});
               });
}

Status Provider::start() {
  watch_clock();
  TRY_VOID(make_data_dir(plan_));
  TRY(keys, Keys::open(plan_.server, clock_, random_));
  keys_ = std::move(keys);
  TRY_VOID(keys_->check(plan_.server, clock_.now()));
  health_ = std::make_unique<Health>(watched_, keys_->source(), plan_.server.setup.det);
  auto verifier = make_verifier(plan_.server.verifier, random_);
  if (!verifier.ok()) return Status::failed("verify.backend: " + verifier.text());
  verifier_ = std::move(*verifier);
  TRY_VOID(open_ports());

  host_ = std::make_unique<Host>(HostParts{clock_, hub_, caller_, counters_.add_block(), &plan_.file, plan_.server.data_dir,
                                           plan_.server.host_workers, plan_.server.setup.limits.record_ring});
  std::vector<ServerPort> ports;
  for (const auto& port : plain_) ports.push_back({port.get(), Transport::plain});
  for (const auto& port : schc_) ports.push_back({port.get(), Transport::schc});
  const auto add_key = [this](const Det& det, const PublicKey& key, Instant until) {
    const auto added = keys_->source().add_local(det, key, until);
    return added.ok() ? Status() : Status::failed(to_text(det) + ": " + std::string(info(added.error()).text));
  };
  server_ = std::make_unique<Server>(plan_.server.setup, ServerParts{clock_, random_, keys_->source(), *verifier_, *plan_.identities[0].signer, watched_,
                                                                     *host_, counters_, plan_.rules, ports, {}, add_key,
                                                                     [this](const Det& det) { keys_->source().revoke(det); }});
  server_->set_peers(plan_.peers);
  for (Module* module : modules_) server_->add(*module);
  flight_log_.watch([this] { return server_->peers(); });
  flight_log_.count_not_told([this] { return counters_.total().get(Counter::unverifiable_not_told); });
  server_->add(flight_log_);
  TRY_VOID(server_->start());
  TRY_VOID(start_web());
  keys_->run();
  keys_->source().request(plan_.server.setup.det);  // and who vouches for us: then Links of our registry's aircraft need no DNS
  server_->run();
  return {};
}

Status Provider::start_web() {
  metrics_ = std::make_unique<web::Metrics>([this] { return counters_.total(); });
  metrics_->add_gauge("parked", "datagrams that wait for a key now", [this] { return static_cast<double>(server_->parked() - server_->waiting()); });
  metrics_->add_gauge("waiting", "datagrams that wait for their signatures to be judged now", [this] { return static_cast<double>(server_->waiting()); });
  metrics_->add_gauge("operations", "open operations", [this] { return static_cast<double>(server_->operations()); });
  add_key_metrics();
  add_verifier_metrics();
  add_peer_metrics();
  metrics_->add_gauge("clock_doubt_seconds", "by how much the machine's clock is ahead of the time that we go by", [this] { return static_cast<double>(clock_.doubt().us) * 1e-6; });
  metrics_->add_gauges("thread_cpu_seconds", "seconds of processor that a thread has used since the start; process is all of them", "thread", [this] {
    auto rows = server_->thread_cpu_s();
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    rows.emplace_back("process", static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9);
    return rows;
  });
  metrics_->add_counter("kernel_dropped", "datagrams that the kernel dropped because a socket was full", [this] { return kernel_drops(); });
  for (const HostCounter& counter : host_->counters()) metrics_->add_counter(counter.name, counter.text, counter.read);

  http_ = std::make_unique<web::HttpServer>(plan_.http, hub_);
  for (const HostRoute& route : host_->routes()) http_->add_routes(route.module, {route.route});
  for (const HostPagePart& part : host_->page_parts()) http_->add_page_part(part.module, part.part);
  http_->set_metrics([this] { return metrics_->text(); });
  http_->set_health([this] { return health_->trouble(clock_.now()); });
  http_->set_log([](const std::string& what) { log_event(LogLevel::error, "http_handler_failed", {{"what", what}}); });
  return http_->start();
}

void Provider::add_key_metrics() {
  using Stats = det::DnsKeySource::Stats;
  struct Gauge { std::string_view name, text; size_t Stats::* value; };
  static constexpr Gauge kGauges[] = {
      {"keys", "keys in the cache", &Stats::keys},
      {"keys_refused", "DETs whose refusal is remembered", &Stats::negatives},
      {"keys_local", "keys registered here", &Stats::local},
      {"keys_revoked", "DETs that are revoked here", &Stats::revoked},
      {"key_lookups_open", "look-ups under way", &Stats::in_flight},
      {"keys_stored", "keys and authorities in the file that a restart reads", &Stats::stored},
  };
  struct Sum { std::string_view name, text; uint64_t Stats::* value; };
  static constexpr Sum kSums[] = {
      {"key_hits", "keys and refusals that the cache held when asked", &Stats::hits},
      {"key_misses", "DETs that the cache did not hold when asked", &Stats::misses},
      {"key_lookups", "look-ups started in DNS", &Stats::lookups},
      {"key_failures", "look-ups that brought no key", &Stats::failures},
      {"key_learned", "keys learned from an endorsement in a packet", &Stats::learned},
      {"key_evicted", "keys and refusals that made room for others", &Stats::evicted},
      {"key_stale_served", "keys served past their time because the resolver is down", &Stats::stale_served},
  };
  for (const Gauge& row : kGauges) metrics_->add_gauge(row.name, row.text, [this, value = row.value] { return static_cast<double>(keys_->source().stats().*value); });
  for (const Sum& row : kSums) metrics_->add_counter(row.name, row.text, [this, value = row.value] { return keys_->source().stats().*value; });
  metrics_->add_counter("keys_not_written", "tries to write that file that failed", [this] { return keys_->write_failures(); });
}

void Provider::add_verifier_metrics() {
  using Stats = KeyCacheStats;
  struct Row { std::string_view name, text; uint64_t Stats::* value; };
  static constexpr Row kSums[] = {
      {"verify_table_hits", "signatures of keys whose table was there", &Stats::hits},
      {"verify_table_misses", "signatures of keys without a table", &Stats::misses},
      {"verify_tables_made", "keys that got a table", &Stats::admitted},
      {"verify_tables_evicted", "tables that made room for others", &Stats::evicted},
  };
  static constexpr Row kGauges[] = {
      {"verify_tables", "keys that have a table", &Stats::keys},
      {"verify_tables_max", "keys that may have one", &Stats::keys_max},
  };
  for (const Row& row : kSums) metrics_->add_counter(row.name, row.text, [this, value = row.value] { return verifier_->key_cache().*value; });
  for (const Row& row : kGauges) metrics_->add_gauge(row.name, row.text, [this, value = row.value] { return static_cast<double>(verifier_->key_cache().*value); });
}

void Provider::add_peer_metrics() {
  metrics_->add_gauge("peers", "providers that aircraft may be sent to", [this] { return static_cast<double>(server_->peers()->peers.size()); });
  metrics_->add_gauge("peers_not_endorsed", "of them those whose endorsement does not hold now", [this] {
    const auto table = server_->peers();
    const Instant now = clock_.now().wall;
    return static_cast<double>(std::count_if(table->peers.begin(), table->peers.end(), [&](const Peer& peer) { return !peer.endorsed(now, {}); }));
  });
}

uint64_t Provider::kernel_drops() const {
  uint64_t sum = 0;
  for (const auto* ports : {&plain_, &schc_}) {
    for (const auto& port : *ports) sum += port->kernel_drops();
  }
  return sum;
}

// Validate, then swap (resilience.md T50). Settings that only a start reads are compared with those of the start, so that they
// are named until it comes.
Status Provider::reload() {
  const auto refused = [](const Status& why) {
    log_event(LogLevel::error, "reload_refused", {{"reason", why.text()}});
    return why;
  };
  auto next = read_plan(plan_.file.file(), known_);
  if (!next.ok()) return refused(next.failure());
  const std::shared_ptr<const Config> before = server_->config();
  const ServerSetup& setup = next->server.setup;
  if (before->identity(setup.det) == nullptr) {  // gateways find a new DET in DNS, or nowhere
    if (const Status status = keys_->check(next->server, clock_.now()); !status.ok()) return refused(status);
  }
  std::string changed, restart;
  for (const SettingChange& change : setting_changes(in_force_, next->file, known_)) {
    if (change.live) changed += (changed.empty() ? "" : ", ") + change.name;
  }
  for (const SettingChange& change : setting_changes(plan_.file, next->file, known_)) {
    if (!change.live) restart += (restart.empty() ? "" : ", ") + change.name;
  }
  keys_->source().revoke_listed(next->server.revoked);
  server_->reload(config_of(setup, next->identities[0].signer));
  server_->set_peers(next->peers);
  health_->become(setup.det);
  in_force_ = std::move(next->file);
  log_event("reloaded", {{"changed", changed.empty() ? "nothing" : changed}, {"wait_for_restart", restart.empty() ? "nothing" : restart}});
  return {};
}

// Pages first, so that none asks a module that has ended; then the datagrams that were received; DNS last.
void Provider::stop() {
  if (http_) http_->stop();
  if (server_) server_->stop();
}

}  // namespace nrid::provider
