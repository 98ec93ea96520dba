// The gateway's sockets: the ways to the provider, and the one on which a flight controller or a receiver is heard.
#pragma once

#include <memory>
#include <vector>

#include "apps/gateway/settings.h"
#include "nrid/udp_port.h"

namespace nrid::gateway {

class Network {
 public:
  // The Status names the uplink. `clock` is borrowed.
  static StatusOr<std::unique_ptr<Network>> open(const GatewaySettings& settings, const Address& provider, const Clock& clock);

  Uplinks& uplinks() { return *uplinks_; }
  // Until something can be received on any socket, or `wait` is over. `input` may be null.
  void wait(const UdpPort* input, Duration wait);

 private:
  std::unique_ptr<Uplinks> uplinks_;
  std::vector<int> fds_;
};

// The same without a way to the provider.
void wait_for(const std::vector<int>& fds, Duration wait);

}  // namespace nrid::gateway
