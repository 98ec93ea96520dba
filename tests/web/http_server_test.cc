// The server over real sockets: pages, limits, slow and rude clients, events, start and stop.
#include "web/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "web/http_caller.h"

namespace nrid::web {
namespace {

using nlohmann::json;

// A socket that says exactly what it is told to.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawClient() { ::close(fd_); }
  void say(std::string_view text) { ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size())); }
  // Reads until `wanted` was seen, the peer closed, or the time is over; returns all that came.
  std::string hear(std::string_view wanted, int timeout_ms = 5000) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (heard_.find(wanted) == std::string::npos || wanted.empty()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      pollfd wait{fd_, POLLIN, 0};
      if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0) break;
      char octets[4096];
      const ssize_t size = ::recv(fd_, octets, sizeof octets, 0);
      if (size <= 0) {
        open_ = false;
        break;
      }
      heard_.append(octets, static_cast<size_t>(size));
    }
    return heard_;
  }
  bool open() const { return open_; }

 private:
  int fd_;
  bool open_ = false;
  std::string heard_;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    options.port = 0;
    options.page_dir = installed_file("page");
    options.body_max = 1024;
    options.read_timeout_s = 1;
    options.connections_max = 40;
  }
  void start(SseLimits limits = {}) {
    hub = std::make_unique<SseHub>(counters, limits);
    server = std::make_unique<HttpServer>(options, *hub);
    server->add_routes("test", {
        {"GET", "/api/echo/{name}", Role::viewer, "says the name", [](const HttpRequest& r) {
           HttpResponse response;
           response.body = json{{"name", r.parameters.at("name")}}.dump();
           return response;
         }},
        {"POST", "/api/echo", Role::viewer, "says the body", [](const HttpRequest& r) {
           HttpResponse response;
           response.status = 201;
           response.body = r.body;
           return response;
         }},
    });
    server->add_page_part("fleet", {"Live map", "fleet.js", "fleet.css"});
    server->set_metrics([] { return std::string("nrid_received_total 1\n"); });
    server->set_health([this] { return trouble; });
    const Status status = server->start();
    ASSERT_TRUE(status.ok()) << status.text();
  }
  std::string url(std::string_view path) const { return "http://127.0.0.1:" + std::to_string(server->port()) + std::string(path); }
  HttpAnswer get(std::string_view path) { return caller.call({"GET", url(path), {}, "", 5000}); }
  std::string raw(std::string_view request) {
    RawClient client(server->port());
    client.say(request);
    return client.hear("", 1500);
  }

  HttpOptions options;
  CounterBlock counters;
  std::unique_ptr<SseHub> hub;
  std::unique_ptr<HttpServer> server;
  HttpCallerCurl caller;
  std::string trouble;
};

TEST_F(HttpServerTest, ServesPagesRoutesAndOwnPaths) {
  start();
  EXPECT_NE(get("/").body.find("<title>Net-RID live</title>"), std::string::npos);
  for (const char* path : {"/frame.js", "/frame.css", "/icon.svg", "/leaflet/leaflet.js", "/leaflet/leaflet.css", "/parts/fleet/fleet.js",
                           "/parts/fleet/fleet.css", "/parts/fleet/map.js", "/parts/fleet/graticule.js"}) {
    EXPECT_EQ(get(path).status, 200) << path;
  }
  EXPECT_EQ(json::parse(get("/api/echo/a%20b").body)["name"], "a b");
  EXPECT_EQ(json::parse(get("/api/page").body)["parts"][0]["title"], "Live map");
  EXPECT_EQ(get("/metrics").body, "nrid_received_total 1\n");
  EXPECT_EQ(get("/healthz").status, 200);
  trouble = "the resolver does not answer";
  const HttpAnswer sick = get("/healthz");
  EXPECT_EQ(sick.status, 503);
  EXPECT_EQ(json::parse(sick.body)["detail"], trouble);
  const json table = json::parse(get("/api").body);
  EXPECT_EQ(std::count_if(table["routes"].begin(), table["routes"].end(), [](const json& row) { return row["path"] == "/api/echo/{name}"; }), 1);
}

TEST_F(HttpServerTest, NothingOutsideTheListIsServed) {
  start();
  for (const char* path : {"/parts/fleet/../../../meson.build", "/parts/fleet/%2e%2e/README.md", "/leaflet/leaflet.esm.js", "/index.html/",
                           "/parts/fleet/", "/etc/passwd", "//etc/passwd", "/parts/utm/utm.js"}) {
    EXPECT_EQ(raw("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").substr(0, 12), "HTTP/1.1 404") << path;
  }
}

TEST_F(HttpServerTest, AnswersRefusalsOverTheWire) {
  start();
  const std::string method = raw("DELETE /api/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(method.substr(0, 12), "HTTP/1.1 405");
  EXPECT_NE(method.find("\r\nAllow: POST\r\n"), std::string::npos) << method;
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").substr(0, 12), "HTTP/1.1 403");
  EXPECT_EQ(raw("GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  const HttpAnswer large = caller.call({"POST", url("/api/echo"), {}, std::string(1025, 'x'), 5000});
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(json::parse(large.body)["error"], "too_large");
  const HttpAnswer fits = caller.call({"POST", url("/api/echo"), {}, std::string(1024, 'x'), 5000});
  EXPECT_EQ(fits.status, 201);
  EXPECT_EQ(fits.body.size(), 1024u);
}

TEST_F(HttpServerTest, EveryAnswerCarriesTheSecurityFields) {
  start();
  for (const char* path : {"/", "/api/echo/x", "/none"}) {
    const std::string answer = raw("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_NE(answer.find("Content-Security-Policy: default-src 'none'; script-src 'self'"), std::string::npos) << answer;
    EXPECT_NE(answer.find("X-Content-Type-Options: nosniff"), std::string::npos);
  }
}

TEST_F(HttpServerTest, HeadAndNotModifiedSendNoBody) {
  start();
  const std::string whole = raw("GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string body = whole.substr(whole.find("\r\n\r\n") + 4);
  const std::string head = raw("HEAD /icon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head.substr(0, 12), "HTTP/1.1 200");
  EXPECT_EQ(head.substr(head.find("\r\n\r\n") + 4), "");
  EXPECT_NE(head.find("Content-Length: " + std::to_string(body.size())), std::string::npos);
  const size_t at = whole.find("ETag: ") + 6;
  const std::string etag = whole.substr(at, whole.find("\r\n", at) - at);
  const std::string again = raw("GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: " + etag + "\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(again.substr(0, 12), "HTTP/1.1 304");
  EXPECT_EQ(again.substr(again.find("\r\n\r\n") + 4), "");
}

TEST_F(HttpServerTest, BrokenAndSlowRequestsAreCutAndHoldNobodyUp) {
  start();
  for (const char* bad : {"GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                          "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\nx"}) {
    RawClient client(server->port());
    client.say(bad);
    client.hear("", 4000);
    EXPECT_FALSE(client.open()) << bad;
  }
  std::vector<std::unique_ptr<RawClient>> drips;
  for (int i = 0; i < 20; ++i) {
    drips.push_back(std::make_unique<RawClient>(server->port()));
    drips.back()->say("GET / HTTP/1.1\r\nHost: local");
  }
  EXPECT_EQ(get("/healthz").status, 200);
  for (const auto& drip : drips) {
    drip->hear("", 4000);
    EXPECT_FALSE(drip->open());
  }
}

TEST_F(HttpServerTest, EventsArriveAndPagesAreBounded) {
  start({.clients_max = 2, .queue_max = 100});
  constexpr std::string_view kAsk = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  RawClient first(server->port());
  first.say(kAsk);
  EXPECT_NE(first.hear("retry: 2000").find("Content-Type: text/event-stream"), std::string::npos);
  RawClient second(server->port());
  second.say(kAsk);
  second.hear("retry: 2000");
  EXPECT_EQ(raw("GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").substr(0, 12), "HTTP/1.1 503");
  for (int i = 0; i < 50; ++i) hub->publish("n", std::to_string(i));
  for (RawClient* client : {&first, &second}) {
    const std::string heard = client->hear("data: 49\n");
    EXPECT_NE(heard.find("event: n\ndata: 0\n"), std::string::npos);
    EXPECT_LT(heard.find("data: 10\n"), heard.find("data: 49\n"));
  }
  EXPECT_NE(first.hear("event: beat", 4000).find("now_ms"), std::string::npos);
}

TEST_F(HttpServerTest, APageThatDoesNotReadLosesEventsAndTheServerGoesOn) {
  options.write_timeout_s = 2;
  start({.clients_max = 4, .queue_max = 16});
  RawClient deaf(server->port());
  deaf.say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  deaf.hear("retry: 2000");
  const std::string large = "\"" + std::string(64 * 1024, 'x') + "\"";
  for (int i = 0; i < 600; ++i) hub->publish("n", large);
  EXPECT_GT(counters.get(Counter::event_dropped), 0u);
  EXPECT_EQ(get("/healthz").status, 200);
  // What was dropped never fills the sockets' buffers, so events must keep coming until nothing more goes out.
  for (int i = 0; i < 300 && hub->clients() > 0; ++i) {
    for (int n = 0; n < 8; ++n) hub->publish("n", large);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(hub->clients(), 0u) << "cut at write_timeout";
}

TEST_F(HttpServerTest, AnOccupiedPortIsASentenceAndLeavesNothing) {
  start();
  HttpOptions taken = options;
  taken.port = server->port();
  HttpServer other(taken, *hub);
  const Status status = other.start();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.text().find("cannot listen on 127.0.0.1 port " + std::to_string(taken.port)), std::string::npos) << status.text();
  EXPECT_EQ(other.port(), 0);
  EXPECT_EQ(get("/healthz").status, 200);
  server->stop();
  const Status second = other.start();
  EXPECT_TRUE(second.ok()) << second.text();
}

TEST_F(HttpServerTest, AMissingPageOrLeafletIsASentence) {
  options.page_dir = "/nonexistent";
  SseHub events(counters);
  HttpServer lost(options, events);
  EXPECT_EQ(lost.start().text(), "page file /nonexistent/index.html is missing");
  options.page_dir = installed_file("page");
  options.leaflet_dir = "/nonexistent";
  HttpServer bare(options, events);
  EXPECT_NE(bare.start().text().find("install libjs-leaflet or set web.leaflet"), std::string::npos);
}

TEST_F(HttpServerTest, StopsWithOpenPagesAndIsIdempotent) {
  start();
  RawClient page(server->port());
  page.say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  page.hear("retry: 2000");
  std::thread publisher([this] { for (int i = 0; i < 2000; ++i) hub->publish("n", "1"); });
  server->stop();
  server->stop();
  publisher.join();
  page.hear("", 3000);
  EXPECT_FALSE(page.open());
}

TEST(HttpOptions, RefuseWhatIsNotLoopback) {
  const auto options_of = [](const std::string& toml) {
    auto settings = Settings::parse(toml, "/etc/nridd/nridd.toml", settings_rows());
    EXPECT_TRUE(settings.ok()) << settings.text();
    return HttpOptions::from(settings->section("web"));
  };
  EXPECT_EQ(options_of("")->address, "127.0.0.1");
  EXPECT_EQ(options_of("[web]\naddress = \"::1\"\nport = 9000\n")->port, 9000);
  EXPECT_EQ(options_of("")->page_dir, installed_file("page"));
  EXPECT_EQ(options_of("[web]\npage = \"www\"\n")->page_dir, "/etc/nridd/www");
  for (const char* address : {"0.0.0.0", "192.168.1.1", "::", "example.org", ""}) {
    const auto refused = options_of("[web]\naddress = \"" + std::string(address) + "\"\n");
    ASSERT_FALSE(refused.ok()) << address;
    EXPECT_NE(refused.text().find("loopback only"), std::string::npos);
    EXPECT_NE(refused.text().find("nridd.toml:2"), std::string::npos) << refused.text();
  }
  EXPECT_FALSE(options_of("[web]\nevents_max = 300\n").ok());
}

}  // namespace
}  // namespace nrid::web
