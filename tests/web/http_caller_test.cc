// Calls out go where they may and nowhere else.
#include "web/http_caller.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "web/http_server.h"

namespace nrid::web {
namespace {

Reach reach(const char* text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) return reach_of(reinterpret_cast<sockaddr&>(v4), sizeof v4);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return reach_of(reinterpret_cast<sockaddr&>(v6), sizeof v6);
}

TEST(Reach, KnowsWhatIsPublic) {
  for (const char* a : {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2001:4860:4860::8888"}) EXPECT_EQ(reach(a), Reach::public_) << a;
  for (const char* a : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) EXPECT_EQ(reach(a), Reach::loopback) << a;
  for (const char* a : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fd12::1", "::ffff:10.1.1.1"}) EXPECT_EQ(reach(a), Reach::private_) << a;
  for (const char* a : {"0.0.0.0", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.1", "::",
                        "fe80::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2001::1", "64:ff9b::7f00:1", "::ffff:169.254.169.254", "2001:3f:fe00::1"}) {
    EXPECT_EQ(reach(a), Reach::forbidden) << a;
  }
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_EQ(reach_of(other, sizeof other), Reach::forbidden);
}

class CallerTest : public testing::Test {
 protected:
  CallerTest() : hub(counters) {
    HttpOptions options;
    options.port = 0;
    options.page_dir = installed_file("page");
    server = std::make_unique<HttpServer>(options, hub);
    server->add_routes("test", {
        {"GET", "/away", Role::anyone, "", [](const HttpRequest&) { return HttpResponse{302, "text/plain", "", {{"Location", "/healthz"}}}; }},
        {"GET", "/large", Role::anyone, "", [](const HttpRequest&) { return HttpResponse{200, "text/plain", std::string(5000, 'x'), {}}; }},
        {"PUT", "/put", Role::anyone, "", [](const HttpRequest& r) { return HttpResponse{200, "text/plain", r.headers.at("x-key") + r.body, {}}; }},
    });
    EXPECT_TRUE(server->start().ok());
    base = "http://127.0.0.1:" + std::to_string(server->port());
  }
  CounterBlock counters;
  SseHub hub;
  std::unique_ptr<HttpServer> server;
  std::string base;
  HttpCallerCurl caller{{.body_max = 4096, .timeout_max_ms = 2000, .allow_private = false}};
};

TEST_F(CallerTest, CallsLoopback) {
  EXPECT_EQ(caller.call({"GET", base + "/healthz", {}, "", 1000}).status, 200);
  EXPECT_EQ(caller.call({"HEAD", base + "/healthz", {}, "", 1000}).body, "");
  EXPECT_EQ(caller.call({"PUT", base + "/put", {{"X-Key", "k"}}, "body", 1000}).body, "kbody");
}

TEST_F(CallerTest, FollowsNoRedirectAndTakesNoEndlessAnswer) {
  const HttpAnswer away = caller.call({"GET", base + "/away", {}, "", 1000});
  EXPECT_EQ(away.status, 302);
  EXPECT_EQ(away.body, "");
  const HttpAnswer large = caller.call({"GET", base + "/large", {}, "", 1000});
  EXPECT_EQ(large.status, 0);
  EXPECT_EQ(large.error, "the answer is over 4096 octets");
}

TEST_F(CallerTest, RefusesForeignSchemesAddressesAndBrokenFields) {
  EXPECT_EQ(caller.call({"GET", "file:///etc/passwd", {}, "", 1000}).error, "the URL is neither https:// nor http://");
  EXPECT_EQ(caller.call({"GET", "http://192.0.2.1/", {}, "", 1000}).error, "http:// is for loopback addresses only");
  EXPECT_EQ(caller.call({"GET", "https://169.254.169.254/", {}, "", 1000}).error, "the name leads to an address that may not be called");
  EXPECT_EQ(caller.call({"GET", "https://127.0.0.1:" + std::to_string(server->port()) + "/", {}, "", 1000}).error,
            "the name leads to an address that may not be called");
  EXPECT_EQ(caller.call({"GET", "https://10.0.0.1/", {}, "", 1000}).status, 0);
  EXPECT_NE(caller.call({"GET", base, {{"X", "a\r\nY: b"}}, "", 1000}).error, "");
  EXPECT_NE(caller.call({"GET / HTTP/1.1\r\nX:", base, {}, "", 1000}).error, "");
}

}  // namespace
}  // namespace nrid::web
