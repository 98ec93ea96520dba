// Targets and Host fields: what is taken, and every way to be refused.
#include "web/url.h"

#include <gtest/gtest.h>

namespace nrid::web {
namespace {

TEST(Target, SplitsAndDecodes) {
  const auto target = parse_target("/api/flights/2001%3A3f::1?track=0&text=a+b%26c&track=1&flag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/flights/2001%3A3f::1");
  EXPECT_EQ(target->segments, (std::vector<std::string>{"api", "flights", "2001:3f::1"}));
  EXPECT_EQ(target->query.at("track"), "0");
  EXPECT_EQ(target->query.at("text"), "a b&c");
  EXPECT_EQ(target->query.at("flag"), "");
  EXPECT_TRUE(parse_target("/")->segments.empty());
  EXPECT_EQ(parse_target("/a/")->segments, (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(parse_target("/a+b")->segments[0], "a+b") << "+ is a space in queries only";
}

TEST(Target, RefusesWhatIsNoPlainPath) {
  for (const char* bad : {"", "*", "api", "http://localhost/", "/%", "/%2", "/%zz", "/%00", "/a%0d%0ab", "/%7f", "/a#b", "/?a=%", "/?%0a=1", "/a\tb"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
  EXPECT_FALSE(parse_target("/" + std::string(kTargetMax, 'a')));
  std::string deep;
  for (size_t i = 0; i < kSegmentsMax; ++i) deep += "/a";
  EXPECT_TRUE(parse_target(deep));
  EXPECT_FALSE(parse_target(deep + "/a"));
  std::string wide = "/?";
  for (size_t i = 0; i < kQueryFieldsMax; ++i) wide += "a" + std::to_string(i) + "=1&";
  EXPECT_TRUE(parse_target(wide));
  EXPECT_FALSE(parse_target(wide + "last=1"));
}

TEST(Target, EveryCutOfAGoodOneIsDefined) {
  const std::string good = "/api/flights/2001%3A3f?a=%20&b=c";
  for (size_t size = 0; size <= good.size(); ++size) {
    const auto cut = parse_target(good.substr(0, size));
    if (size == 0) {
      EXPECT_FALSE(cut);
    }
    if (cut) {
      EXPECT_LE(cut->segments.size(), 3u);
    }
  }
}

TEST(Host, OnlyLoopbackNames) {
  for (const char* good : {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:1", "127.255.0.9:65535", "[::1]", "[::1]:8080"}) {
    EXPECT_TRUE(is_loopback_host(good)) << good;
  }
  for (const char* bad : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8080", "128.0.0.1", "0.0.0.0",
                          "127.0.0.256", "127.0.0", "127.0.0.01", "127.1", "localhost:", "localhost:x", "localhost:123456", "[::1", "[::2]",
                          "[::1]x", "::1", "user@localhost", "localhost/", " localhost"}) {
    EXPECT_FALSE(is_loopback_host(bad)) << bad;
  }
}

TEST(Origin, OnlyLoopbackPages) {
  EXPECT_TRUE(is_loopback_origin("http://127.0.0.1:8080"));
  EXPECT_TRUE(is_loopback_origin("http://localhost"));
  for (const char* bad : {"null", "", "http://evil.example", "file://", "ftp://localhost", "http://"}) EXPECT_FALSE(is_loopback_origin(bad)) << bad;
}

}  // namespace
}  // namespace nrid::web
