// The settings of nridd: what they become, and that every mistake names file, line, value and limit.
#include "nrid/server_settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/random.h"
#include "det/det.h"
#include "det/key_cache.h"

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

std::string replaced(std::string toml, const std::string& from, const std::string& to) {
  const size_t at = toml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return toml.replace(at, from.size(), to);
}

std::string refused(std::string toml, const std::string& from, const std::string& to) {
  const size_t at = toml.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  const auto outcome = read(toml.replace(at, from.size(), to));
  EXPECT_FALSE(outcome.ok());
  return outcome.ok() ? "" : outcome.text();
}

TEST(ServerSettings, systemd_names_the_data_folder_where_the_file_does_not) {
  unsetenv("STATE_DIRECTORY");
  EXPECT_EQ(read(good())->data_dir, "");
  setenv("STATE_DIRECTORY", "/var/lib/nridd", 1);
  EXPECT_EQ(read(good())->data_dir, "/var/lib/nridd");
  std::string own = good();
  own.insert(own.find("workers"), "data_dir = \"/srv\"\n");
  EXPECT_EQ(read(own)->data_dir, "/srv");
  unsetenv("STATE_DIRECTORY");
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
  EXPECT_NE(refused(good(), "workers = 2", "receive_buffer = 1000").find("65536"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "pin_workers = 1").find("server.pin_workers"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "schc_port = 5683").find("server.schc_port"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "address = \"localhost\"").find("localhost"), std::string::npos);
  EXPECT_NE(refused(good(), "anchors = [\"2", "anchors = [\"3").find("trust.anchors"), std::string::npos);
}

TEST(ServerSettings, who_is_revoked) {
  const auto with = [](const std::string& dets) { return replaced(good(), "[policy]\n", "[policy]\nrevoked = [" + dets + "]\n"); };
  const Keys keys;
  const auto settings = read(with("\"" + keys.text() + "\", \"" + to_text(keys.det) + "\""));
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(settings->revoked, (std::vector<Det>{keys.det, keys.det}));
  EXPECT_TRUE(read(good())->revoked.empty());
  for (const char* wrong : {"2002:3f:fe00:a05::1", "nobody", ""}) {
    const auto outcome = read(with("\"" + keys.text() + "\", \"" + wrong + "\""));
    ASSERT_FALSE(outcome.ok()) << wrong;
    EXPECT_NE(outcome.text().find("nridd.toml:8: policy.revoked: \"" + std::string(wrong) + "\" is no DET"), std::string::npos) << outcome.text();
  }
}

TEST(ServerSettings, who_judges_signatures) {
  const auto with = [](const std::string& section) { return "[verify]\n" + section + "\n" + good(); };
  const auto plain = read(good());
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->verifier.backend, "auto");
  EXPECT_EQ(plain->verifier.key_cache, 4096u);
  EXPECT_EQ(plain->verifier.processor_max, Processor::avx512);
  const auto settings = read(with("backend = \"libsodium\"\nkey_cache = 0\nprocessor_max = \"avx2\""));
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(settings->verifier.backend, "libsodium");
  EXPECT_EQ(settings->verifier.key_cache, 0u);
  EXPECT_EQ(settings->verifier.processor_max, Processor::avx2);
  EXPECT_NE(refused(with("backend = \"neon\""), "", "").find("nridd.toml:2: verify.backend: \"neon\" is none of auto, libsodium, avx2, avx512"), std::string::npos);
  EXPECT_NE(refused(with("key_cache = -1"), "", "").find("0..1000000"), std::string::npos);
  EXPECT_NE(refused(with("processor_max = \"sse2\""), "", "").find("nridd.toml:2: verify.processor_max"), std::string::npos);
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

TEST(ServerSettings, a_registry_may_want_some_things_otherwise) {
  const auto settings = read(good() + "[hda.\"16376/20\"]\nheartbeat = 2\nrequired = [\"location\"]\nallow_c2_origin = false\n[hda.\"1 / 2\"]\nrate = 3\n");
  ASSERT_TRUE(settings.ok()) << settings.text();
  ASSERT_EQ(settings->setup.hdas.size(), 2u);
  const HdaTerms& terms = settings->setup.hdas[0];
  EXPECT_EQ(terms.hid, (Hid{16376, 20}));
  EXPECT_EQ(terms.timers.heartbeat, seconds(2));
  EXPECT_EQ(terms.timers.silent_heartbeats, 6);        // as in [timers]
  EXPECT_EQ(terms.policy.required, 1u << 1);
  EXPECT_FALSE(terms.policy.allow_c2_origin);
  EXPECT_EQ(terms.policy.speed_max_mps, 50);
  EXPECT_EQ(settings->setup.hdas[1].policy.rate_per_s, 3);
  const auto config = config_of(settings->setup, nullptr);
  Published published(config);
  const auto held = published.take();
  EXPECT_EQ(held->timers_of(Det::with_hid(16376, 20, 5)).heartbeat, seconds(2));
  EXPECT_EQ(held->timers_of(Det::with_hid(16376, 21, 5)).heartbeat, milliseconds(2500));
  EXPECT_EQ(held->policy_of(Det::with_hid(1, 2, 5)).rate_per_s, 3);
}

TEST(ServerSettings, mistakes_about_a_registry_name_line_value_and_limit) {
  const auto wrong = [](const std::string& section) {
    const auto outcome = read(good() + section);
    EXPECT_FALSE(outcome.ok()) << section;
    return outcome.ok() ? "" : outcome.text();
  };
  EXPECT_NE(wrong("[hda.\"16376/99999\"]\nrate = 3\n").find("nridd.toml:15: [hda.16376/99999]: \"16376/99999\" is not RAA/HDA, both 0..16383"), std::string::npos);
  EXPECT_NE(wrong("[hda.\"1/2\"]\nheartbeat = 90\n").find("nridd.toml:15: hda.1/2.heartbeat is integer 90, expected 1..60 s"), std::string::npos);
  EXPECT_NE(wrong("[hda.\"1/2\"]\nheartbeat = 12\n").find("D-1"), std::string::npos);
  EXPECT_NE(wrong("[hda.\"1/2\"]\nsilent_heartbeats = 1\n").find("R*P"), std::string::npos);
  EXPECT_NE(wrong("[hda.\"1/2\"]\nconformance = true\n").find("unknown setting hda.1/2.conformance"), std::string::npos);
  EXPECT_NE(wrong("[hda]\nrate = 3\n").find("nridd.toml:15"), std::string::npos);
  EXPECT_NE(wrong("[hda.\"1/2\"]\nrate = 3\n[hda.\"1 / 2\"]\nrate = 3\n").find("already"), std::string::npos);
  std::string many;
  for (int i = 0; i <= 256; ++i) many += "[hda.\"1/" + std::to_string(i) + "\"]\nrate = 3\n";
  EXPECT_NE(wrong(many).find("more than 256"), std::string::npos);
}

TEST(ServerSettings, the_identity_that_we_leave_needs_both_settings_and_is_another) {
  const std::string det = to_hex(det::derive(16376, 10, SeedSigner(Seed{9}).public_key()));
  const auto settings = read(replaced(good(), "workers = 2", "former_det = \"" + det + "\"\nformer_key_file = \"old.key\""));
  ASSERT_TRUE(settings.ok()) << settings.text();
  EXPECT_EQ(to_hex(*settings->former), det);
  EXPECT_EQ(settings->former_key_file, "folder/old.key");
  EXPECT_NE(refused(good(), "workers = 2", "former_det = \"" + det + "\"").find("server.former_key_file"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "former_key_file = \"old.key\"").find("server.former_det"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "former_det = \"" + Keys().text() + "\"\nformer_key_file = \"old.key\"").find("server.det too"), std::string::npos);
  EXPECT_NE(refused(good(), "workers = 2", "former_det = \"x\"\nformer_key_file = \"old.key\"").find("\"x\" is no DET"), std::string::npos);
}

TEST(ServerSettings, a_reload_tells_what_it_takes_from_what_waits_for_a_restart) {
  const auto parse = [](const std::string& toml) { return *Settings::parse(toml, "folder/nridd.toml", server_setting_rows()); };
  const Settings before = parse(good() + "[hda.\"1/2\"]\nrate = 3\n");
  const Settings after = parse(replaced(replaced(good(), "workers = 2", "workers = 3"), "heartbeat = 2.5", "heartbeat = 3"));
  std::map<std::string, bool> changes;
  for (const SettingChange& change : setting_changes(before, after, server_setting_rows())) changes[change.name] = change.live;
  EXPECT_EQ(changes, (std::map<std::string, bool>{{"server.workers", false}, {"timers.heartbeat", true}, {"hda.1/2.rate", true}}));
  EXPECT_TRUE(setting_changes(before, before, server_setting_rows()).empty());
}

TEST(ServerSettings, D1_holds_or_the_start_fails) {
  EXPECT_NE(refused(good(), "heartbeat = 2.5", "heartbeat = 12").find("P < M"), std::string::npos);
  EXPECT_NE(refused(good(), "silent_heartbeats = 6", "silent_heartbeats = 2").find("R*P >= M"), std::string::npos);
  EXPECT_NE(refused(good(), "heartbeat = 2.5", "heartbeat = 2.5\nresend_after = 13").find("N <= M"), std::string::npos);
}

// Or the replay filter would be full before the sky is.
TEST(ServerSettings, R045_the_replay_filter_has_room_for_all_that_may_fly) {
  std::string text = good();
  const size_t at = text.find("[server]\n");
  ASSERT_NE(at, std::string::npos);
  text.insert(at + 9, "aircraft_max = 200000\n");
  const auto settings = read(text);
  ASSERT_TRUE(settings.ok()) << settings.text();
  const Limits& limits = settings->setup.limits;
  EXPECT_EQ(limits.aircraft_max, 200'000u);
  EXPECT_GE(limits.duplicates_max, limits.aircraft_max * 75);
  EXPECT_GE(limits.rate_max, limits.aircraft_max);
}

// Or flights that go on would push out each other's keys. An aircraft and its gateway have one each.
TEST(ServerSettings, R009_the_keys_of_all_that_may_fly_have_room) {
  const auto settings = read(good());
  ASSERT_TRUE(settings.ok()) << settings.text();
  const size_t flights = settings->setup.limits.aircraft_max;
  EXPECT_EQ(flights, 100'000u);
  det::Revocations revocations;
  det::KeyCache cache(settings->keys, revocations);
  const Now now{at_second(1'790'000'000), Tick{1'000'000}};
  SeededRandom random(5);
  for (size_t i = 0; i < 2 * flights; ++i) {
    auto entry = std::make_shared<KeyEntry>();
    entry->det = Det::with_hid(16376, 10, kSuiteEddsaCshake128);
    random.fill(std::span(entry->det.octets).subspan(8));
    entry->valid_until = now.wall + seconds(60);
    cache.put(std::move(entry), now.wall + seconds(3600), nullptr, now);
  }
  EXPECT_EQ(cache.stats().keys, 2 * flights);
  EXPECT_EQ(cache.stats().evicted, 0u);

  const auto small = read(replaced(good(), "[server]\n", "[server]\naircraft_max = 3\n"));
  ASSERT_TRUE(small.ok()) << small.text();
  EXPECT_EQ(small->keys.keys_max, det::KeySourceLimits{}.keys_max);
}

TEST(ServerSettings, overload) {
  const std::string text = good() + "[overload]\nwaiting = 128\nshare_after = 0.02\nwaiting_age = 2\nsource_rate = 50\nsource_burst = 60\ndry_run = [\"source\", \"rate\"]\n";
  const auto settings = read(text);
  ASSERT_TRUE(settings.ok()) << settings.text();
  const Overload& overload = settings->setup.limits.overload;
  EXPECT_EQ(overload.waiting_max, 128u);
  EXPECT_EQ(overload.share_after, milliseconds(20));
  EXPECT_EQ(overload.waiting_age, seconds(2));
  EXPECT_EQ(overload.source_per_s, 50);
  EXPECT_EQ(overload.source_burst, 60);
  EXPECT_TRUE(overload.dry_source && overload.dry_rate && !overload.dry_shares);
  EXPECT_NE(refused(text, "\"rate\"]", "\"everything\"]").find("none of source, shares, rate"), std::string::npos);
  EXPECT_NE(refused(text, "waiting = 128", "waiting = 63").find("64..65536"), std::string::npos);
  EXPECT_NE(refused(text, "share_after = 0.02\nwaiting_age = 2", "share_after = 0.5\nwaiting_age = 0.5").find("500 ms is not below waiting_age"), std::string::npos);
}

TEST(ServerSettings, load_low_is_below_load_high) {
  const std::string text = good() + "[peers]\nload_high = 0.8\nload_low = 0.5\nhysteresis = 12\n";
  EXPECT_NE(refused(text, "load_low = 0.5", "load_low = 0.8").find("is not below load_high"), std::string::npos);
  EXPECT_NE(refused(text, "hysteresis = 12", "hold_down = 29").find("30..3600"), std::string::npos);
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
