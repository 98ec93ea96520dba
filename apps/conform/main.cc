// nrid-conform: judges an implementation of the protocol from outside, by its datagrams alone. Exit status: 0 every case that
// was run passed, 1 some failed, 2 could not run.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "apps/conform/session.h"

int main(int argc, char** argv) {
  using namespace nrid::conform;
  CLI::App app{"Net-RID conformance: plays the UAS against a service provider, and the provider against a gateway"};
  app.set_version_flag("--version", NRID_VERSION);
  app.require_subcommand(0, 1);
  Options options;
  bool settings = false, list = false, steps = false, requirements = false;
  app.add_flag("--self", options.self, "start our own nridd and nrid-gateway and run every case against them");
  app.add_flag("--settings", settings, "print every row of the profile file with its unit, range and default");
  app.add_flag("--list", list, "every case with the sentence of its requirement");
  app.add_flag("--steps", steps, "with --list: the steps too");
  app.add_flag("--requirements", requirements, "every requirement with its cases");
  const auto shared = [&](CLI::App* command) {
    command->add_option("--profile", options.profile, "TOML file with the timers and constants to judge by");
    command->add_option("--case", options.cases, "only these: C-022 takes C-022a, C-022b ...");
    command->add_option("--junit", options.junit, "JUnit XML into this file");
    command->add_option("--evidence", options.evidence, "the packets of every case into this folder");
    command->add_option("--jobs", options.jobs, "cases at once")->check(CLI::Range(1, 256));
    command->add_flag("--quick", options.quick, "leave out the cases that take more than half a minute each");
    command->add_flag("--quiet", options.quiet, "no packets of failed cases on standard output");
  };
  shared(&app);
  app.add_option("--server", options.server_program, "with --self: another nridd");
  app.add_option("--gateway", options.gateway_program, "with --self: another nrid-gateway");
  std::string role;
  app.add_option("--role", role, "with --self: sp or gateway alone")->check(CLI::IsMember({"sp", "gateway"}));

  auto* sp = app.add_subcommand("sp", "play the UAS against a service provider");
  sp->add_option("--address", options.address, "IP address of the provider")->required();
  sp->add_option("--identities", options.identities, "folder that `nrid zone make` wrote: pairs uaN and gwN that the provider trusts")->required();
  sp->add_option("--sp-det", options.sp, "DET of the provider, or its name in the folder; the first of type sp otherwise");
  sp->add_option("--port", options.port, "UDP port of plain CoAP")->check(CLI::Range(1, 65535));
  sp->add_option("--schc-port", options.schc_port, "UDP port of SCHC-compressed CoAP")->check(CLI::Range(1, 65535));
  sp->add_option("--restart-command", options.restart_command, "kills the provider and starts it again; for C-021");
  shared(sp);

  auto* gateway = app.add_subcommand("gateway", "play the provider and DNS against a gateway");
  gateway->add_option("--gateway-command", options.gateway_command, "command that flies; {config} {flight} and the rest stand in docs/conform.md")->required();
  gateway->add_option("--setup-command", options.setup_command, "command that only sets the gateway up; for C-005b");
  gateway->add_option("--live-command", options.live_command, "command that flies as {source}, packs or mavlink, on {live_port} says; for C-056Gb to e");
  shared(gateway);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kCouldNotRun;
  }
  options.role = *sp ? "sp" : *gateway ? "gateway" : role;
  if (settings) return print(profile_reference());
  if (list) return print(list_text(options, steps));
  if (requirements) return print(requirement_table());
  const bool own_word = !options.server_program.empty() || !options.gateway_program.empty() || !role.empty();
  if ((options.self && (*sp || *gateway)) || (!options.self && own_word)) {
    std::fprintf(stderr, "nrid-conform: --self, with --server, --gateway and --role, runs programs of this machine; sp and gateway judge another's: one of the two\n");
    return kCouldNotRun;
  }
  if (!options.self && !*sp && !*gateway) {
    std::fprintf(stderr, "nrid-conform: sp, gateway or --self is wanted (--help says more)\n");
    return kCouldNotRun;
  }
  return run(options);
}
