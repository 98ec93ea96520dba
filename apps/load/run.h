// One run: sign, start the flights, step after step of load, what came of it. All that main.cc can ask for.
#pragma once

#include <string>
#include <vector>

#include "apps/load/plan.h"
#include "apps/load/result.h"

namespace nrid::load {

struct Options {
  std::string folder;
  std::string make;                        // write this folder instead of running
  Ports ports;                             // for it
  std::string address = "127.0.0.1";       // of the server
  bool allow_remote = false;
  std::string rates = "100,200,400,800";
  double seconds = 10;                     // of each step
  size_t aircraft = 2000;
  size_t sockets = 16;
  bool schc = false;
  bool live = false;                       // sign as they leave
  bool poisson = false;
  double probes = 1.0 / 16;
  double loss = 0;
  double heartbeat = 5;                    // P of the server
  double start_rate = 400;                 // starts a second
  Mix mix;
  size_t rebind = 0;                       // aircraft beside the others that change their address now and then
  bool calm_first = false;                 // no attackers and no outage in the first step
  double outage = 0;                       // seconds of silence in the middle of each step, then a storm of resends
  std::string json, plot, rules;
  bool quiet = false;
};

inline constexpr size_t kRebindMax = 1000;
inline constexpr int kDone = 0, kNotMet = 1, kCouldNotRun = 2;

int run(const Options& options);

}  // namespace nrid::load
