// Which of our addresses and which of our message ids a datagram carries: a socket on a wildcard address answers from where
// it was asked, and all that we send to one peer comes out of one row of ids.
#include "nrid/udp_port.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <set>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

// A connected socket hears its peer and nobody else, as a NAT or a firewall between them would have it.
class ConnectedClient {
 public:
  ConnectedClient(const char* peer, uint16_t port) {
    const bool v4 = std::strchr(peer, ':') == nullptr;
    fd_ = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in in{};
    sockaddr_in6 in6{};
    in.sin_family = AF_INET;
    in6.sin6_family = AF_INET6;
    in.sin_port = in6.sin6_port = htons(port);
    EXPECT_EQ(inet_pton(v4 ? AF_INET : AF_INET6, peer, v4 ? static_cast<void*>(&in.sin_addr) : &in6.sin6_addr), 1);
    EXPECT_EQ(v4 ? connect(fd_, reinterpret_cast<const sockaddr*>(&in), sizeof in)
                 : connect(fd_, reinterpret_cast<const sockaddr*>(&in6), sizeof in6), 0);
  }
  ~ConnectedClient() { close(fd_); }
  ConnectedClient(const ConnectedClient&) = delete;
  ConnectedClient& operator=(const ConnectedClient&) = delete;
  void say(std::string_view text) { EXPECT_EQ(send(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size())); }
  std::string hear() {
    pollfd poll_fd{fd_, POLLIN, 0};
    char text[64];
    if (poll(&poll_fd, 1, 2000) != 1) return "";
    const ssize_t size = recv(fd_, text, sizeof text, 0);
    return size < 0 ? "" : std::string(text, static_cast<size_t>(size));
  }

 private:
  int fd_ = -1;
};

// Whichever of the sockets the kernel chose for this flow answers with what it heard. Returns our address in it.
Address echo(std::span<const std::unique_ptr<UdpPort>> ports, size_t count) {
  for (int tries = 0; tries < 200; ++tries) {
    for (const auto& port : ports) {
      std::array<Received, 8> in;
      const size_t got = port->receive(in);
      if (got == 0) continue;
      EXPECT_EQ(got, count);
      std::vector<Outgoing> out;
      for (size_t i = 0; i < got; ++i) out.push_back({in[i].peer, in[i].octets, in[i].to});
      EXPECT_EQ(port->send(out), got);
      return in[0].to;
    }
    ports.front()->wait(milliseconds(10));
  }
  ADD_FAILURE() << "nothing came";
  return {};
}

void ask_from(std::span<const std::unique_ptr<UdpPort>> ports, const char* ours, const std::string& text) {
  const uint16_t port = ports.front()->local().port;
  ConnectedClient client(ours, port);
  client.say("one");
  client.say("two");
  const Address to = echo(ports, 2);
  EXPECT_EQ(to_text(to), text + ":" + std::to_string(port));
  EXPECT_EQ(client.hear(), "one") << text;
  EXPECT_EQ(client.hear(), "two") << text;
}

TEST(UdpPort, a_wildcard_answers_from_the_address_that_was_asked) {
  const auto ports = UdpPort::open_shared(*address_from_text("0.0.0.0:0"), 2);
  ASSERT_TRUE(ports.ok()) << ports.text();
  EXPECT_EQ((*ports)[0]->local().port, (*ports)[1]->local().port);
  for (const char* ours : {"127.0.0.1", "127.0.0.2", "127.1.2.3"}) ask_from(*ports, ours, ours);  // all of 127/8 is local
}

TEST(UdpPort, an_ipv6_wildcard_answers_from_the_address_that_was_asked) {
  const auto ports = UdpPort::open_shared(*address_from_text("[::]:0"), 2);
  if (!std::ifstream("/proc/net/if_inet6").good()) {  // a kernel without IPv6 says so in a sentence
    EXPECT_FALSE(ports.ok());
    EXPECT_NE(ports.text(), "");
    return;
  }
  ASSERT_TRUE(ports.ok()) << ports.text();
  ask_from(*ports, "::1", "[::1]");
  int only_v6 = 1;
  std::ifstream("/proc/sys/net/ipv6/bindv6only") >> only_v6;
  if (only_v6 == 0) ask_from(*ports, "127.0.0.2", "127.0.0.2");
}

TEST(UdpPort, a_socket_with_one_address_names_none) {
  const auto ports = UdpPort::open_shared(*address_from_text("127.0.0.2:0"), 1);
  ASSERT_TRUE(ports.ok()) << ports.text();
  ConnectedClient client("127.0.0.2", (*ports)[0]->local().port);
  client.say("one");
  EXPECT_EQ(echo(*ports, 1), Address{});
  EXPECT_EQ(client.hear(), "one");
}

TEST(UdpPort, what_finds_no_room_is_dropped_and_counted_exactly) {
  auto ports = UdpPort::open_shared(*address_from_text("127.0.0.1:0"), 1, 65'536);
  ASSERT_TRUE(ports.ok()) << ports.text();
  UdpPort& port = *ports->front();
  EXPECT_EQ(port.receive_buffer(), 65'536);
  EXPECT_EQ(port.kernel_drops(), 0u);
  const auto sender = UdpPort::open(*address_from_text("127.0.0.1:0"));
  ASSERT_TRUE(sender.ok());
  const Buffer octets(1000, 0x55);
  constexpr size_t kSent = 1000;
  EXPECT_FALSE(port.filling());
  for (size_t i = 0; i < kSent; ++i) {
    const Outgoing out{port.local(), octets};
    ASSERT_EQ((*sender)->send({&out, 1}), 1u);
    if (i < 3) {
      EXPECT_FALSE(port.filling());
    }
  }
  EXPECT_TRUE(port.filling());
  const uint64_t drops = port.kernel_drops();  // known before anything is read
  EXPECT_GT(drops, 0u);
  size_t read = 0;
  std::vector<Received> batch(UdpPort::kBatchMax);
  while (const size_t some = port.receive(batch)) read += some;
  EXPECT_GT(read, 10u);
  EXPECT_EQ(read + drops, kSent);
  EXPECT_FALSE(port.filling());
  EXPECT_EQ(port.kernel_drops(), drops);
}

// What the sender's kernel took as one piece (UDP_SEGMENT) comes as one to a socket that may have it so, and is cut again.
class Joined : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr size_t kEach = 300;
  void SetUp() override {
    auto opened = UdpPort::open_shared(*address_from_text(GetParam()), 1);
    ASSERT_TRUE(opened.ok()) << opened.text();
    port = std::move(opened->front());
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port->local().port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~Joined() override { close(fd); }
  bool join(int octets) { return setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &octets, sizeof octets) == 0; }
  void say(size_t octets) {  // each datagram is numbered
    Buffer all(octets);
    for (size_t at = 0; at < octets; ++at) {
      if (at % kEach == 0) expected.emplace_back();
      all[at] = static_cast<uint8_t>(expected.size() + at % kEach);
      expected.back().push_back(all[at]);
    }
    ASSERT_EQ(send(fd, all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
  }
  void hear(size_t at_most) {
    std::vector<Received> batch(at_most);
    for (int tries = 0; heard.size() < expected.size() && tries < 1000; ++tries) {
      port->wait(milliseconds(20));
      const size_t count = port->receive(batch);
      const size_t left = expected.size() - heard.size();
      EXPECT_EQ(count, std::min(at_most, left)) << heard.size();  // full until the last: more is told from the end
      for (size_t i = 0; i < count; ++i) {
        heard.emplace_back(batch[i].octets.begin(), batch[i].octets.end());
        peers.insert(to_text(batch[i].peer));
        ours.insert(to_text(batch[i].to));
      }
    }
    EXPECT_EQ(heard, expected);
    EXPECT_EQ(port->receive(batch), 0u);
    EXPECT_EQ(peers.size(), 1u);
  }
  std::unique_ptr<UdpPort> port;
  int fd = -1;
  std::vector<Buffer> expected, heard;
  std::set<std::string> peers, ours;
};

TEST_P(Joined, PiecesAreCutIntoTheirDatagrams) {
  ASSERT_TRUE(join(kEach)) << "Linux 4.18 has it";
  for (const size_t at_most : {64, 7, 1}) {
    expected.clear();
    heard.clear();
    say(20 * kEach + 50);                 // the last is shorter
    ASSERT_TRUE(join(0));
    say(kEach);                           // not joined, between them
    say(10);
    ASSERT_TRUE(join(kEach));
    for (int i = 0; i < 5; ++i) say(30 * kEach);
    hear(at_most);
  }
  const bool wildcard = std::string(GetParam()).starts_with("0.0.0.0");
  EXPECT_EQ(ours, (std::set<std::string>{wildcard ? "127.0.0.1:" + std::to_string(port->local().port) : to_text(Address{})}));
}

TEST_P(Joined, WhatIsTooLongIsCutAndCannotBeMistaken) {
  ASSERT_TRUE(join(1400));
  const Buffer all(3 * 1400, 0x55);
  ASSERT_EQ(send(fd, all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
  port->wait(milliseconds(500));
  std::array<Received, 8> batch;
  ASSERT_EQ(port->receive(batch), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(batch[i].octets.size(), profile::kDatagramMax + 1);
}

INSTANTIATE_TEST_SUITE_P(, Joined, ::testing::Values("127.0.0.1:0", "0.0.0.0:0"));

TEST(Reply, answers_and_heartbeats_leave_from_where_the_newest_packet_came_to) {
  World w;
  const Address first = *address_from_text("192.0.2.80:5683"), second = *address_from_text("192.0.2.81:5683");
  w.plain_port.arrives_at = first;
  w.fly_start(w.ua);
  w.pass(seconds(12));
  ASSERT_GE(w.plain_port.left_from.size(), 2u);  // the answer and Heartbeats
  for (const Address& from : w.plain_port.left_from) EXPECT_EQ(from, first);

  w.plain_port.left_from.clear();
  w.plain_port.arrives_at = second;
  w.send(coap::Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  w.pass(seconds(6));
  ASSERT_GE(w.plain_port.left_from.size(), 2u);
  for (const Address& from : w.plain_port.left_from) EXPECT_EQ(from, second);
  w.heard();
}

TEST(Reply, RFC7252_44_flights_behind_one_address_share_one_row_of_message_ids) {
  World w;
  const Party other(9);
  w.keys.know(other);
  const Party* const flights[] = {&w.ua, &other};
  for (const Party* by : flights) w.send(coap::Type::con, w.uas_cwt(*by, w.start_pack(*by)));
  w.heard();  // piggybacked: in the ACK, with the gateway's id
  std::vector<uint16_t> ids;
  for (int n = 0; n < 60; ++n) {
    w.pass(seconds(1));
    for (const Party* by : flights) w.send(coap::Type::non, w.uas_cwt(*by, w.flight_pack(*by, n)));
    for (const Heard& heard : w.heard()) {
      if (heard.post()) ids.push_back(heard.id);
    }
  }
  ASSERT_GE(ids.size(), 12u);
  for (size_t i = 1; i < ids.size(); ++i) EXPECT_EQ(ids[i], static_cast<uint16_t>(ids[i - 1] + 1));  // 65,536 until one comes again
}

}  // namespace
}  // namespace nrid::testing
