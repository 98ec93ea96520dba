// The whole service provider as one object: what main() plugs in, in the order in which it starts and, reversed, ends.
// Nothing runs and no port is held when start() fails.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/server/flight_log.h"
#include "apps/server/health.h"
#include "apps/server/keys.h"
#include "base/random.h"
#include "nrid/held_clock.h"
#include "nrid/server.h"
#include "nrid/server_settings.h"
#include "nrid/udp_port.h"
#include "web/http_caller.h"
#include "web/http_server.h"
#include "web/metrics.h"
#include "web/sse_hub.h"

namespace nrid::provider {

// Everything that the settings say and the files they name, judged before anything starts; --check-config ends here.
struct Plan {
  Settings file;
  ServerSettings server;
  web::HttpOptions http;
  schc::RuleSet rules;
  std::vector<Identity> identities;
  std::shared_ptr<const PeerTable> peers;
};
StatusOr<Plan> read_plan(const std::string& file, std::span<const SettingInfo> known);
// Is the data folder there, or can it be made, and can it be written? Leaves nothing behind.
Status check_data_dir(const Plan& plan);

class Provider {
 public:
  // `modules` in the order of their knowledge; they outlive the provider.
  Provider(Plan plan, std::span<const SettingInfo> known, HeldClock& clock, std::vector<Module*> modules);
  ~Provider();

  Status start();
  // Reads the settings file again and takes what of it may change while we run; all of it, or, when anything in the file
  // is wrong, nothing. Says in one log event what changed and what waits for a restart. Not beside start() or stop().
  Status reload();
  void stop();                          // drains; twice is allowed

  const Counters& counters() const { return counters_; }
  const Plan& plan() const { return plan_; }
  std::string_view verifier() const { return verifier_->name(); }  // after start()
  uint16_t http_port() const { return http_->port(); }
  size_t parked() const { return server_ ? server_->parked() : 0; }
  size_t operations() const { return server_ ? server_->operations() : 0; }

 private:
  Status open_ports();
  Status start_web();
  void add_key_metrics();
  void add_verifier_metrics();
  void add_peer_metrics();
  uint64_t kernel_drops() const;
  void watch_clock();

  Plan plan_;                           // as we started
  Settings in_force_;                   // as of the last reload
  const std::span<const SettingInfo> known_;
  HeldClock& clock_;
  const std::vector<Module*> modules_;
  SystemRandom random_;
  Counters counters_;
  MemoryJournal journal_;
  WatchedJournal watched_{journal_};
  web::SseHub hub_;
  web::HttpCallerCurl caller_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<Verifier> verifier_;
  std::vector<std::unique_ptr<UdpPort>> plain_, schc_;
  FlightLog flight_log_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<web::Metrics> metrics_;
  std::unique_ptr<web::HttpServer> http_;
};

}  // namespace nrid::provider
