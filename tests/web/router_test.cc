// The road from a request to a response without a socket: each refusal with its status, word and headers.
#include "web/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace nrid::web {
namespace {

using nlohmann::json;

class FixedLogin final : public Login {
 public:
  std::optional<Principal> who(const HttpRequest&) override { return principal; }
  std::optional<Principal> principal = Principal{"test", Role::admin};
};

HttpResponse text(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() : router(login, 1000) {
    router.add("m", {"GET", "/api/things/{name}", Role::viewer, "one", [](const HttpRequest& r) { return text("thing " + r.parameters.at("name")); }});
    router.add("m", {"GET", "/api/things/all", Role::viewer, "all", [](const HttpRequest&) { return text("all"); }});
    router.add("m", {"POST", "/api/things", Role::operator_, "make", [](const HttpRequest& r) { return text(r.principal + " " + r.body); }});
    router.add("m", {"GET", "/throw", Role::anyone, "", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret path /etc/x"); }});
    router.add("m", {"GET", "/open", Role::anyone, "", [](const HttpRequest& r) { return text("open " + r.query.at("q")); }}, Router::Kind::hidden);
    router.add("m", {"GET", "/stream", Role::viewer, "", [](const HttpRequest&) { return text(""); }}, Router::Kind::stream);
  }
  Answer ask(std::string method, std::string target, std::map<std::string, std::string> headers = {{"host", "localhost"}}, std::string body = "") {
    return router.answer({std::move(method), std::move(target), std::move(headers), std::move(body)});
  }
  static std::string word(const Answer& answer) { return json::parse(answer.response.body)["error"]; }

  FixedLogin login;
  Router router;
};

TEST_F(RouterTest, FindsAndFillsParameters) {
  EXPECT_EQ(ask("GET", "/api/things/a%20b").response.body, "thing a b");
  EXPECT_EQ(ask("GET", "/api/things/all").response.body, "all") << "a literal wins";
  EXPECT_EQ(ask("GET", "/open?q=1%2B1").response.body, "open 1+1");
  EXPECT_EQ(ask("POST", "/api/things", {{"host", "127.0.0.1:1"}}, "body").response.body, "test body");
}

TEST_F(RouterTest, RefusesEachWithItsWord) {
  const Answer unknown = ask("GET", "/api/none");
  EXPECT_EQ(unknown.response.status, 404);
  EXPECT_EQ(word(unknown), "not_found");
  EXPECT_EQ(ask("GET", "/api/things/").response.status, 404) << "{name} takes no empty segment";
  const Answer method = ask("DELETE", "/api/things/x");
  EXPECT_EQ(method.response.status, 405);
  ASSERT_EQ(method.response.headers.size(), 1u);
  EXPECT_EQ(method.response.headers[0], (std::pair<std::string, std::string>{"Allow", "GET, HEAD"}));
  EXPECT_EQ(word(ask("GET", "/%zz")), "bad_target");
  const Answer large = ask("POST", "/api/things", {{"host", "localhost"}}, std::string(1001, 'x'));
  EXPECT_EQ(large.response.status, 413);
  EXPECT_EQ(word(large), "too_large");
}

TEST_F(RouterTest, RefusesForeignHostsAndForeignPages) {
  EXPECT_EQ(word(ask("GET", "/open?q=1", {{"host", "evil.example"}})), "forbidden_host");
  EXPECT_EQ(ask("GET", "/open?q=1", {}).response.status, 403);
  const Answer foreign = ask("POST", "/api/things", {{"host", "localhost"}, {"origin", "http://evil.example"}});
  EXPECT_EQ(foreign.response.status, 403);
  EXPECT_EQ(word(foreign), "forbidden_origin");
  EXPECT_EQ(ask("POST", "/api/things", {{"host", "localhost"}, {"origin", "http://localhost:8080"}}).response.status, 200);
}

TEST_F(RouterTest, JudgesRoles) {
  login.principal = Login::Principal{"viewer", Role::viewer};
  EXPECT_EQ(ask("GET", "/api/things/x").response.status, 200);
  EXPECT_EQ(word(ask("POST", "/api/things")), "forbidden");
  login.principal.reset();
  EXPECT_EQ(ask("GET", "/api/things/x").response.status, 401);
  EXPECT_EQ(ask("GET", "/open?q=1").response.status, 200);
}

TEST_F(RouterTest, AThrowingHandlerIs500AndTellsTheLogOnly) {
  std::string logged;
  router.on_failure([&](const std::string& line) { logged = line; });
  const Answer answer = ask("GET", "/throw");
  EXPECT_EQ(answer.response.status, 500);
  EXPECT_EQ(answer.response.body.find("secret"), std::string::npos);
  EXPECT_NE(logged.find("secret path"), std::string::npos);
}

TEST_F(RouterTest, HeadIsGetWithoutBodyAndStreamsAreMarked) {
  EXPECT_TRUE(ask("HEAD", "/api/things/x").head_only);
  EXPECT_EQ(ask("HEAD", "/api/things/x").response.body, "thing x");
  EXPECT_TRUE(ask("GET", "/stream").stream);
  EXPECT_FALSE(ask("HEAD", "/stream").stream);
}

TEST_F(RouterTest, ListsItsRoutes) {
  const json table = json::parse(router.table_json());
  EXPECT_EQ(table["routes"].size(), 5u) << "hidden ones are not listed";
  EXPECT_EQ(table["routes"][2]["role"], "operator");
}

TEST_F(RouterTest, TwoRoutesOfOneShapeAreOurMistake) {
  EXPECT_DEATH(router.add("n", {"GET", "/api/things/{other}", Role::viewer, "", [](const HttpRequest&) { return text(""); }}), "same_shape");
}

}  // namespace
}  // namespace nrid::web
