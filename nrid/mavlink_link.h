// A flight controller on the other end of a UDP port. It need not know us: we learn its address from its HEARTBEAT, listen to
// what it says anyway, and answer once a second with our HEARTBEAT and with ARM_STATUS, so that it arms only when the provider
// knows of the flight. Who may say what: positions and Basic ID come from the one vehicle; operator, purpose and System from
// the vehicle or from a ground station; a Remote ID transmitter's own messages are an echo and are ignored, what it received
// is taken only from the transmitter that the settings name.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "nrid/datagram_port.h"
#include "nrid/gateway.h"
#include "nrid/live_source.h"
#include "rid/mavlink.h"

namespace nrid {

struct MavlinkPolicy {
  uint8_t vehicle = 0;                      // system id; 0: the first vehicle that speaks
  std::string received_from;                // id_or_mac, hex, of a transmitter whose received messages are the flight's
};

struct ArmWord {                            // what ARM_STATUS says
  bool good = false;
  std::string reason;                       // at most 50 octets leave
};
// Good once the provider has said that nothing is missing, and while it is heard. No status: the operation has not begun.
ArmWord arm_word(const GatewayStatus& status);

class MavlinkLink {
 public:
  // Both borrowed.
  MavlinkLink(DatagramPort& port, LiveSource& source, MavlinkPolicy policy);

  // Reads what is there, and says what is due. Returns when it has to say something again.
  Tick step(Now now, const ArmWord& word);

  bool heard() const { return controller_.has_value(); }
  std::string peer() const { return controller_ ? to_text(*controller_) : "nobody yet"; }
  uint64_t frames() const { return frames_; }
  uint64_t passed_over() const { return passed_over_; }  // messages that are none of ours
  uint64_t refused(Error error) const { return refused_[static_cast<size_t>(error)]; }
  uint64_t refused_sum() const;

 private:
  void read(const Received& datagram, Now now);
  Error on_message(const rid::mavlink::Message& message, const Address& peer, Now now);
  Error on_heartbeat(const rid::mavlink::Message& message, const Address& peer, Now now);
  Error on_drone_id(const rid::mavlink::Message& message, Now now);
  Error on_position(const rid::mavlink::Message& message, Now now);
  // May this component say this? Error::foreign_source.
  Error judge(const rid::mavlink::Message& message) const;
  void say(rid::mavlink::Message message);

  DatagramPort& port_;
  LiveSource& source_;
  MavlinkPolicy policy_;
  std::optional<Address> controller_;
  std::optional<uint8_t> vehicle_;
  std::array<bool, 256> stations_{};        // system ids that called themselves MAV_TYPE_GCS
  std::optional<rid::mavlink::Message> gps_;
  Tick gps_heard_;
  std::optional<int64_t> boot_us_;          // wall time of the vehicle's boot, by its SYSTEM_TIME
  uint8_t sequence_ = 0;
  Tick next_word_;
  uint64_t frames_ = 0, passed_over_ = 0;
  std::array<uint64_t, static_cast<size_t>(Error::count_)> refused_{};
};

}  // namespace nrid
