// What outlives a restart: keys and who vouches for them, never longer than they were believed, and nothing that was withdrawn.
#include "det/key_store.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "tests/det/key_world.h"

namespace nrid::det {
namespace {

constexpr size_t kRows = 100;

// Its disk outlives it; what start() makes does not.
struct Provider {
  SmallRegistry registry;
  FakeLookup dns;
  ManualClock clock{kNow};
  ResolverSettings settings;
  std::string folder = ::testing::TempDir() + "/key_store_" + std::to_string(getpid());
  std::unique_ptr<KeyStore> store;
  std::unique_ptr<DnsKeySource> keys;

  Provider() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    registry.publish_all(dns);
    settings.anchors = registry.anchors;
    start();
  }
  ~Provider() { std::filesystem::remove_all(folder); }
  std::string file() const { return folder + "/keys.db"; }
  void start(std::string_view policy = "strict") {
    auto opened = KeyStore::open(file(), policy, kRows);
    ASSERT_TRUE(opened.ok()) << opened.text();
    store = std::move(*opened);
    keys = std::make_unique<DnsKeySource>(settings, KeySourceLimits(), dns, clock, store.get());
    const Status restored = keys->restore();
    ASSERT_TRUE(restored.ok()) << restored.text();
  }
  void kill() {
    keys.reset();
    store.reset();
  }
  void restart(std::string_view policy = "strict") {
    ASSERT_TRUE(keys->upkeep().ok());
    kill();
    start(policy);
  }
  void break_dns() { dns.broken = DnsAnswer{.outcome = DnsAnswer::Outcome::timeout}; }
  const Det& det(const std::string& name) const { return registry[name].det; }
  bool has(const std::string& name) { return keys->find(det(name), clock.now()).ok(); }
  Error learn(const std::string& name) { return keys->learn(registry[name].endorsement, clock.now()).error(); }
};

TEST(KeyStore, a_key_serves_after_a_restart_and_nobody_is_asked) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.restart();
  provider.dns.asked = 0;
  EXPECT_TRUE(provider.has("ua"));
  const auto key = provider.keys->find(provider.det("ua"), provider.clock.now());
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->key.octets(), provider.registry["ua"].key);
  EXPECT_NE((*key)->chain.find("(anchor)"), std::string::npos);
  EXPECT_FALSE((*key)->stale);
  EXPECT_EQ(provider.dns.asked, 0u);
}

TEST(KeyStore, its_time_is_that_of_before) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.clock.advance(seconds(50));
  provider.restart();
  EXPECT_TRUE(provider.has("ua"));
  provider.clock.advance(seconds(11));                 // 61 of its 60
  EXPECT_FALSE(provider.has("ua"));
}

// T28: an hour without DNS, and in the middle of it a restart.
TEST(KeyStore, keys_whose_time_is_over_serve_once_dns_is_known_to_be_in_trouble) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.break_dns();
  provider.clock.advance(seconds(1800));
  provider.restart();
  EXPECT_TRUE(provider.keys->remembers(provider.det("ua"), provider.clock.now()));
  EXPECT_FALSE(provider.has("ua"));
  provider.keys->request(provider.det("ua"));
  EXPECT_TRUE(provider.has("ua"));
  provider.clock.advance(seconds(1800));
  EXPECT_TRUE(provider.has("ua"));
  provider.clock.advance(seconds(86'400 - 3600 - 100));  // its certificate ends first
  EXPECT_TRUE(provider.has("ua"));
  provider.clock.advance(seconds(101));
  EXPECT_FALSE(provider.has("ua"));
  EXPECT_FALSE(provider.keys->remembers(provider.det("ua"), provider.clock.now()));
}

TEST(KeyStore, a_new_flight_with_a_link_needs_no_dns_after_a_restart) {
  Provider provider;
  provider.keys->request(provider.det("ua"));          // and with it who vouches for it
  provider.restart();
  provider.break_dns();
  EXPECT_EQ(provider.learn("ua2"), Error::none);
  EXPECT_TRUE(provider.has("ua2"));
  provider.restart();
  EXPECT_TRUE(provider.has("ua2"));
}

TEST(KeyStore, what_dns_withdrew_does_not_come_back) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.keys->request(provider.det("hda"));
  provider.restart();
  provider.dns.table.clear();
  provider.clock.advance(seconds(61));
  for (const char* name : {"ua", "hda"}) provider.keys->request(provider.det(name));
  provider.break_dns();
  provider.restart();
  for (const char* name : {"ua", "hda"}) {
    EXPECT_FALSE(provider.keys->remembers(provider.det(name), provider.clock.now())) << name;
    provider.keys->request(provider.det(name));
    EXPECT_FALSE(provider.has(name)) << name;
  }
  EXPECT_NE(provider.learn("ua2"), Error::none);
}

// What made room in memory is in the file still, and would come back from there.
TEST(KeyStore, what_dns_withdrew_is_forgotten_also_where_memory_has_lost_it) {
  Provider provider;
  for (const KeptKey::Role role : {KeptKey::Role::key, KeptKey::Role::authority}) {
    provider.store->note({.det = provider.det("ua2"), .role = role, .key = provider.registry["ua2"].key, .fresh_until = kNow + seconds(60),
                          .trust_until = kNow + seconds(86'400), .issuers = {provider.det("raa")}});
  }
  ASSERT_TRUE(provider.keys->upkeep().ok());
  ASSERT_EQ(provider.store->rows(), 2u);
  provider.dns.table.clear();
  for (const char* name : {"ua2", "sp"}) provider.keys->request(provider.det(name));
  ASSERT_TRUE(provider.keys->upkeep().ok());
  EXPECT_EQ(provider.store->rows(), 0u);
}

TEST(KeyStore, other_rules_or_another_anchor_begin_anew) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.restart("stricter");
  EXPECT_FALSE(provider.has("ua"));
  provider.keys->request(provider.det("ua"));
  const auto anchors = std::exchange(provider.settings.anchors, {{provider.det("hda11"), provider.registry["hda11"].key}});
  provider.restart("stricter");
  EXPECT_FALSE(provider.has("ua"));
  EXPECT_NE(provider.learn("ua2"), Error::none);
  provider.settings.anchors = anchors;
  provider.restart("stricter");
  EXPECT_TRUE(provider.has("ua"));
}

TEST(KeyStore, revoked_is_revoked_however_the_key_came) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.restart();
  provider.keys->revoke(provider.det("hda"));
  EXPECT_EQ(provider.keys->find(provider.det("ua"), provider.clock.now()).error(), Error::det_revoked);
  EXPECT_FALSE(provider.keys->remembers(provider.det("ua"), provider.clock.now()));
}

// Somebody else wrote into the file: every column, one after the other.
TEST(KeyStore, rows_that_are_not_ours_are_passed_over) {
  const std::vector<std::string> faults = {
      "det = x'00'", "det = zeroblob(16)", "role = 7", "key = x'00'", "key = zeroblob(32)", "key = 'text'", "fresh_until = 'soon'", "trust_until = 'x'",
      "chain = x'00'", "issuers = x'0000'", "issuers = zeroblob(16)", "issuers = 5", "by_fallback = 'no'"};
  for (const std::string& fault : faults) {
    Provider provider;
    provider.keys->request(provider.det("ua"));
    ASSERT_TRUE(provider.keys->upkeep().ok());
    provider.kill();
    {
      const auto raw = open_sqlite(provider.file());
      ASSERT_TRUE(raw.ok());
      const Status spoiled = (*raw)->execute("UPDATE known SET " + fault + " WHERE role = 0");
      ASSERT_TRUE(spoiled.ok()) << spoiled.text();
    }
    provider.start();
    EXPECT_FALSE(provider.has("ua")) << fault;
  }
}

TEST(KeyStore, a_file_that_is_none_is_told_in_one_sentence) {
  Provider provider;
  provider.kill();
  std::filesystem::remove(provider.file());
  ASSERT_TRUE(write_file_atomic(provider.file(), std::string(8192, 'x')).ok());
  const auto opened = KeyStore::open(provider.file(), "strict", kRows);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.text().find(provider.file() + ": is not an SQLite database"), std::string::npos) << opened.text();
}

KeptKey numbered(int i) {
  KeptKey key{.fresh_until = kNow + seconds(i), .trust_until = kNow + seconds(86'400), .chain = "x"};
  std::memcpy(key.det.octets.data(), &i, sizeof i);
  return key;
}

TEST(KeyStore, its_size_is_bounded_and_the_freshest_stay) {
  Provider provider;
  for (int i = 0; i < 20 * static_cast<int>(kRows); ++i) {
    provider.store->note(numbered(i));
    if (i % 10 != 9) continue;
    ASSERT_TRUE(provider.store->write().ok());
    ASSERT_LE(provider.store->rows(), 2 * kRows + 10);
  }
  std::vector<Instant> fresh;
  ASSERT_TRUE(provider.store->load(kNow, [&](const KeptKey& key) { fresh.push_back(key.fresh_until); }).ok());
  ASSERT_LE(fresh.size(), 2 * kRows);
  EXPECT_GE(fresh.size(), kRows);
  for (size_t i = 0; i < fresh.size(); ++i) EXPECT_EQ(fresh[i], kNow + seconds(static_cast<int64_t>(20 * kRows - 1 - i)));
  EXPECT_EQ(provider.store->rows(), fresh.size());
}

TEST(KeyStore, what_is_noted_while_nobody_writes_is_bounded_and_a_withdrawal_is_never_lost) {
  Provider provider;
  provider.store->note(numbered(1));
  ASSERT_TRUE(provider.store->write().ok());
  for (int i = 2; i < 10 * static_cast<int>(kRows); ++i) provider.store->note(numbered(i));
  provider.store->forget(numbered(1).det, KeptKey::Role::key);
  ASSERT_TRUE(provider.store->write().ok());
  size_t rows = 0;
  ASSERT_TRUE(provider.store->load(kNow, [&](const KeptKey& key) {
    ++rows;
    EXPECT_NE(key.det, numbered(1).det);
  }).ok());
  EXPECT_EQ(rows, kRows);
}

// A store whose disk is full for a while.
class FullStore final : public Store {
 public:
  explicit FullStore(std::shared_ptr<Store> store) : store_(std::move(store)) {}
  Status execute(std::string_view sql, std::span<const StoreValue> parameters, const std::function<void(const StoreRow&)>& row) override {
    return store_->execute(sql, parameters, row);
  }
  Status transaction(const std::function<Status()>& work) override { return full ? Status::failed("the disk is full") : store_->transaction(work); }
  Status migrate(std::span<const std::string_view> steps) override { return store_->migrate(steps); }
  bool full = true;

 private:
  std::shared_ptr<Store> store_;
};

TEST(KeyStore, what_could_not_be_written_is_written_later) {
  Provider provider;
  const auto raw = open_sqlite(provider.file());
  ASSERT_TRUE(raw.ok());
  const auto full = std::make_shared<FullStore>(*raw);
  KeyStore store(full, kRows);
  store.note(numbered(1));
  store.note(numbered(2));
  EXPECT_EQ(store.write().text(), "the disk is full");
  KeptKey newer = numbered(1);
  newer.fresh_until = kNow + seconds(500);
  store.note(newer);
  full->full = false;
  ASSERT_TRUE(store.write().ok());
  std::vector<Instant> fresh;
  ASSERT_TRUE(store.load(kNow, [&](const KeptKey& key) { fresh.push_back(key.fresh_until); }).ok());
  EXPECT_EQ(fresh, (std::vector<Instant>{kNow + seconds(500), kNow + seconds(2)}));
}

// T28: who vouches is asked for again before it is needed, so that a Link finds it whatever DNS does then.
TEST(KeySource, an_authority_is_asked_for_again_before_its_time_is_over) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  for (int i = 0; i < 300; ++i) {
    provider.clock.advance(seconds(1));
    ASSERT_TRUE(provider.keys->upkeep().ok());
  }
  EXPECT_LT(provider.dns.asked, 60u);
  provider.break_dns();
  for (int i = 0; i < 3600; ++i) {
    provider.clock.advance(seconds(1));
    ASSERT_TRUE(provider.keys->upkeep().ok());
  }
  EXPECT_EQ(provider.learn("ua2"), Error::none);
  EXPECT_TRUE(provider.has("ua2"));
}

TEST(KeySource, a_key_below_a_stale_authority_is_asked_for_again_soon) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.break_dns();
  provider.clock.advance(seconds(100));
  ASSERT_TRUE(provider.keys->upkeep().ok());
  ASSERT_EQ(provider.learn("ua2"), Error::none);
  const auto key = provider.keys->find(provider.det("ua2"), provider.clock.now());
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->valid_until, provider.clock.now().wall + seconds(60));
  provider.clock.advance(seconds(61));
  EXPECT_FALSE(provider.has("ua2"));
  provider.keys->request(provider.det("ua2"));         // still in trouble
  EXPECT_TRUE(provider.has("ua2"));
  provider.dns.broken.reset();
  provider.dns.table.erase({owner_name(provider.det("ua2")), RrType::hhit});
  provider.clock.advance(seconds(2));
  EXPECT_TRUE(provider.has("ua2"));                    // which asks,
  EXPECT_FALSE(provider.has("ua2"));                   // and is told
}

// Until DNS was asked, silence is not trouble: an authority that was withdrawn vouches for nobody.
TEST(KeySource, an_authority_whose_time_is_over_is_asked_for_first) {
  Provider provider;
  provider.keys->request(provider.det("ua"));
  provider.clock.advance(seconds(100));
  provider.dns.table.erase({owner_name(provider.det("hda")), RrType::hhit});
  provider.dns.asked = 0;
  EXPECT_EQ(provider.learn("ua2"), Error::untrusted_chain);
  EXPECT_GT(provider.dns.asked, 0u);
  provider.break_dns();
  EXPECT_EQ(provider.learn("ua2"), Error::untrusted_chain);
}

// T28: a new flight whose gateway has a Link must not wait for a time-out first. Who has none finds its key with the next try.
TEST(KeySource, when_dns_is_silent_nobody_waits_for_it_and_its_return_is_noticed) {
  KeyWorld world;
  world.fail_dns();
  for (const char* name : {"sp", "hda11", "hda"}) world.keys->request(world.det(name));
  ASSERT_EQ(world.answers.size(), 3u);
  world.dns.held = true;
  world.keys->request(world.det("ua"));
  world.dns.held = false;
  while (world.answers.size() < 4 && !world.dns.queue.empty()) {
    const auto work = std::move(world.dns.queue.front());
    world.dns.queue.pop_front();
    work();
  }
  ASSERT_EQ(world.answers.size(), 4u);
  EXPECT_EQ(world.answers[3].error, Error::key_unavailable);
  EXPECT_EQ(world.answers[3].reason, "DNS has not answered the last 3 look-ups");
  world.dns.broken.reset();
  world.dns.release();                                 // the look-up went on behind it
  EXPECT_EQ(world.answers.size(), 4u) << "it is answered once";
  EXPECT_EQ(world.find(world.det("ua")), Error::none);
  world.keys->request(world.det("ua2"));
  EXPECT_EQ(world.answers.back().error, Error::none) << "DNS is back";
}

}  // namespace
}  // namespace nrid::det
