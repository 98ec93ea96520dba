// nridd: the Net-RID service provider. This file says what is plugged in, and in which order.
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

#include "apps/server/provider.h"
#include "apps/server/reports.h"
#include "base/log.h"
#include "modules/fleet/fleet.h"

namespace {

using namespace nrid;

std::vector<SettingInfo> known_settings() {
  std::vector<SettingInfo> rows;
  for (const auto part : {server_setting_rows(), web::settings_rows(), fleet::Fleet::settings_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

int failed(const Status& status) {
  std::fprintf(stderr, "nridd: %s\n", status.text().c_str());
  return 1;
}

// Every thread inherits the mask; the signals wait here for sigwait().
sigset_t block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  return ends;
}

int serve(provider::Plan plan, std::span<const SettingInfo> known) {
  const sigset_t signals = block_signals();
  SystemClock machine;
  HeldClock clock(machine);
  fleet::Fleet fleet(clock);  // in the order in which each batch is delivered
  provider::Provider provider(std::move(plan), known, clock, {&fleet});
  if (const Status status = provider.start(); !status.ok()) return failed(status);
  provider::report_ready(provider);

  int signal = 0;
  while (sigwait(&signals, &signal), signal == SIGHUP) static_cast<void>(provider.reload());  // it logs what became of it
  log_event("stopping", {{"signal", signal}});
  provider.stop();
  provider::report_stopped(provider.counters().total(), provider.parked());
  flush_log();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Net-RID service provider: signed remote identification over CoAP and SCHC"};
  app.set_version_flag("--version", NRID_VERSION);
  std::string config;
  bool reference = false;
  bool check = false;
  app.add_option("--config", config, "settings file");
  app.add_flag("--settings", reference, "print every setting with its unit, range and default");
  app.add_flag("--check-config", check, "judge the settings and the files they name, start nothing");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  const std::vector<SettingInfo> known = known_settings();
  if (reference) {
    std::printf("%s", settings_reference(known).c_str());
    return 0;
  }
  if (config.empty()) return failed(Status::failed("--config FILE is wanted (--settings prints what stands in it)"));
  auto plan = provider::read_plan(config, known);
  if (!plan.ok()) return failed(plan.failure());
  if (check) {
    if (const Status status = provider::check_data_dir(*plan); !status.ok()) return failed(status);
    std::printf("%s: good\n", config.c_str());
    return 0;
  }
  return serve(std::move(*plan), known);
}
