// A sender that hands its kernel many datagrams as one piece (UDP_SEGMENT), as a gateway with many aircraft can: to see what the server saves when
// they come to it as one.
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "base/check.h"
#include "nrid/datagram_port.h"

namespace nrid::bench {

class JoinedSender {
 public:
  static constexpr size_t kDatagramsMax = 64, kOctetsMax = 65'000;  // of a piece: Linux's limit, and UDP's

  explicit JoinedSender(const Address& to) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {  // IPv4
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(to.port);
    std::memcpy(&name.sin_addr, to.ip.data() + 12, 4);
    CHECK(fd_ >= 0 && connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  }
  ~JoinedSender() { close(fd_); }
  JoinedSender(const JoinedSender&) = delete;
  JoinedSender& operator=(const JoinedSender&) = delete;

  // Those of one size that stand in a row go together.
  void send(std::span<const Buffer> datagrams) {
    while (!datagrams.empty()) {
      const size_t each = datagrams.front().size();
      piece_.clear();
      size_t count = 0;
      for (; count < std::min(datagrams.size(), kDatagramsMax) && datagrams[count].size() == each && piece_.size() + each <= kOctetsMax; ++count) {
        piece_.insert(piece_.end(), datagrams[count].begin(), datagrams[count].end());
      }
      const int segment = static_cast<int>(each);
      CHECK(setsockopt(fd_, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0);
      CHECK(::send(fd_, piece_.data(), piece_.size(), 0) == static_cast<ssize_t>(piece_.size()));
      datagrams = datagrams.subspan(count);
      ++pieces;
    }
  }
  size_t pieces = 0;

 private:
  const int fd_;
  Buffer piece_;
};

}  // namespace nrid::bench
