// One run of the tool, from its command line to its exit status.
#pragma once

#include <string>
#include <vector>

#include "apps/conform/report.h"

namespace nrid::conform {

inline constexpr int kAllPassed = 0, kSomeFailed = 1, kCouldNotRun = 2;

struct Options {
  bool self = false, quiet = false, quick = false;
  std::string role;                                    // "" with --self: both
  std::string profile, junit, evidence;
  std::vector<std::string> cases;
  size_t jobs = 48;
  // --self
  std::string server_program, gateway_program;
  // sp
  std::string address, identities, sp, restart_command;
  uint16_t port = 0, schc_port = 0;
  // gateway
  std::string gateway_command, setup_command, live_command;
};

int run(const Options& options);
int print(const std::string& text);
std::string profile_reference();
std::string list_text(const Options& options, bool with_steps);

}  // namespace nrid::conform
