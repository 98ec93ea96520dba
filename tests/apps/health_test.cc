// What /healthz says while the journal or DNS is in trouble.
#include "apps/server/health.h"

#include <gtest/gtest.h>

#include "det/det.h"

namespace nrid::provider {
namespace {

class TroubledJournal final : public Journal {
 public:
  Status append(const JournalEntry&) override { return append_ok ? Status() : Status::failed("disk full"); }
  Status sync() override { return sync_ok ? Status() : Status::failed("disk full"); }
  bool append_ok = true, sync_ok = true;
};

class OneKey final : public KeySource {
 public:
  Result<KeyPtr> find(const Det&, Now) override {
    if (key) return KeyPtr(key);
    return error;
  }
  void request(const Det&) override { ++requests; }
  void on_answer(std::function<void(const Answer&)>) override {}
  Result<KeyPtr> learn(Bytes, Now) override { return Error::untrusted_chain; }
  std::shared_ptr<KeyEntry> key = std::make_shared<KeyEntry>();
  Error error = Error::key_unavailable;
  int requests = 0;
};

class HealthTest : public testing::Test {
 protected:
  std::string trouble() { return health.trouble(clock.now()); }
  ManualClock clock{at_second(1'800'000'000)};
  TroubledJournal journal;
  WatchedJournal watched{journal};
  OneKey keys;
  Health health{watched, keys, Det{}};
};

TEST_F(HealthTest, AJournalThatFailsIsTroubleUntilItTakesReportsAgain) {
  EXPECT_EQ(trouble(), "");
  journal.append_ok = false;
  EXPECT_FALSE(watched.append({}).ok());
  EXPECT_TRUE(watched.sync().ok());
  EXPECT_NE(trouble().find("journal"), std::string::npos);
  journal.append_ok = true;
  EXPECT_TRUE(watched.append({}).ok());
  EXPECT_EQ(trouble(), "");
  journal.sync_ok = false;
  EXPECT_FALSE(watched.sync().ok());
  EXPECT_NE(trouble().find("journal"), std::string::npos);
}

TEST_F(HealthTest, OurOwnKeyHasTimeToComeAndIsAskedForUntilItDoes) {
  keys.key = nullptr;
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(keys.requests, 1);
  clock.advance(seconds(6));
  EXPECT_NE(trouble().find("our own key"), std::string::npos);
  EXPECT_EQ(keys.requests, 2);
  keys.key = std::make_shared<KeyEntry>();
  EXPECT_EQ(trouble(), "");
  keys.key = nullptr;  // the time starts anew
  EXPECT_EQ(trouble(), "");
}

TEST_F(HealthTest, AVerdictOnOurOwnKeyIsTroubleAtOnceAndAStaleKeyIsNone) {
  keys.key->stale = true;
  EXPECT_EQ(trouble(), "");
  keys.key = nullptr;
  keys.error = Error::untrusted_chain;
  EXPECT_NE(trouble().find(info(Error::untrusted_chain).text), std::string::npos);
  EXPECT_EQ(keys.requests, 0);
}

}  // namespace
}  // namespace nrid::provider
