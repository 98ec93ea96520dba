// The subcommands of nrid-gateway; each returns the exit status.
#pragma once

#include <string>

#include "apps/gateway/settings.h"

namespace nrid::gateway {

// 0 flown, end acknowledged; 1 pre-flight or configuration; 2 start failed; 3 provider lost, or it ended the operation;
// 4 end not acknowledged.
inline constexpr int kFlown = 0, kNotReady = 1, kStartFailed = 2, kProviderLost = 3, kEndUnacknowledged = 4;

struct FlyOptions {
  std::string config;
  std::string flight;                      // a flight file; or one of the next two
  bool mavlink = false;
  bool packs = false;
  std::string name;
  double speed = 1;
  bool loop = false;
  bool json = false;
  TransportChoice transport = TransportChoice::as_set;
};

int fly(const FlyOptions& options);
int check(const std::string& config);
// Completes a hash with our own HID; `own` is the gateway's DET or a settings file that names it.
int configure(const std::string& config, const std::string& sp);

}  // namespace nrid::gateway
