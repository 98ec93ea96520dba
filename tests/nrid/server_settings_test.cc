// The settings of nridd: what they become, and that every mistake names file, line, value and limit.
#include "nrid/server_settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "det/det.h"

namespace nrid::testing {
namespace {

struct Keys {
  Keys() {
    Seed seed;
    seed.fill(7);
    signer = std::make_unique<SeedSigner>(seed);
    det = det::derive(16376, 10, signer->public_key());
  }
  std::unique_ptr<SeedSigner> signer;
  Det det;
  std::string text() const { return to_hex(det); }
  std::string anchor() const { return text() + "=" + to_hex(signer->public_key()); }
};

std::string good() {
  const Keys keys;
  return "[server]\ndet = \"" + keys.text() + "\"\nkey_file = \"sp.key\"\nworkers = 2\n[trust]\nanchors = [\"" + keys.anchor() +
         "\"]\n[policy]\naccept_hids = [\"16376/10\", \"16376 / 11\"]\ngateways = [\"" + keys.text() + " -> " + to_text(keys.det) +
         "\"]\nrequired = [\"basic\", \"self\"]\n[timers]\nheartbeat = 2.5\nsilent_heartbeats = 6\n";
}

StatusOr<ServerSettings> read(const std::string& toml) {
  TRY(settings, Settings::parse(toml, "folder/nridd.toml", server_setting_rows()));
  return read_server_settings(settings);
}

std::string refused(std::string toml, const std::string& from, const std::string& to) {
  const size_t at = toml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  const auto outcome = read(toml.replace(at, from.size(), to));
  EXPECT_FALSE(outcome.ok());
  return outcome.ok() ? "" : outcome.text();
}

TEST(ServerSettings, values_become_settings) {
  const auto settings = read(good());
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(to_text(settings->plain), "127.0.0.1:5683");
  EXPECT_EQ(to_text(settings->schc), "127.0.0.1:5787");
  EXPECT_EQ(settings->key_file, "folder/sp.key");
  EXPECT_EQ(settings->workers, 2);
  EXPECT_EQ(settings->setup.policy.accept_hids.size(), 2u);
  EXPECT_EQ(settings->setup.policy.accept_hids[1], (Hid{16376, 11}));
  EXPECT_EQ(settings->setup.policy.gateways.size(), 1u);
  EXPECT_EQ(settings->setup.policy.required, 1u | 1u << 3);
  EXPECT_EQ(settings->setup.timers.heartbeat, milliseconds(2500));
  EXPECT_EQ(settings->dns.anchors.size(), 1u);
  EXPECT_EQ(settings->dns.servers, "127.0.0.1");
  EXPECT_EQ(settings->rules_file, "");
}

TEST(ServerSettings, mistakes_name_line_value_and_limit) {
  const std::string hids = refused(good(), "16376/10", "16384/10");
  EXPECT_NE(hids.find("nridd.toml:8: policy.accept_hids"), std::string::npos) << hids;
  EXPECT_NE(hids.find("16384/10"), std::string::npos);
  EXPECT_NE(refused(good(), " -> ", " to ").find("policy.gateways"), std::string::npos);
  EXPECT_NE(refused(good(), "\"self\"", "\"selfie\"").find("selfie"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "workers = 65").find("64"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "schc_port = 5683").find("server.schc_port"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "address = \"localhost\"").find("localhost"), std::string::npos);
  EXPECT_NE(refused(good(), "anchors = [\"2", "anchors = [\"3").find("trust.anchors"), std::string::npos);
}

TEST(ServerSettings, resolvers_are_a_list_checked_at_load) {
  const auto with = [](const std::string& list) { return "[dns]\nservers = " + list + "\n" + good(); };
  const auto settings = read(with("[\"127.0.0.1:5353\", \"::1\", \"[::1]:53\"]"));
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(settings->dns.servers, "127.0.0.1:5353,::1,[::1]:53");
  for (const char* bad : {"[]", "[\"\"]", "[\"dns.example\"]", "[\"127.0.0.1:99999\"]", "[\"127.0.0.1\", \"nobody\"]", "[\"127.0.0.1,::1\"]", "\"127.0.0.1\""}) {
    const auto outcome = read(with(bad));
    ASSERT_FALSE(outcome.ok()) << bad;
    EXPECT_NE(outcome.text().find("nridd.toml:2: dns.servers"), std::string::npos) << outcome.text();
  }
}

TEST(ServerSettings, D1_holds_or_the_start_fails) {
  EXPECT_NE(refused(good(), "heartbeat = 2.5", "heartbeat = 12").find("P < M"), std::string::npos);
  EXPECT_NE(refused(good(), "silent_heartbeats = 6", "silent_heartbeats = 2").find("R*P >= M"), std::string::npos);
  EXPECT_NE(refused(good(), "heartbeat = 2.5", "heartbeat = 2.5\nresend_after = 13").find("N <= M"), std::string::npos);
}

TEST(ServerSettings, the_reference_is_a_file_that_loads) {
  const std::string reference = settings_reference(server_setting_rows());
  for (const SettingInfo& row : server_setting_rows()) EXPECT_NE(reference.find(std::string(row.name) + " ="), std::string::npos) << row.name;
}

TEST(ServerSettings, a_key_file_must_hold_our_key) {
  const Keys keys;
  const std::string path = std::filesystem::temp_directory_path() / ("nrid_key_" + std::to_string(getpid()));
  const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
  write("# seed of the provider\n" + std::string(64, '0') + "\n");
  EXPECT_NE(read_key_file(path, keys.det).text().find("does not hash"), std::string::npos);
  std::string seed;
  for (int i = 0; i < 32; ++i) seed += "07";
  write("# seed of the provider\n" + seed + "\n");
  ASSERT_TRUE(read_key_file(path, keys.det).ok());
  write("nonsense\n");
  EXPECT_NE(read_key_file(path, keys.det).text().find("64 hex digits"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_FALSE(read_key_file(path, keys.det).ok());
}

}  // namespace
}  // namespace nrid::testing
