// The DNS client against a responder on loopback that says what each case needs, and the message parser against what
// it must refuse.
#include "det/dns_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "det/dns_message.h"
#include "tests/det/support.h"

namespace nrid::det {
namespace {

using Replies = std::vector<Buffer>;  // datagrams to send back; of TCP the first
using Reply = std::function<Replies(Bytes query, bool tcp)>;

// UDP and TCP on one port of 127.0.0.1.
class Responder {
 public:
  explicit Responder(Reply reply) : reply_(std::move(reply)) {
    for (int attempt = 0; attempt < 50 && !open(); ++attempt) {}
    EXPECT_GE(tcp_, 0);
    thread_ = std::thread([this] { run(); });
  }
  ~Responder() {
    stop_ = true;
    thread_.join();
    close(udp_);
    close(tcp_);
  }
  std::string server() const { return "127.0.0.1:" + std::to_string(port_); }
  std::atomic<int> queries{0};

 private:
  bool open() {
    udp_ = socket(AF_INET, SOCK_DGRAM, 0);
    tcp_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(udp_, generic, size) != 0 || getsockname(udp_, generic, &size) != 0) return false;
    port_ = ntohs(address.sin_port);
    if (bind(tcp_, generic, size) == 0 && listen(tcp_, 4) == 0) return true;
    close(udp_);
    close(tcp_);
    tcp_ = -1;
    return false;
  }
  void run() {
    while (!stop_) {
      pollfd fds[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      if (poll(fds, 2, 20) <= 0) continue;
      if ((fds[0].revents & POLLIN) != 0) serve_udp();
      if ((fds[1].revents & POLLIN) != 0) serve_tcp();
    }
  }
  void serve_udp() {
    uint8_t query[2048];
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const ssize_t got = recvfrom(udp_, query, sizeof query, 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (got < 12) return;
    ++queries;
    for (const Buffer& out : reply_({query, static_cast<size_t>(got)}, false)) {
      EXPECT_EQ(sendto(udp_, out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&peer), size), static_cast<ssize_t>(out.size()));
    }
  }
  void serve_tcp() {
    const int peer = accept(tcp_, nullptr, nullptr);
    uint8_t query[2048];
    const ssize_t got = recv(peer, query, sizeof query, 0);
    ++queries;
    const std::vector<Buffer> replies = got < 14 ? std::vector<Buffer>{} : reply_({query + 2, static_cast<size_t>(got) - 2}, true);
    if (!replies.empty()) {
      Buffer framed = {static_cast<uint8_t>(replies[0].size() >> 8), static_cast<uint8_t>(replies[0].size())};
      framed.insert(framed.end(), replies[0].begin(), replies[0].end());
      EXPECT_EQ(send(peer, framed.data(), framed.size(), MSG_NOSIGNAL), static_cast<ssize_t>(framed.size()));
    }
    close(peer);
  }

  Reply reply_;
  int udp_ = -1, tcp_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

constexpr char kName[] = "5.e.f.d.ip6.arpa.";

// Header and question of `query`, as a response with these flags; records are appended with their count.
Buffer respond(Bytes query, uint16_t flags, const std::vector<Buffer>& records = {}) {
  size_t end = 12;
  while (query[end] != 0) end += 1 + query[end];
  end += 5;
  Buffer out(query.begin(), query.begin() + static_cast<long>(end));
  out[2] = static_cast<uint8_t>(0x80 | flags >> 8);
  out[3] = static_cast<uint8_t>(flags);
  out[6] = 0;
  out[7] = static_cast<uint8_t>(records.size());
  out[8] = out[9] = out[10] = out[11] = 0;
  for (const Buffer& record : records) out.insert(out.end(), record.begin(), record.end());
  return out;
}

// Owner: a pointer to the question.
Buffer record(uint16_t type, uint32_t ttl_s, const Buffer& rdata) {
  Buffer out = {0xc0, 12, static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type), 0, 1, 0, 0,
                static_cast<uint8_t>(ttl_s >> 8), static_cast<uint8_t>(ttl_s), static_cast<uint8_t>(rdata.size() >> 8),
                static_cast<uint8_t>(rdata.size())};
  out.insert(out.end(), rdata.begin(), rdata.end());
  return out;
}

DnsAnswer ask(const std::string& servers, int timeout_ms = 100, int tries = 2) {
  SystemRandom random;
  auto client = DnsClient::open({.servers = servers, .timeout_ms = timeout_ms, .tries = tries}, random);
  EXPECT_TRUE(client.ok()) << client.text();
  std::promise<DnsAnswer> promise;
  (*client)->ask(kName, RrType::hhit, [&](const DnsAnswer& answer) { promise.set_value(answer); });
  return promise.get_future().get();
}

const Buffer kRdata = {1, 2, 3};

TEST(DnsClient, answer_with_ttl_and_ad) {
  std::atomic<uint8_t> query_flags = 0;  // written on the responder's thread
  Responder dns([&](Bytes query, bool) {
    query_flags = query[3];
    return Replies{respond(query, 0x01a0, {record(67, 60, kRdata), record(67, 30, {4})})};
  });
  const DnsAnswer answer = ask(dns.server());
  ASSERT_EQ(answer.outcome, DnsAnswer::Outcome::answered) << answer.detail;
  EXPECT_EQ(answer.rcode, kRcodeNoError);
  EXPECT_TRUE(answer.authenticated);
  EXPECT_EQ(answer.ttl_s, 30u);
  EXPECT_EQ(answer.records, (std::vector<Buffer>{kRdata, {4}}));
  EXPECT_EQ(query_flags & 0x20, 0x20);  // the question asks for AD
}

TEST(DnsClient, nxdomain_servfail_and_silence_are_three_things) {
  Responder nxdomain([](Bytes query, bool) { return Replies{respond(query, 0x0183)}; });
  Responder servfail([](Bytes query, bool) { return Replies{respond(query, 0x0182)}; });
  Responder silence([](Bytes, bool) { return Replies{}; });
  const DnsAnswer no = ask(nxdomain.server());
  EXPECT_EQ(no.outcome, DnsAnswer::Outcome::answered);
  EXPECT_EQ(no.rcode, kRcodeNxdomain);
  EXPECT_FALSE(no.authenticated);
  const DnsAnswer failed = ask(servfail.server());
  EXPECT_EQ(failed.outcome, DnsAnswer::Outcome::answered) << failed.detail;
  EXPECT_EQ(failed.rcode, kRcodeServfail);
  EXPECT_EQ(ask(silence.server()).outcome, DnsAnswer::Outcome::timeout);
  EXPECT_EQ(silence.queries, 2);
}

TEST(DnsClient, nobody_listens) {
  std::string server;
  { server = Responder([](Bytes, bool) { return Replies{}; }).server(); }
  EXPECT_EQ(ask(server).outcome, DnsAnswer::Outcome::unreachable);
}

TEST(DnsClient, a_second_server_serves_when_the_first_is_silent) {
  Responder silence([](Bytes, bool) { return Replies{}; });
  Responder good([](Bytes query, bool) { return Replies{respond(query, 0x0180, {record(67, 60, kRdata)})}; });
  EXPECT_EQ(ask(silence.server() + ", " + good.server()).records.size(), 1u);
}

TEST(DnsClient, a_cut_answer_is_fetched_over_tcp) {
  Responder dns([](Bytes query, bool tcp) {
    return Replies{tcp ? respond(query, 0x0180, {record(67, 60, Buffer(3000, 7))}) : respond(query, 0x0380)};
  });
  const DnsAnswer answer = ask(dns.server(), 2000);
  ASSERT_EQ(answer.records.size(), 1u) << answer.detail;
  EXPECT_EQ(answer.records[0], Buffer(3000, 7));
}

TEST(DnsClient, forged_ids_and_garbage_are_passed_over) {
  Responder dns([](Bytes query, bool) {
    Buffer wrong = respond(query, 0x0180, {record(67, 60, {9})});
    wrong[0] ^= 0x55;
    return Replies{wrong, Buffer{1, 2, 3}, respond(query, 0x0180, {record(67, 60, kRdata)})};
  });
  const DnsAnswer answer = ask(dns.server(), 2000);
  ASSERT_EQ(answer.records.size(), 1u) << answer.detail;
  EXPECT_EQ(answer.records[0], kRdata);
}

TEST(DnsClient, an_answer_that_ends_inside_a_record_is_malformed) {
  Responder dns([](Bytes query, bool) {
    Buffer out = respond(query, 0x0180, {record(67, 60, kRdata)});
    out.pop_back();
    return Replies{out};
  });
  EXPECT_EQ(ask(dns.server()).outcome, DnsAnswer::Outcome::malformed);
}

TEST(DnsClient, open_questions_are_cancelled_at_its_end) {
  Responder silence([](Bytes, bool) { return Replies{}; });
  SystemRandom random;
  auto client = DnsClient::open({.servers = silence.server(), .timeout_ms = 60'000}, random);
  ASSERT_TRUE(client.ok());
  std::atomic<int> cancelled{0};
  for (int i = 0; i < 100; ++i) {
    (*client)->ask(kName, RrType::hhit, [&](const DnsAnswer& answer) { cancelled += answer.outcome == DnsAnswer::Outcome::cancelled; });
  }
  std::promise<void> sent;
  (*client)->run([&] { sent.set_value(); });
  sent.get_future().get();
  (*client).reset();
  EXPECT_EQ(cancelled, 100);
}

TEST(DnsClient, answers_come_while_work_keeps_coming) {
  Responder dns([](Bytes query, bool) { return Replies{respond(query, 0x01a0, {record(67, 60, kRdata)})}; });
  SystemRandom random;
  auto client = DnsClient::open({.servers = dns.server(), .timeout_ms = 2000}, random);
  ASSERT_TRUE(client.ok());
  std::atomic<bool> stop{false};
  std::function<void()> again = [&, loop = client->get()] {  // the queue is never empty when the loop looks
    if (!stop) loop->run(again);
  };
  (*client)->run(again);
  std::promise<DnsAnswer> promise;
  auto answer = promise.get_future();
  (*client)->ask(kName, RrType::hhit, [&](const DnsAnswer& got) { promise.set_value(got); });
  const bool answered = answer.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
  stop = true;
  ASSERT_TRUE(answered);
  EXPECT_EQ(answer.get().outcome, DnsAnswer::Outcome::answered);
  (*client).reset();  // before what its callbacks name
}

TEST(DnsClient, server_lists) {
  for (const char* good : {"127.0.0.1", "127.0.0.1:5353", "[::1]:53,127.0.0.1", "::1", "[::1]"}) EXPECT_TRUE(check_servers(good).ok()) << good;
  for (const char* bad : {"", "localhost", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "[::1", "[::1]53", "127.0.0.1,"}) {
    EXPECT_FALSE(check_servers(bad).ok()) << bad;
  }
}

// ---- messages ----

Buffer good_message() {
  Buffer wire;
  EXPECT_TRUE(dns_name_to_wire(kName, wire));
  Buffer query = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  query.insert(query.end(), wire.begin(), wire.end());
  query.insert(query.end(), {0, 67, 0, 1});
  return respond(query, 0x01a0, {record(67, 60, kRdata)});
}

TEST(DnsMessage, cut_anywhere_it_is_refused) {
  const Buffer message = good_message();
  ASSERT_TRUE(decode_dns_response(message, kName, RrType::hhit).ok());
  for (size_t size = 0; size < message.size(); ++size) {
    EXPECT_EQ(decode_dns_response(Bytes(message).first(size), kName, RrType::hhit).error(), Error::malformed) << size;
  }
}

TEST(DnsMessage, answers_to_other_questions_are_refused) {
  const Buffer message = good_message();
  EXPECT_FALSE(decode_dns_response(message, "5.e.f.e.ip6.arpa.", RrType::hhit).ok());
  EXPECT_FALSE(decode_dns_response(message, kName, RrType::brid).ok());
  EXPECT_TRUE(decode_dns_response(message, "5.E.F.D.IP6.ARPA.", RrType::hhit).ok());
  Buffer query = message;
  query[2] &= 0x7f;
  EXPECT_FALSE(decode_dns_response(query, kName, RrType::hhit).ok());
}

TEST(DnsMessage, pointers_only_go_back) {
  Buffer message = good_message();
  const size_t owner = message.size() - 3 - 12;
  message[owner + 1] = static_cast<uint8_t>(owner);  // to itself
  EXPECT_FALSE(decode_dns_response(message, kName, RrType::hhit).ok());
  message[owner + 1] = 4;                            // into the header
  EXPECT_FALSE(decode_dns_response(message, kName, RrType::hhit).ok());
}

TEST(DnsMessage, cnames_are_followed_and_loops_end) {
  Buffer question = good_message();
  question.resize(question.size() - 15);
  Buffer alias = question;  // name CNAME "x" + pointer to the name; x.name HHIT
  alias[7] = 2;
  alias.insert(alias.end(), {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 10, 0, 4, 1, 'x', 0xc0, 12});
  alias.insert(alias.end(), {1, 'x', 0xc0, 12, 0, 67, 0, 1, 0, 0, 0, 60, 0, 1, 9});
  const auto followed = decode_dns_response(alias, kName, RrType::hhit);
  ASSERT_TRUE(followed.ok());
  EXPECT_EQ(followed->records, (std::vector<Buffer>{{9}}));
  EXPECT_EQ(followed->ttl_s, 10u);
  Buffer loop = question;
  loop[7] = 1;
  loop.insert(loop.end(), {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 10, 0, 2, 0xc0, 12});
  const auto ended = decode_dns_response(loop, kName, RrType::hhit);
  ASSERT_TRUE(ended.ok());
  EXPECT_TRUE(ended->records.empty());
}

TEST(DnsMessage, names) {
  Buffer wire;
  EXPECT_TRUE(dns_name_to_wire("a.B.", wire));
  EXPECT_EQ(wire, (Buffer{1, 'a', 1, 'b', 0}));
  for (const std::string& bad : {std::string(""), std::string("a"), std::string("a..b."), std::string(".a."), std::string(64, 'a') + "."}) {
    EXPECT_FALSE(dns_name_to_wire(bad, wire)) << bad;
  }
}

}  // namespace
}  // namespace nrid::det
