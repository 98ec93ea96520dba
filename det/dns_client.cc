#include "det/dns_client.h"

#include <ares.h>
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "det/dns_message.h"

namespace nrid::det {
namespace {

constexpr int kUdpPayload = 1232;  // DNS flag day 2020: fits one packet everywhere
constexpr size_t kServersMax = 8;
constexpr uint8_t kFlagAd = 0x20;

struct Server {
  IpAddress address;
  uint16_t port = 53;
};

// "127.0.0.1", "127.0.0.1:5353", "[::1]:5353", "::1"
bool parse_server(std::string_view text, Server& out) {
  std::string_view host = text;
  std::string_view port;
  if (!text.empty() && text[0] == '[') {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') return false;
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return false;
  }
  return address_from_text(host, out.address);
}

Status parse_servers(std::string_view text, std::vector<Server>& out) {
  while (true) {
    const size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    Server server;
    if (!parse_server(one, server)) {
      return Status::failed("DNS server \"" + std::string(one) + "\" is no IP literal with an optional port, as 127.0.0.1:5353 or [::1]:53");
    }
    out.push_back(server);
    if (out.size() > kServersMax) return Status::failed("more than " + std::to_string(kServersMax) + " DNS servers");
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

bool loopback(const IpAddress& address) {
  if (address.is_v4()) return address.octets[12] == 127;
  return std::count(address.octets.begin(), address.octets.end() - 1, uint8_t{0}) == 15 && address.octets[15] == 1;
}

// ares_library_init is process-wide state; it is undone by nobody, because others may use c-ares too.
bool library_ready() {
  static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

}  // namespace

// Everything below the queue belongs to the loop's thread.
class DnsClient::Loop {
 public:
  Loop(DnsClientSettings settings, Random& random) : settings_(std::move(settings)), random_(random) {}
  ~Loop();
  Status open();
  void stop();
  void ask(std::string name, RrType type, std::function<void(const DnsAnswer&)> done);
  void post(std::function<void()> work);

 private:
  struct Question {
    Loop* loop;
    std::string name;
    RrType type;
    uint16_t id = 0;
    std::function<void(const DnsAnswer&)> done;
  };
  void turn();
  void run_queue();
  void send(std::unique_ptr<Question> question);
  uint16_t fresh_id();
  void watch(int socket, bool readable, bool writable);
  void wake();
  static void on_socket(void* loop, ares_socket_t socket, int readable, int writable);
  static void on_reply(void* question, int status, int timeouts, unsigned char* data, int size);
  DnsAnswer judge(const Question& question, int status, Bytes message) const;
  Status set_servers(const std::vector<Server>& servers);

  DnsClientSettings settings_;
  Random& random_;
  ares_channel channel_ = nullptr;
  int epoll_ = -1;
  int wake_ = -1;
  std::set<uint16_t> ids_;                  // under way
  std::mutex mutex_;
  std::deque<std::function<void()>> queue_; // guarded by mutex_
  bool stopping_ = false;                   // guarded by mutex_
  std::atomic<size_t> waiting_{0};
  std::thread thread_;
};

Status DnsClient::Loop::open() {
  if (!library_ready()) return Status::failed("c-ares does not initialise");
  std::vector<Server> servers;
  if (Status parsed = parse_servers(settings_.servers, servers); !parsed.ok()) return parsed;
  ares_options options{};
  // STAYOPEN keeps one source port, which is right on loopback only (an off-path attacker would have to guess just the id).
  const bool near = std::all_of(servers.begin(), servers.end(), [](const Server& server) { return loopback(server.address); });
  options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS | (near ? ARES_FLAG_STAYOPEN : 0);
  options.timeout = settings_.timeout_ms;
  options.tries = settings_.tries;
  options.ednspsz = kUdpPayload;
  options.sock_state_cb = &Loop::on_socket;
  options.sock_state_cb_data = this;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0) return Status::failed(std::string("DNS client: ") + std::strerror(errno));
  watch(wake_, true, false);
  const int status = ares_init_options(&channel_, &options,
                                       ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) return Status::failed(std::string("DNS client: ") + ares_strerror(status));
  if (Status set = set_servers(servers); !set.ok()) return set;
  thread_ = std::thread([this] { turn(); });
  return {};
}

Status DnsClient::Loop::set_servers(const std::vector<Server>& servers) {
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    ares_addr_port_node& node = nodes[i];
    node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
    node.family = servers[i].address.is_v4() ? AF_INET : AF_INET6;
    std::memcpy(&node.addr, servers[i].address.rdata().data(), servers[i].address.rdata().size());
    node.udp_port = node.tcp_port = servers[i].port;
  }
  const int status = ares_set_servers_ports(channel_, nodes.data());
  if (status != ARES_SUCCESS) return Status::failed(std::string("DNS servers: ") + ares_strerror(status));
  return {};
}

void DnsClient::Loop::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

DnsClient::Loop::~Loop() {
  stop();
  if (channel_ != nullptr) ares_destroy(channel_);
  if (wake_ >= 0) close(wake_);
  if (epoll_ >= 0) close(epoll_);
}

void DnsClient::Loop::wake() {
  const uint64_t one = 1;
  // A full eventfd counter would fail with EAGAIN, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void DnsClient::Loop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake();
}

void DnsClient::Loop::ask(std::string name, RrType type, std::function<void(const DnsAnswer&)> done) {
  if (waiting_.fetch_add(1) >= settings_.waiting_max) {
    post([this, done = std::move(done)] {
      --waiting_;
      done({.detail = "too many questions under way"});
    });
    return;
  }
  // std::function wants copies; the question has one owner, so it travels by shared_ptr until it is sent.
  auto question = std::make_shared<Question>(Question{this, std::move(name), type, 0, std::move(done)});
  post([this, question] { send(std::make_unique<Question>(std::move(*question))); });
}

void DnsClient::Loop::run_queue() {
  std::deque<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(queue_);
  }
  for (const auto& one : work) one();
}

void DnsClient::Loop::turn() {
  while (true) {
    run_queue();
    timeval longest{3600, 0};
    timeval next{};
    const timeval* wait = ares_timeout(channel_, &longest, &next);
    int wait_ms = static_cast<int>(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      if (!queue_.empty()) wait_ms = 0;  // sockets and timeouts have their turn also while work keeps coming
    }
    epoll_event events[16];
    const int count = epoll_wait(epoll_, events, 16, wait_ms);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == wake_) {
        uint64_t ignored = 0;
        [[maybe_unused]] const ssize_t got = read(wake_, &ignored, sizeof ignored);
        continue;
      }
      const bool in = (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
      const bool out = (events[i].events & EPOLLOUT) != 0;
      ares_process_fd(channel_, in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
  }
  ares_cancel(channel_);  // calls every callback
  // Callbacks may have asked again: those questions are sent into a channel that is cancelled once more.
  for (int i = 0; i < 16; ++i) {
    run_queue();
    ares_cancel(channel_);
  }
}

void DnsClient::Loop::on_socket(void* loop, ares_socket_t socket, int readable, int writable) {
  static_cast<Loop*>(loop)->watch(socket, readable != 0, writable != 0);
}

void DnsClient::Loop::watch(int socket, bool readable, bool writable) {
  epoll_event event{};
  event.data.fd = socket;
  event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  if (event.events == 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  } else if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) != 0) {
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }
}

uint16_t DnsClient::Loop::fresh_id() {
  while (true) {
    const uint16_t id = random_.u16();
    if (ids_.insert(id).second) return id;
  }
}

void DnsClient::Loop::send(std::unique_ptr<Question> question) {
  question->id = fresh_id();
  unsigned char* query = nullptr;
  int size = 0;
  const int status = ares_create_query(question->name.c_str(), 1 /* IN */, static_cast<int>(question->type), question->id, 1 /* RD */,
                                       &query, &size, kUdpPayload);
  Question* raw = question.release();  // c-ares calls on_reply exactly once, which takes it back
  if (status != ARES_SUCCESS) {
    on_reply(raw, status, 0, nullptr, 0);
    return;
  }
  query[3] |= kFlagAd;  // RFC 6840 section 5.7: asks that AD be set in the answer, without the signatures of DO
  ares_send(channel_, query, size, &Loop::on_reply, raw);
  ares_free_string(query);
}

void DnsClient::Loop::on_reply(void* argument, int status, int, unsigned char* data, int size) {
  const std::unique_ptr<Question> question(static_cast<Question*>(argument));
  Loop& loop = *question->loop;
  loop.ids_.erase(question->id);
  --loop.waiting_;
  question->done(loop.judge(*question, status, {data, static_cast<size_t>(std::max(size, 0))}));
}

DnsAnswer DnsClient::Loop::judge(const Question& question, int status, Bytes message) const {
  using Outcome = DnsAnswer::Outcome;
  DnsAnswer out;
  out.detail = ares_strerror(status);
  switch (status) {
    case ARES_SUCCESS: break;
    case ARES_ETIMEOUT: out.outcome = Outcome::timeout; return out;
    case ARES_ECONNREFUSED: out.outcome = Outcome::unreachable; return out;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: out.outcome = Outcome::cancelled; return out;
    default: out.outcome = Outcome::malformed; return out;
  }
  out.outcome = Outcome::malformed;
  const auto response = decode_dns_response(message, question.name, question.type);
  if (!response.ok()) {
    out.detail = "answer is no DNS message for this question";
    return out;
  }
  if (response->truncated) {  // also over TCP: the resolver has more than it can say
    out.detail = "answer is cut short even over TCP";
    return out;
  }
  out.outcome = Outcome::answered;
  out.detail.clear();
  out.rcode = response->rcode;
  out.authenticated = response->authenticated;
  out.ttl_s = response->ttl_s;
  out.records = response->records;
  return out;
}

StatusOr<std::unique_ptr<DnsClient>> DnsClient::open(const DnsClientSettings& settings, Random& random) {
  auto loop = std::make_unique<Loop>(settings, random);
  if (Status opened = loop->open(); !opened.ok()) return opened;
  return std::unique_ptr<DnsClient>(new DnsClient(std::move(loop)));
}

DnsClient::DnsClient(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
DnsClient::~DnsClient() { loop_->stop(); }  // callbacks may still ask: the object must be whole while they run

void DnsClient::ask(const std::string& name, RrType type, std::function<void(const DnsAnswer&)> done) {
  loop_->ask(name, type, std::move(done));
}
void DnsClient::run(std::function<void()> work) { loop_->post(std::move(work)); }

Status check_servers(std::string_view servers) {
  std::vector<Server> ignored;
  return parse_servers(servers, ignored);
}

}  // namespace nrid::det
