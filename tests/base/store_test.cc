// The SQLite store: values, transactions, migrations, and the sentences for the usual troubles.
#include "base/store.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/file.h"

namespace nrid {
namespace {

class StoreFile : public testing::Test {
 protected:
  StoreFile() {
    folder_ = std::filesystem::path(testing::TempDir()) / ("store_test_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "fleet.db").string();
  }
  ~StoreFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
  std::string path_;
};

int64_t count(Store& store, std::string_view table) {
  int64_t n = -1;
  const Status status = store.execute("SELECT count(*) FROM " + std::string(table), {},
                                      [&](const StoreRow& row) { n = std::get<int64_t>(row.at(0)); });
  EXPECT_TRUE(status.ok()) << status.text();
  return n;
}

TEST(Store, EveryKindOfValueComesBack) {
  auto store = *open_sqlite(":memory:");
  ASSERT_TRUE(store->execute("CREATE TABLE t (a, b, c, d, e, f)").ok());
  const std::vector<StoreValue> values = {int64_t{-5}, 0.25, std::string("a\0b", 3), std::vector<uint8_t>{0, 255}, std::monostate{},
                                          std::vector<uint8_t>{}};
  ASSERT_TRUE(store->execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", values).ok());
  StoreRow seen;
  ASSERT_TRUE(store->execute("SELECT * FROM t WHERE a = ?", {{int64_t{-5}}}, [&](const StoreRow& row) { seen = row; }).ok());
  EXPECT_EQ(seen, values);
}

TEST(Store, TheSameStatementManyTimesAndManyStatements) {
  auto store = *open_sqlite(":memory:");
  ASSERT_TRUE(store->execute("CREATE TABLE t (a INTEGER PRIMARY KEY)").ok());
  for (int64_t i = 0; i < 100; ++i) ASSERT_TRUE(store->execute("INSERT INTO t VALUES (?)", {{i}}).ok());
  for (int i = 0; i < 400; ++i) {  // more than the table of prepared statements holds
    ASSERT_TRUE(store->execute("SELECT a FROM t WHERE a = " + std::to_string(i)).ok());
  }
  EXPECT_EQ(count(*store, "t"), 100);
}

TEST(Store, ATransactionIsAllOrNothing) {
  auto store = *open_sqlite(":memory:");
  ASSERT_TRUE(store->execute("CREATE TABLE t (a)").ok());
  const Status failed = store->transaction([&]() -> Status {
    TRY_VOID(store->execute("INSERT INTO t VALUES (1)"));
    return Status::failed("changed my mind");
  });
  EXPECT_EQ(failed.text(), "changed my mind");
  EXPECT_EQ(count(*store, "t"), 0);
  EXPECT_TRUE(store->transaction([&] { return store->execute("INSERT INTO t VALUES (1)"); }).ok());
  EXPECT_EQ(count(*store, "t"), 1);
}

TEST_F(StoreFile, MigrationsRunOnceAndInOrder) {
  const std::string_view first[] = {"CREATE TABLE a (x); CREATE TABLE b (x)"};
  const std::string_view both[] = {first[0], "ALTER TABLE a ADD COLUMN y"};
  {
    auto store = *open_sqlite(path_);
    ASSERT_TRUE(store->migrate(first).ok());
    ASSERT_TRUE(store->migrate(first).ok());
    ASSERT_TRUE(store->execute("INSERT INTO a VALUES (1)").ok());
  }
  auto store = *open_sqlite(path_);
  ASSERT_TRUE(store->migrate(both).ok());
  ASSERT_TRUE(store->execute("UPDATE a SET y = 2").ok());
  EXPECT_EQ(count(*store, "a"), 1);
  const Status older = store->migrate(first);
  EXPECT_EQ(older.text(), path_ + ": schema version 2, this program knows 1: the file was written by a newer program");
}

TEST(Store, AFailedMigrationLeavesNothing) {
  auto store = *open_sqlite(":memory:");
  const std::string_view steps[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"};
  EXPECT_FALSE(store->migrate(steps).ok());
  EXPECT_EQ(count(*store, "a"), 0);                                 // step 1 stands
  EXPECT_FALSE(store->execute("SELECT * FROM b").ok());             // step 2 does not, not by half
}

TEST(Store, SyntaxErrorsNameTheStatement) {
  auto store = *open_sqlite(":memory:");
  EXPECT_EQ(store->execute("SELEKT 1").text(), ":memory:: near \"SELEKT\": syntax error (statement: SELEKT 1)");
  EXPECT_EQ(store->execute("SELECT 1; SELECT 2").text(), ":memory:: more than one statement (statement: SELECT 1; SELECT 2)");
  EXPECT_EQ(store->execute("").text(), ":memory:: empty statement");
}

TEST_F(StoreFile, TroubleIsNamed) {
  EXPECT_EQ(open_sqlite("/nonexistent/folder/x.db").text(),
            "/nonexistent/folder/x.db: cannot be opened (folder missing or not writable)");
  ASSERT_TRUE(write_file_atomic(path_, std::string(4096, 'x')).ok());
  EXPECT_NE(open_sqlite(path_).text().find("is not an SQLite database"), std::string::npos);
}

TEST_F(StoreFile, AFullDiskIsNamedAndLeavesTheStoreUsable) {
  auto store = *open_sqlite(path_);
  ASSERT_TRUE(store->execute("CREATE TABLE t (a)").ok());
  ASSERT_TRUE(store->execute("PRAGMA max_page_count = 4", {}, [](const StoreRow&) {}).ok());  // SQLite's own full disk
  const Status status = store->transaction([&]() -> Status {
    for (int i = 0; i < 100; ++i) TRY_VOID(store->execute("INSERT INTO t VALUES (?)", {{std::string(1000, 'x')}}));
    return {};
  });
  EXPECT_EQ(status.text(), path_ + ": the disk is full (statement: INSERT INTO t VALUES (?))");
  EXPECT_EQ(count(*store, "t"), 0);
}

// The rights of files mean nothing to root, so SQLite is told that the file is read-only.
TEST_F(StoreFile, AReadOnlyFileIsNamed) {
  auto store = *open_sqlite(path_);
  ASSERT_TRUE(store->execute("CREATE TABLE t (a)").ok());
  ASSERT_TRUE(store->execute("PRAGMA query_only = ON").ok());
  EXPECT_EQ(store->execute("INSERT INTO t VALUES (1)").text(),
            path_ + ": the file or its folder is read-only (statement: INSERT INTO t VALUES (1))");
}

TEST_F(StoreFile, ReadersDoNotWaitForTheWriter) {
  auto writer = *open_sqlite(path_);
  auto reader = *open_sqlite(path_);
  ASSERT_TRUE(writer->execute("CREATE TABLE t (a)").ok());
  const Status status = writer->transaction([&]() -> Status {
    TRY_VOID(writer->execute("INSERT INTO t VALUES (1)"));
    EXPECT_EQ(count(*reader, "t"), 0);
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(count(*reader, "t"), 1);
}

// What was committed is there after the process is killed.
TEST_F(StoreFile, CommittedRowsSurviveAKill) {
  const pid_t child = fork();
  if (child == 0) {
    auto store = open_sqlite(path_);
    if (!store.ok() || !(*store)->execute("CREATE TABLE t (a)").ok()) _exit(1);
    for (int64_t i = 0; i < 10; ++i) {
      if (!(*store)->execute("INSERT INTO t VALUES (?)", {{i}}).ok()) _exit(1);
    }
    static_cast<void>((*store)->transaction([&]() -> Status {
      TRY_VOID((*store)->execute("INSERT INTO t VALUES (99)"));
      kill(getpid(), SIGKILL);
      return {};
    }));
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto store = *open_sqlite(path_);
  EXPECT_EQ(count(*store, "t"), 10);
}

TEST_F(StoreFile, ManyThreadsShareOneStore) {
  auto store = *open_sqlite(path_);
  ASSERT_TRUE(store->execute("CREATE TABLE t (a)").ok());
  ASSERT_TRUE(store->execute("PRAGMA synchronous = OFF").ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(store->transaction([&] { return store->execute("INSERT INTO t VALUES (1)"); }).ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count(*store, "t"), 200);
}

}  // namespace
}  // namespace nrid
