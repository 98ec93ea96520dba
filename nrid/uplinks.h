// Several ways to the provider as one DatagramPort: two modems, or an interface of each kind. Failover speaks through one until
// it cannot send or the provider falls silent on it; duplicate speaks through all of them at once, and the provider counts each
// message once (nrid.md R-023). Answers are taken from every one of them. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nrid/datagram_port.h"

namespace nrid {

enum class UplinkMode : uint8_t { failover, duplicate };
std::string_view to_word(UplinkMode mode);

struct Uplink {
  std::string name;                         // as in the settings
  std::unique_ptr<DatagramPort> port;
};

struct UplinkStatus {
  std::string name;
  bool active = false;                      // failover: the one that is spoken through
  uint64_t sent = 0;
  uint64_t failed = 0;
  uint64_t received = 0;
};

class Uplinks final : public DatagramPort {
 public:
  static constexpr size_t kMax = 8;
  static constexpr Duration kSilent = seconds(7);   // longer than P, shorter than M: the next one is tried before the alarm

  // At least one, at most kMax: CHECK. `clock` is borrowed.
  Uplinks(std::vector<Uplink> links, UplinkMode mode, const Clock& clock);

  Address local() const override { return links_[active_].uplink.port->local(); }
  size_t receive(std::span<Received> out) override;
  // Counts a datagram that left by any of them.
  size_t send(std::span<const Outgoing> datagrams) override;
  void wait(Duration wait) override { links_[active_].uplink.port->wait(wait); }

  // The provider's word was accepted: the ways by which something came since the last one are good.
  void confirm();
  std::vector<UplinkStatus> status() const;
  size_t size() const { return links_.size(); }
  DatagramPort& port(size_t index) { return *links_[index].uplink.port; }
  uint64_t failovers() const { return failovers_; }

 private:
  struct Link {
    Uplink uplink;
    UplinkStatus counts;
    Tick good;                              // last confirmed, or when we turned to it
    bool spoken = false;                    // something was sent since then
    bool heard = false;                     // something came since the last confirmed word
  };
  void turn_to_next(Tick now);

  std::vector<Link> links_;
  UplinkMode mode_;
  const Clock& clock_;
  size_t active_ = 0;
  size_t next_read_ = 0;                    // where receive() goes on
  uint64_t failovers_ = 0;
};

}  // namespace nrid
