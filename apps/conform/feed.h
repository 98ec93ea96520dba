// What an aircraft says to a gateway while it flies: packs that it signed, as a receiver hands them on, or a flight controller's
// MAVLink; twice a second, in a thread of its own, until the object ends. It keeps what it said, for who judges what became of it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "apps/conform/identities.h"
#include "nrid/region.h"
#include "nrid/udp_port.h"

namespace nrid::conform {

enum class FeedKind : uint8_t { packs, mavlink };

struct FeedParts {
  FeedKind kind = FeedKind::packs;
  Address to;
  Identity aircraft;
  std::optional<Identity> stranger;                    // whose packs are heard too, between those of the aircraft
  GeoPoint place;
};

class Feed {
 public:
  static StatusOr<std::unique_ptr<Feed>> start(FeedParts parts);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Of the aircraft alone, octet for octet and exactly. Any thread.
  bool said(Bytes pack) const;
  bool said(const GeoPoint& place) const;

 private:
  Feed(FeedParts parts, std::unique_ptr<UdpPort> port);
  void run();
  void say_pack(const Identity& signer, int number);
  void say_mavlink(int number);
  void send(Bytes octets);

  const FeedParts parts_;
  std::unique_ptr<UdpPort> port_;
  mutable std::mutex mutex_;
  std::vector<Buffer> packs_;                          // bounded by the length of a case
  std::vector<GeoPoint> places_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace nrid::conform
