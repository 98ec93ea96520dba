// nrid-load: how many messages a provider takes, and how long they take. Exit status: 0 everything was answered at every step,
// 1 the curve bends (the last line says where and why), 2 could not run.
#include <CLI/CLI.hpp>

#include "apps/load/run.h"
#include "apps/load/within.h"

int main(int argc, char** argv) {
  using namespace nrid::load;
  CLI::App app{"Net-RID load: an open loop of signed messages from many aircraft, in steps, and what attackers send beside them"};
  app.set_version_flag("--version", NRID_VERSION);
  Options options;
  app.add_option("folder", options.folder, "folder that --make wrote");
  app.add_option("--make", options.make, "write keys and nridd.toml into this folder, and the two commands that use them");
  app.add_option("--port", options.ports.plain, "with --make: UDP port of plain CoAP")->check(CLI::Range(1, 65535));
  app.add_option("--schc-port", options.ports.schc, "with --make: UDP port of SCHC")->check(CLI::Range(1, 65535));
  app.add_option("--http-port", options.ports.http, "with --make: TCP port of /metrics")->check(CLI::Range(1, 65535));
  app.add_option("--dns-port", options.ports.dns, "with --make: UDP port on which nrid-load answers the server's DNS questions")->check(CLI::Range(1, 65535));
  app.add_option("--address", options.address, "IP address of the server");
  app.add_flag("--allow-remote", options.allow_remote, "send load to another machine; only to one that is yours");
  app.add_option("--rate", options.rates, "messages a second of each step: 1000,2000,4000");
  app.add_option("--seconds", options.seconds, "length of a step")->check(within(1.0, 3600.0));
  app.add_option("--aircraft", options.aircraft, "how many fly")->check(CLI::Range(size_t{1}, kAircraftMax));
  app.add_option("--sockets", options.sockets, "source ports that they share")->check(CLI::Range(size_t{1}, kSocketsMax));
  app.add_flag("--schc", options.schc, "SCHC-compressed CoAP");
  app.add_option("--rules", options.rules, "SCHC rule file; otherwise the one that comes with the program");
  app.add_flag("--live", options.live, "sign each message as it leaves, not all before the run");
  app.add_flag("--poisson", options.poisson, "random gaps between messages, not even ones");
  app.add_option("--probes", options.probes, "share of messages that are confirmable, so that each is answered and timed")->check(within(0.0, 1.0));
  app.add_option("--loss", options.loss, "share of datagrams lost on purpose, both ways")->check(within(0.0, 0.9));
  app.add_option("--heartbeat", options.heartbeat, "P of the server, seconds")->check(within(1.0, 60.0));
  app.add_option("--start-rate", options.start_rate, "start messages a second")->check(within(1.0, 100'000.0));
  app.add_option("--forge-random", options.mix.forged_unknown, "forgeries a second in the name of DETs that nobody has (T19)")->check(within(0.0, kRateMax));
  app.add_option("--forge-active", options.mix.forged_active, "forgeries a second in the name of aircraft in flight, from other addresses (T20)")->check(within(0.0, kRateMax));
  app.add_flag("--forge-con", options.mix.confirmable, "forgeries are confirmable: they compete for the few answers that a provider has for strangers");
  app.add_option("--junk", options.mix.junk, "datagrams of random octets a second (T23)")->check(within(0.0, kRateMax));
  app.add_option("--rebind", options.rebind, "aircraft beside the others that take another address every 5 s (T20); steps of 6 s and more")->check(CLI::Range(size_t{0}, size_t{kRebindMax}));
  app.add_option("--storm", options.outage, "seconds of outage within each step, after which every aircraft sends five copies at once (T25)")->check(within(0.0, 600.0));
  app.add_flag("--calm-first", options.calm_first, "no attackers and no outage in the first step, to compare the others with it");
  app.add_option("--json", options.json, "results into this file");
  app.add_option("--plot", options.plot, "SVG of offered load, answers and latencies into this file");
  app.add_flag("--quiet", options.quiet, "only the last line");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kCouldNotRun;
  }
  if (options.folder.empty() == options.make.empty()) {
    std::fprintf(stderr, "nrid-load: a folder or --make FOLDER is wanted (--help says more)\n");
    return kCouldNotRun;
  }
  const auto& [plain, schc, http, dns] = options.ports;
  if (!options.make.empty() && (plain == schc || plain == dns || schc == dns)) {  // http is TCP
    std::fprintf(stderr, "nrid-load: --port %d, --schc-port %d and --dns-port %d are UDP ports of one address: each needs its own\n", plain, schc, dns);
    return kCouldNotRun;
  }
  return run(options);
}
