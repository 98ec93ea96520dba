// Where the flight comes from: a file, or a socket on which an aircraft is heard. Joins source and link for `fly`.
#pragma once

#include <memory>

#include "apps/gateway/fly.h"
#include "apps/gateway/report.h"
#include "nrid/file_source.h"
#include "nrid/live_source.h"
#include "nrid/mavlink_link.h"
#include "nrid/pack_link.h"
#include "nrid/udp_port.h"

namespace nrid::gateway {

class Input {
 public:
  // Reads the file or opens the socket; completes `settings.aircraft` with what a file says of it.
  static StatusOr<std::unique_ptr<Input>> open(const FlyOptions& options, GatewaySettings& settings);

  // Once, before anything else: the aircraft that signs is borrowed.
  void make_source(Aircraft& aircraft, const FlyOptions& options, const GatewaySettings& settings, std::function<void()> on_lap);
  FlightSource& source() { return file_ ? static_cast<FlightSource&>(*file_) : *live_; }

  // Reads what is there and tells a flight controller how it stands.
  void step(Now now, const ArmWord& word);
  bool ready(Now now) const { return !live_ || live_->ready(now); }
  const UdpPort* port() const { return port_.get(); }
  void describe(InputStatus& out) const;
  std::string waits_for() const;           // a sentence for the operator

 private:
  std::optional<Flight> flight_;
  std::unique_ptr<UdpPort> port_;
  std::unique_ptr<FileSource> file_;
  std::unique_ptr<LiveSource> live_;
  std::unique_ptr<MavlinkLink> mavlink_;
  std::unique_ptr<PackLink> packs_;
};

}  // namespace nrid::gateway
