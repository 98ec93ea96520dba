#include "nrid/udp_port.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/profile.h"

namespace nrid {
namespace {

constexpr size_t kControlIn = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int));  // our address, the size of joined datagrams
constexpr size_t kControlOut = CMSG_SPACE(sizeof(in6_pktinfo));
template <size_t N>
struct alignas(cmsghdr) Control {
  std::array<uint8_t, N> octets;
};

socklen_t to_socket(const Address& address, bool v4, sockaddr_storage& out) {
  std::memset(&out, 0, sizeof out);
  if (v4) {
    auto& in = reinterpret_cast<sockaddr_in&>(out);
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.ip.data() + 12, 4);
    return sizeof in;
  }
  auto& in6 = reinterpret_cast<sockaddr_in6&>(out);
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(address.port);
  in6.sin6_scope_id = address.scope;
  std::memcpy(&in6.sin6_addr, address.ip.data(), 16);
  return sizeof in6;
}

Address from_socket(const sockaddr_storage& in) {
  if (in.ss_family == AF_INET) {
    const auto& in4 = reinterpret_cast<const sockaddr_in&>(in);
    std::array<uint8_t, 4> ip;
    std::memcpy(ip.data(), &in4.sin_addr, ip.size());
    return v4_address(ip, ntohs(in4.sin_port));
  }
  const auto& in6 = reinterpret_cast<const sockaddr_in6&>(in);
  Address address;
  std::memcpy(address.ip.data(), &in6.sin6_addr, address.ip.size());
  address.port = ntohs(in6.sin6_port);
  address.scope = in6.sin6_scope_id;  // the kernel sets it for link-local addresses only
  return address;
}

bool is_wildcard(const Address& address) {
  const Address any = address.is_v4() ? v4_address(std::array<uint8_t, 4>{}, 0) : Address{};
  return address.ip == any.ip;
}

// Our address out of IP_PKTINFO or IPV6_PKTINFO (RFC 3542 section 6); all zero when it is another message.
Address local_of(const cmsghdr& c, uint16_t port) {
  if (c.cmsg_level == IPPROTO_IP && c.cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(&c), sizeof info);
    std::array<uint8_t, 4> ip;
    std::memcpy(ip.data(), &info.ipi_spec_dst, ip.size());
    return v4_address(ip, port);
  }
  Address address;
  if (c.cmsg_level == IPPROTO_IPV6 && c.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(&c), sizeof info);
    std::memcpy(address.ip.data(), &info.ipi6_addr, address.ip.size());
    address.port = port;
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.scope = info.ipi6_ifindex;
  }
  return address;
}

// The route decides on the interface, but for a link-local address. Returns the size.
size_t put_local(const Address& from, bool v4, msghdr& head, Control<kControlOut>& control) {
  control = {};
  head.msg_control = control.octets.data();
  head.msg_controllen = control.octets.size();
  cmsghdr& c = *CMSG_FIRSTHDR(&head);
  if (v4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.ip.data() + 12, 4);
    c.cmsg_level = IPPROTO_IP;
    c.cmsg_type = IP_PKTINFO;
    c.cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(&c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, from.ip.data(), 16);
  info.ipi6_ifindex = from.scope;
  c.cmsg_level = IPPROTO_IPV6;
  c.cmsg_type = IPV6_PKTINFO;
  c.cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(&c), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

Status failed(const Address& address, int code) {
  if (code == EADDRINUSE) return Status::failed("UDP " + to_text(address) + ": another process holds this port");
  return Status::failed("UDP " + to_text(address) + ": " + errno_text(code));
}

bool set_option(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value) == 0; }

// -1 and errno on failure.
std::optional<std::array<uint32_t, SK_MEMINFO_VARS>> memory_of(int fd) {
  std::array<uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0 || size <= SK_MEMINFO_DROPS * sizeof(uint32_t)) return std::nullopt;
  return info;
}

int bound_socket(const Address& address, bool v4, bool reuse_before_bind, int receive_buffer) {
  const int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer)) set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  if (is_wildcard(address)) set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
  sockaddr_storage name;
  const socklen_t size = to_socket(address, v4, name);
  const bool ok = (!reuse_before_bind || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
                  bind(fd, reinterpret_cast<const sockaddr*>(&name), size) == 0;
  if (ok) return fd;
  const int code = errno;
  close(fd);
  errno = code;
  return -1;
}

}  // namespace

// Pages that nothing was ever written to cost nothing. The odd lines keep the beginnings of all pieces out of one set of the cache.
struct UdpPort::Buffers {
  static constexpr size_t kPieceMax = 65'535, kStride = 65'536 + 7 * 64;
  struct Piece {                         // datagrams of one sender, all of `each` octets but the last, which may be shorter
    Address peer, to;
    size_t size = 0, each = 0;
  };
  std::array<std::array<uint8_t, kStride>, kBatchMax> octets;
  std::array<Control<kControlIn>, kBatchMax> control;
  std::array<sockaddr_storage, kBatchMax> peers;
  std::array<iovec, kBatchMax> parts;
  std::array<mmsghdr, kBatchMax> heads;
  std::array<Piece, kBatchMax> pieces;
  size_t count = 0, at = 0, offset = 0;  // pieces, the one that is given out, and from where on

  bool empty() const { return at == count; }
  size_t take(std::span<Received> out);
};

size_t UdpPort::Buffers::take(std::span<Received> out) {
  size_t given = 0;
  while (given < out.size() && !empty()) {
    const Piece& piece = pieces[at];
    const size_t size = std::min(piece.each, piece.size - offset);
    out[given++] = {piece.peer, Bytes(octets[at].data() + offset, std::min(size, profile::kDatagramMax + 1)), piece.to};
    offset += size;
    if (offset < piece.size) continue;
    ++at;
    offset = 0;
  }
  return given;
}

UdpPort::UdpPort(int fd, bool v4, const Address& local)
    : fd_(fd), v4_(v4), local_(local), wildcard_(is_wildcard(local)),
      buffers_{std::make_unique_for_overwrite<Buffers>(), std::make_unique_for_overwrite<Buffers>()} {}

UdpPort::~UdpPort() { close(fd_); }

StatusOr<std::unique_ptr<UdpPort>> UdpPort::open(const Address& address) {
  TRY(ports, open_all(address, 1, kReceiveBuffer, false));
  return std::move(ports.front());
}

StatusOr<std::unique_ptr<UdpPort>> UdpPort::open(const Address& address, const std::string& interface) {
  TRY(port, open(address));
  if (setsockopt(port->fd_, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), static_cast<socklen_t>(interface.size())) != 0) {
    return Status::failed("UDP " + to_text(address) + " through " + interface + ": " + errno_text(errno));
  }
  return std::move(port);
}

StatusOr<std::vector<std::unique_ptr<UdpPort>>> UdpPort::open_shared(const Address& address, size_t count, int receive_buffer) {
  return open_all(address, count, receive_buffer, true);
}

StatusOr<std::vector<std::unique_ptr<UdpPort>>> UdpPort::open_all(const Address& address, size_t count, int receive_buffer, bool joined) {
  std::vector<std::unique_ptr<UdpPort>> ports;
  const bool v4 = address.is_v4();
  Address wanted = address;
  for (size_t i = 0; i < count; ++i) {
    // Linux lets a socket join a port only if all on it have SO_REUSEPORT; the first gets it after its lonely bind.
    const int fd = bound_socket(wanted, v4, i > 0, receive_buffer);
    if (fd < 0) return failed(wanted, errno);
    if (joined) set_option(fd, IPPROTO_UDP, UDP_GRO, 1);  // a kernel that cannot hands them over one by one
    sockaddr_storage name;
    socklen_t size = sizeof name;
    getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
    wanted = from_socket(name);
    ports.push_back(std::unique_ptr<UdpPort>(new UdpPort(fd, v4, wanted)));
    if (i == 0 && count > 1 && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return failed(wanted, errno);
  }
  return ports;
}

size_t UdpPort::receive(std::span<Received> out) {
  size_t given = buffers_[current_]->take(out);
  if (given == out.size()) return given;
  if (given > 0) current_ ^= 1;
  Buffers& b = *buffers_[current_];
  fill(b, out.size() - given);
  return given + b.take(out.subspan(given));
}

// Reads up to that many pieces: fewer only when the socket has no more.
void UdpPort::fill(Buffers& b, size_t pieces_max) {
  const size_t room = std::min(pieces_max, kBatchMax);
  for (size_t i = 0; i < room; ++i) {
    b.parts[i] = {b.octets[i].data(), Buffers::kPieceMax};
    b.heads[i] = {};
    b.heads[i].msg_hdr.msg_name = &b.peers[i];
    b.heads[i].msg_hdr.msg_namelen = sizeof b.peers[i];
    b.heads[i].msg_hdr.msg_iov = &b.parts[i];
    b.heads[i].msg_hdr.msg_iovlen = 1;
    b.heads[i].msg_hdr.msg_control = b.control[i].octets.data();
    b.heads[i].msg_hdr.msg_controllen = b.control[i].octets.size();
  }
  const int count = recvmmsg(fd_, b.heads.data(), static_cast<unsigned>(room), MSG_DONTWAIT, nullptr);
  b.at = b.offset = 0;
  b.count = static_cast<size_t>(std::max(count, 0));  // nothing there, or an ICMP error of an earlier send: not ours to act on
  for (size_t i = 0; i < b.count; ++i) {
    Buffers::Piece& piece = b.pieces[i];
    piece = {from_socket(b.peers[i]), {}, b.heads[i].msg_len, b.heads[i].msg_len};
    msghdr& head = b.heads[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&head); c != nullptr; c = CMSG_NXTHDR(&head, c)) {
      if (c->cmsg_level != IPPROTO_UDP) {
        piece.to = local_of(*c, local_.port);
      } else if (c->cmsg_type == UDP_GRO) {
        int each = 0;
        std::memcpy(&each, CMSG_DATA(c), sizeof each);
        if (each > 0) piece.each = static_cast<size_t>(each);
      }
    }
  }
}

// SO_RXQ_OVFL would say so with the next datagram only, and with each of them.
uint64_t UdpPort::kernel_drops() const {
  const auto info = memory_of(fd_);
  return info ? (*info)[SK_MEMINFO_DROPS] : 0;
}

int UdpPort::receive_buffer() const {
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &value, &size);
  return value / 2;                      // the kernel doubles what is asked for, for its own bookkeeping
}

bool UdpPort::filling() const {
  const auto info = memory_of(fd_);
  return !info || (*info)[SK_MEMINFO_RMEM_ALLOC] >= (*info)[SK_MEMINFO_RCVBUF] / 2;
}

size_t UdpPort::send(std::span<const Outgoing> datagrams) {
  size_t sent = 0;
  while (!datagrams.empty()) {
    std::array<sockaddr_storage, kBatchMax> peers;
    std::array<iovec, kBatchMax> parts;
    std::array<mmsghdr, kBatchMax> heads;
    std::array<Control<kControlOut>, kBatchMax> control;
    const size_t count = std::min(datagrams.size(), kBatchMax);
    for (size_t i = 0; i < count; ++i) {
      heads[i] = {};
      heads[i].msg_hdr.msg_namelen = to_socket(datagrams[i].peer, v4_, peers[i]);
      heads[i].msg_hdr.msg_name = &peers[i];
      parts[i] = {const_cast<uint8_t*>(datagrams[i].octets.data()), datagrams[i].octets.size()};
      heads[i].msg_hdr.msg_iov = &parts[i];
      heads[i].msg_hdr.msg_iovlen = 1;
      if (!wildcard_ || datagrams[i].from == Address{}) continue;
      heads[i].msg_hdr.msg_controllen = put_local(datagrams[i].from, v4_, heads[i].msg_hdr, control[i]);
    }
    const int done = sendmmsg(fd_, heads.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    // A datagram that cannot leave (no route, a full buffer, an old ICMP error) must not hold up those behind it.
    const size_t taken = done > 0 ? static_cast<size_t>(done) : 0;
    sent += taken;
    datagrams = datagrams.subspan(taken == 0 ? 1 : taken);
  }
  return sent;
}

void UdpPort::wait(Duration wait) {
  if (!buffers_[current_]->empty()) return;
  pollfd poll_fd{fd_, POLLIN, 0};
  poll(&poll_fd, 1, static_cast<int>(std::max<int64_t>(0, wait.ms())));
}

}  // namespace nrid
