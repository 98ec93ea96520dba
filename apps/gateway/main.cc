// nrid-gateway: the UAS side of Net-RID. Flies a flight file as aircraft and ground station in one process.
#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "apps/gateway/fly.h"
#include "base/det.h"

int main(int argc, char** argv) {
  using namespace nrid::gateway;
  CLI::App app{"Net-RID gateway: signs, sends and obeys, from a flight controller or a flight file to a service provider"};
  app.set_version_flag("--version", NRID_VERSION);
  bool reference = false;
  app.add_flag("--settings", reference, "print every setting with its unit, range and default");
  app.require_subcommand(0, 1);

  FlyOptions options;
  bool plain = false, schc = false;
  auto* fly_command = app.add_subcommand("fly", "pre-flight checks, then the flight; exit 0 flown, 1 not ready, 2 start failed, 3 provider lost, 4 end not acknowledged");
  fly_command->add_option("--config", options.config, "settings file")->required();
  auto* source = fly_command->add_option_group("source", "where the flight comes from");
  source->add_option("--flight", options.flight, "a flight file, .csv or .kml");
  source->add_flag("--mavlink", options.mavlink, "a flight controller's MAVLink over UDP (live.mavlink)");
  source->add_flag("--packs", options.packs, "Broadcast Remote ID packs over UDP (live.packs)");
  source->require_option(1);
  fly_command->add_option("--name", options.name, "which flight of the file: name, or number from 1");
  fly_command->add_option("--speed", options.speed, "flight seconds per second")->check(CLI::Range(0.1, 100.0))->check([](const std::string& text) {
    return std::isnan(std::strtod(text.c_str(), nullptr)) ? "nan is no speed" : std::string();  // the range lets it pass
  });
  fly_command->add_flag("--loop", options.loop, "fly again and again until interrupted");
  fly_command->add_flag("--json", options.json, "one JSON object per second and event on standard output");
  auto* schc_flag = fly_command->add_flag("--schc", schc, "SCHC-compressed CoAP, whatever the settings say");
  fly_command->add_flag("--plain", plain, "plain CoAP, whatever the settings say")->excludes(schc_flag);

  std::string check_config;
  auto* check_command = app.add_subcommand("check", "pre-flight checks only: DNS, endorsement, address");
  check_command->add_option("--config", check_config, "settings file")->required();

  std::string own, own_det, sp_hash, sp_det;
  auto* configure_command = app.add_subcommand("configure", "complete the provider's DET from its hash, for the settings file");
  auto* hash_option = configure_command->add_option("--sp-hash", sp_hash, "last 64 bits of its DET, 16 hex digits; the full DET works too");
  configure_command->add_option("--sp-det", sp_det, "its full DET")->excludes(hash_option);
  auto* own_option = configure_command->add_option("--config", own, "settings file that names our own DET");
  configure_command->add_option("--det", own_det, "our own DET, in place of a settings file")->excludes(own_option);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kNotReady;
  }
  if (reference) {
    std::printf("%s", nrid::settings_reference(gateway_setting_rows()).c_str());
    return 0;
  }
  options.transport = plain ? TransportChoice::plain : schc ? TransportChoice::schc : TransportChoice::as_set;
  if (*fly_command) return fly(options);
  if (*check_command) return check(check_config);
  if (*configure_command) {
    const std::string& sp = sp_hash.empty() ? sp_det : sp_hash;
    if (!own_det.empty() && !nrid::det_from_text(own_det)) {
      std::fprintf(stderr, "nrid-gateway: --det %s is neither 32 hex digits nor an IPv6 address\n", own_det.c_str());
      return kNotReady;
    }
    if (own.empty()) own = own_det;
    if (sp.empty() || own.empty()) {
      std::fprintf(stderr, "nrid-gateway: configure needs --sp-hash or --sp-det, and --config or --det for our own DET\n");
      return kNotReady;
    }
    return configure(own, sp);
  }
  std::printf("%s", app.help().c_str());
  return kNotReady;
}
