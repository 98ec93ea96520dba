// The settings file: what is read, what stands in for what is not written, and the sentence for every kind of mistake.
#include "base/settings.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/file.h"

namespace nrid {
namespace {

constexpr SettingInfo kKnown[] = {
    {"server", "port", SettingKind::integer, "", 1, 65535, "5683", "UDP port for plain CoAP."},
    {"server", "address", SettingKind::text, "", 0, 0, "\"127.0.0.1\"", "Address to bind."},
    {"server", "det", SettingKind::text, "", 0, 0, "", "DET of this provider."},
    {"server.limits", "skew", SettingKind::duration_s, "s", 0, 30, "5", "Clock difference that is accepted."},
    {"server.limits", "share", SettingKind::number, "", 0, 1, "0.25", "Share of one source."},
    {"policy", "allow_c2_origin", SettingKind::boolean, "", 0, 0, "false", "Packs without a Wrapper."},
    {"policy", "accept_hids", SettingKind::text_list, "", 0, 0, "[]", "RAA/HDA pairs served."},
    {"policy", "offset", SettingKind::integer, "m", 0, 0, "-7", "A value without a range."},
};

StatusOr<Settings> parse(std::string_view toml) { return Settings::parse(toml, "nridd.toml", kKnown); }

std::string refusal(std::string_view toml) {
  const auto settings = parse(toml);
  return settings.ok() ? "accepted" : settings.text();
}

TEST(Settings, ReadsWhatIsWrittenAndDefaultsTheRest) {
  const auto settings = parse(
      "# comment\n[server]\nport = 6000\ndet = \"2001:3f:fe00:a05::1\"\n\n[server.limits]\nskew = 2.5\nshare = 1\n"
      "[policy]\nallow_c2_origin = true\naccept_hids = [\"16376/10\", \"1/2\"]\n");
  ASSERT_TRUE(settings.ok()) << settings.text();
  const auto server = settings->section("server");
  EXPECT_EQ(server.integer("port"), 6000);
  EXPECT_EQ(server.text("address"), "127.0.0.1");
  EXPECT_EQ(server.text("det"), "2001:3f:fe00:a05::1");
  EXPECT_TRUE(server.given("port"));
  EXPECT_FALSE(server.given("address"));
  EXPECT_EQ(server.where("port"), "nridd.toml:3: server.port");
  EXPECT_EQ(server.where("address"), "nridd.toml: server.address");
  EXPECT_EQ(settings->section("server.limits").number("skew"), 2.5);
  EXPECT_EQ(settings->section("server.limits").number("share"), 1.0);
  const auto policy = settings->section("policy");
  EXPECT_TRUE(policy.boolean("allow_c2_origin"));
  EXPECT_EQ(policy.list("accept_hids"), (std::vector<std::string>{"16376/10", "1/2"}));
  EXPECT_EQ(policy.integer("offset"), -7);
}

TEST(Settings, PathsAreRelativeToTheFileAndDurationsCountMicroseconds) {
  const auto address = [](std::string_view text) {
    const auto settings = Settings::parse("[server]\ndet = \"x\"\naddress = \"" + std::string(text) + "\"\n", "etc/nridd.toml", kKnown);
    return settings.ok() ? settings->section("server").path("address") : settings.text();
  };
  EXPECT_EQ(address("keys/sp.key"), "etc/keys/sp.key");
  EXPECT_EQ(address("/keys/sp.key"), "/keys/sp.key");
  EXPECT_EQ(address(""), "");
  const auto settings = parse("[server]\ndet = \"x\"\n[server.limits]\nskew = 2.5\n");
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(settings->section("server").path("det"), "./x");
  EXPECT_EQ(settings->section("server.limits").duration("skew"), milliseconds(2500));
}

TEST(Settings, RefusalsNameFileLineValueAndRange) {
  EXPECT_EQ(refusal("[server]\nport = 70000\n"), "nridd.toml:2: server.port is integer 70000, expected 1..65535");
  EXPECT_EQ(refusal("[server]\nport = 0\n"), "nridd.toml:2: server.port is integer 0, expected 1..65535");
  EXPECT_EQ(refusal("[server]\n\nport = \"x\"\n"), "nridd.toml:3: server.port is text \"x\", expected an integer, 1..65535");
  EXPECT_EQ(refusal("[server]\nport = 5.5\n"), "nridd.toml:2: server.port is number 5.5, expected an integer, 1..65535");
  EXPECT_EQ(refusal("[server.limits]\nskew = -1\n"), "nridd.toml:2: server.limits.skew is integer -1, expected 0..30 s");
  EXPECT_EQ(refusal("[server.limits]\nskew = nan\n"), "nridd.toml:2: server.limits.skew is number nan, expected a finite number");
  EXPECT_EQ(refusal("[policy]\nallow_c2_origin = 1\n"),
            "nridd.toml:2: policy.allow_c2_origin is integer 1, expected true or false");
  EXPECT_EQ(refusal("[policy]\naccept_hids = [1]\n"),
            "nridd.toml:2: policy.accept_hids is a list with integer 1, expected a list of texts");
  EXPECT_EQ(refusal("[policy]\naccept_hids = \"1/2\"\n"),
            "nridd.toml:2: policy.accept_hids is text \"1/2\", expected a list of texts");
  EXPECT_EQ(refusal("[server]\naddress = 2020-01-01\n"),
            "nridd.toml:2: server.address is a date or time, expected a text in quotes");
  EXPECT_EQ(refusal("[server]\ndet = {}\n"), "nridd.toml:2: server.det is a table, expected a text in quotes");
}

TEST(Settings, UnknownWordsAreRefusedWithTheNearestKnownOne) {
  EXPECT_EQ(refusal("[server]\nprot = 1\n"), "nridd.toml:2: unknown setting server.prot; did you mean port?");
  EXPECT_EQ(refusal("[server]\nzzzzzzzz = 1\n"), "nridd.toml:2: unknown setting server.zzzzzzzz");
  EXPECT_EQ(refusal("\n[sever]\nport = 1\n"), "nridd.toml:2: unknown section [sever]; did you mean server?");
  EXPECT_EQ(refusal("[server.limit]\n"), "nridd.toml:1: unknown section [server.limit]; did you mean server.limits?");
  EXPECT_EQ(refusal("port = 1\n"), "nridd.toml:1: unknown setting port");
  EXPECT_EQ(refusal("server = 5\n"), "nridd.toml:1: server is integer 5, expected the section [server]");
  EXPECT_EQ(refusal("[[server]]\nport = 1\n"), "nridd.toml:1: server is a list, expected the section [server]");
}

TEST(Settings, TheFirstMistakeOfTheFileIsTheOneReported) {
  EXPECT_EQ(refusal("[server]\nzebra = 1\naddress = 5\n"), "nridd.toml:2: unknown setting server.zebra");
}

TEST(Settings, MissingAndSyntax) {
  EXPECT_EQ(refusal(""), "nridd.toml: server.det is missing: DET of this provider. (a text in quotes)");
  EXPECT_EQ(refusal("[server]\ndet = \"x\"\nport = = 5\n").substr(0, 23), "nridd.toml:3: not TOML:");
  EXPECT_EQ(refusal("[server]\ndet = \"x\n").substr(0, 23), "nridd.toml:2: not TOML:");
  EXPECT_EQ(refusal("[server]\nport = 1\nport = 2\n").substr(0, 23), "nridd.toml:3: not TOML:");
  EXPECT_EQ(refusal("[se\xcf\xbb\n").substr(0, 23), "nridd.toml:1: not TOML:");
  EXPECT_EQ(refusal("[server]\ndet = \"\xff\"\n").substr(0, 23), "nridd.toml:2: not TOML:");
}

TEST(Settings, LongGarbageIsShownShort) {
  EXPECT_LT(refusal("[server]\nport = \"" + std::string(100000, 'x') + "\"\n").size(), 200u);
  EXPECT_LT(refusal("[server]\n" + std::string(100000, 'x') + " = 1\n").size(), 400u);
  EXPECT_EQ(refusal(std::string(3000, '[')).substr(0, 22), "nridd.toml:1: not TOML");
  EXPECT_EQ(refusal("a = " + std::string(3000, '[')).substr(0, 22), "nridd.toml:1: not TOML");
}

TEST(Settings, FileErrorsAndDirectory) {
  EXPECT_EQ(Settings::load("/nonexistent/nridd.toml", kKnown).text(),
            "/nonexistent/nridd.toml: cannot open: No such file or directory");
  EXPECT_EQ(Settings::load("/", kKnown).text(), "/: is a directory, a file is expected");
  const std::string path = testing::TempDir() + "settings_test.toml";
  ASSERT_TRUE(write_file_atomic(path, "[server]\ndet = \"x\"\n").ok());
  const auto settings = Settings::load(path, kKnown);
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(settings->directory() + "/settings_test.toml", path);
  EXPECT_EQ(Settings::parse("[server]\ndet=\"x\"", "here.toml", kKnown)->directory(), ".");
  EXPECT_EQ(Settings::parse("[server]\ndet=\"x\"", "/here.toml", kKnown)->directory(), "/");
  std::remove(path.c_str());
}

// The reference is a file that an operator copies: every row is in it, and with the marks removed it parses to the defaults.
TEST(Settings, ReferenceIsAFileThatParses) {
  const std::string reference = settings_reference(kKnown);
  EXPECT_NE(reference.find("# UDP port for plain CoAP. (1..65535)\n#port = 5683\n"), std::string::npos) << reference;
  std::string file;
  size_t rows = 0;
  for (size_t at = 0; at < reference.size();) {
    const size_t end = reference.find('\n', at);
    std::string line = reference.substr(at, end - at);
    at = end + 1;
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') {
      line = line.substr(1);
      ++rows;
      if (line == "det = ") line += "\"x\"";
    }
    file += line + "\n";
  }
  EXPECT_EQ(rows, std::size(kKnown));
  const auto settings = parse(file);
  ASSERT_TRUE(settings.ok()) << settings.text() << file;
  EXPECT_EQ(settings->section("server.limits").number("share"), 0.25);
}

TEST(SettingsDeathTest, AskingForARowThatIsNotInTheTableIsOurMistake) {
  const auto settings = parse("[server]\ndet = \"x\"\n");
  ASSERT_TRUE(settings.ok());
  EXPECT_DEATH(static_cast<void>(settings->section("server").integer("absent")), "CHECK failed");
  EXPECT_DEATH(static_cast<void>(settings->section("server").integer("det")), "CHECK failed");
}

}  // namespace
}  // namespace nrid
