// A DatagramPort over a UDP socket: recvmmsg and sendmmsg, IPv4 or IPv6, several sockets on one port (SO_REUSEPORT) so
// that each verify worker has its own. Datagrams that the kernel had to drop are counted by it and read here. A wildcard
// address (0.0.0.0, ::) stands for several: each datagram says which one it came to, so that its answer leaves from there;
// a gateway behind a NAT or a firewall would not see it otherwise.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "nrid/datagram_port.h"

namespace nrid {

class UdpPort final : public DatagramPort {
 public:
  static constexpr size_t kBatchMax = 64;
  static constexpr int kReceiveBuffer = 4 * 1024 * 1024;  // octets: some 6,500 reports of 330 to 420 octets, each charged with its kernel buffer

  // One socket; port 0 takes any free one. "127.0.0.1:5683: another process holds this port".
  static StatusOr<std::unique_ptr<UdpPort>> open(const Address& address);
  // The same, speaking through one network interface only: "UDP 0.0.0.0:0 through wwan7: No such device".
  static StatusOr<std::unique_ptr<UdpPort>> open(const Address& address, const std::string& interface);
  // `count` sockets on one port, which the kernel shares out by flow. The first is bound without SO_REUSEPORT, so that
  // another process on this port is an error and not a silent partner.
  // `receive_buffer` octets of room for what waits in the kernel; without the right to force it (CAP_NET_ADMIN) no more than
  // net.core.rmem_max. What one sender sent in a row these may get from the kernel as one piece (UDP_GRO) and cut into its datagrams, each
  // as it was on the wire: who waits for one uses wait(), which knows of those that are still to be given out.
  static StatusOr<std::vector<std::unique_ptr<UdpPort>>> open_shared(const Address& address, size_t count, int receive_buffer = kReceiveBuffer);

  ~UdpPort() override;
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;

  Address local() const override { return local_; }
  size_t receive(std::span<Received> out) override;
  size_t send(std::span<const Outgoing> datagrams) override;
  void wait(Duration wait) override;
  bool filling() const override;         // asks the kernel
  // What the kernel dropped because the buffer was full, until now: datagrams, and one for a piece of many. Asks the kernel; any thread.
  uint64_t kernel_drops() const;
  int receive_buffer() const;            // octets that the kernel granted
  int fd() const { return fd_; }

 private:
  struct Buffers;
  static StatusOr<std::vector<std::unique_ptr<UdpPort>>> open_all(const Address& address, size_t count, int receive_buffer, bool joined);
  void fill(Buffers& into, size_t pieces_max);
  UdpPort(int fd, bool v4, const Address& local);

  const int fd_;
  const bool v4_;
  const Address local_;
  const bool wildcard_;
  // What is given out stays in place until the next receive(): that one may empty the one and fill the other.
  std::array<std::unique_ptr<Buffers>, 2> buffers_;
  size_t current_ = 0;
};

}  // namespace nrid
