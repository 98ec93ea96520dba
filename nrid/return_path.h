// Where Heartbeats go (nrid.md ): the source of the newest authenticated packet, the one before it for two more
// Heartbeats, and for each a ledger that keeps what we send to an unproven address under three times what it sent us.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/clock.h"
#include "nrid/reply.h"

namespace nrid {

struct ReturnPath {
  ReplyPath to;
  uint64_t received = 0;               // octets of authenticated datagrams
  uint64_t sent = 0;
  bool proven = false;                 // echoed the token of a CON Heartbeat, or our Echo value
  std::optional<std::array<uint8_t, 8>> token;
  Tick authenticated;
  int farewell = 0;                    // Heartbeats still due to an old address

  static constexpr uint64_t kFactor = 3;
  bool allows(size_t octets) const { return proven || sent + octets <= kFactor * received; }
};

class ReturnPaths {
 public:
  // An authenticated datagram came. The address moves only when it is newer than all before.
  // `proven`: it showed that its sender receives there.
  void heard(const ReplyPath& from, size_t octets, bool newer, bool proven, Tick now);
  // The path that answers go to for a datagram from `from`: its own, whether it moved the address or not.
  ReturnPath* find(const ReplyPath& from);
  ReturnPath* current() { return current_ ? &*current_ : nullptr; }
  // Old address, as long as Heartbeats are due to it.
  ReturnPath* previous() { return previous_ && previous_->farewell > 0 ? &*previous_ : nullptr; }
  void prove(const Address& peer, Bytes token);
  // The old address still sends copies of what is accepted: it stays for two more Heartbeats.
  void heard_copy(const ReplyPath& from, Tick now);

 private:
  std::optional<ReturnPath> current_;
  std::optional<ReturnPath> previous_;
};

}  // namespace nrid
