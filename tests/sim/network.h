// The network of the simulation: ports with addresses, and between them everything that a hostile Internet does to a datagram. A
// port behind a NAT has an outside address that changes when it is rebound; what goes to the old one is lost.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "nrid/datagram_port.h"
#include "tests/sim/faults.h"

namespace nrid::sim {

class Network;

// A socket. Its owner is woken when something has arrived, and sees each datagram that is taken out or sent.
class Port final : public DatagramPort {
 public:
  struct Letter {
    Address from;
    Buffer octets;
  };

  Port(Network& network, const Address& address);
  ~Port() override;

  Address local() const override { return address_; }
  size_t receive(std::span<Received> out) override;
  size_t send(std::span<const Outgoing> datagrams) override;
  void wait(Duration) override {}

  bool waiting() const { return !inbox_.empty(); }
  void clear() { inbox_.clear(); }

  std::function<void()> on_arrival;
  std::function<void(const Letter&)> on_taken;
  std::function<void(const Address& to, Bytes octets)> on_sent;
  bool cut = false;                    // the process behind it is gone: nothing leaves, nothing is kept

 private:
  friend class Network;
  Network& network_;
  Address address_;                    // as others see it
  std::deque<Letter> inbox_;
  std::vector<Letter> held_;           // lent out by receive() until the next one
};

class Network {
 public:
  static constexpr size_t kInboxMax = 4096;  // of a port, as a kernel's socket buffer; what is more is lost

  Network(Timeline& timeline, const Faults& faults, uint64_t seed) : timeline_(timeline), faults_(faults), dice_(seed, 2) {}

  // Straight on its way from any address that the caller likes to name, faults of the network included.
  void carry(const Address& from, const Address& to, Bytes octets) { carry(nullptr, from, to, octets); }
  // Past all faults, for attackers and for harnesses that decide everything themselves.
  void deliver_after(Duration wait, const Address& from, const Address& to, Buffer octets);

  // A NAT gives the port another outside address.
  void rebind(Port& port, const Address& to);
  // Episodes. Null: all. Dropped, or held until it is over and then let go at once.
  enum class Block : uint8_t { drop, hold };
  void block(const Port* from, const Port* to, Block how, Time until);
  // From here on nothing goes wrong any more.
  void heal();

  // Sees everything that is sent before faults meet it; true swallows it.
  std::function<bool(const Address& from, const Address& to, Bytes octets)> tap;

  struct Stats {
    uint64_t sent = 0, delivered = 0, lost = 0, duplicated = 0, corrupted = 0, reordered = 0, blocked = 0, unroutable = 0;
  };
  const Stats& stats() const { return stats_; }

 private:
  friend class Port;
  struct Blocked {
    const Port* from;
    const Port* to;
    Block how;
    Time until;
  };
  void carry(const Port* port, const Address& from, const Address& to, Bytes octets);
  void one_copy(const Port* port, const Address& from, const Address& to, Bytes octets);
  void deliver(const Address& from, const Address& to, Buffer octets);
  const Blocked* blocking(const Port* from, const Port* to);
  Port* find(const Address& address) const;

  Timeline& timeline_;
  const Faults& faults_;
  bool healed_ = false;
  Dice dice_;
  absl::flat_hash_map<Address, Port*> ports_;
  std::vector<Blocked> blocked_;
  Stats stats_;
};

}  // namespace nrid::sim
