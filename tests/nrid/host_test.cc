// The module host: order of delivery, bus and outbox, workers, posts, slow handlers.
#include "nrid/host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>

namespace nrid::testing {
namespace {

class Scripted final : public Module {
 public:
  explicit Scripted(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  Status start(ModuleHost& host) override { return on_start ? on_start(host) : Status(); }
  void on_sightings(std::span<const Sighting> batch) override {
    for (const Sighting& s : batch) log.push_back("s" + std::to_string(s.operation));
    if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  void on_event(const FlightEvent& event) override { log.push_back("e" + std::to_string(event.operation)); }
  void on_tick(Instant) override { ++ticks; }
  void stop() override { log.push_back("stop"); }

  std::function<Status(ModuleHost&)> on_start;
  std::vector<std::string> log;
  int ticks = 0;
  bool slow = false;

 private:
  std::string name_;
};

struct Stage {
  explicit Stage(std::string data_dir = "", int workers = 0)
      : host({clock, events, http, counters.add_block(), nullptr, std::move(data_dir), workers}) {}
  void sighting(uint64_t operation) {
    Sighting s;
    s.operation = operation;
    ASSERT_TRUE(host.records().push(Record{s}));
  }
  void event(uint64_t operation) {
    FlightEvent e;
    e.operation = operation;
    ASSERT_TRUE(host.records().push(Record{e}));
  }
  void run() {
    while (host.step(clock.now()) > 0) {
    }
  }
  ManualClock clock{at_second(1'780'315'200)};
  NullEventStream events;
  NoHttpCaller http;
  Counters counters;
  Host host;
};

TEST(Host, sightings_and_events_keep_their_order) {
  Scripted a("a"), b("b");
  Stage stage;
  stage.host.add(a);
  stage.host.add(b);
  ASSERT_TRUE(stage.host.start().ok());
  stage.event(1);
  stage.sighting(1);
  stage.sighting(2);
  stage.event(2);
  stage.sighting(3);
  stage.run();
  const std::vector<std::string> expected{"e1", "s1", "s2", "e2", "s3"};
  EXPECT_EQ(a.log, expected);
  EXPECT_EQ(b.log, expected);
  stage.host.stop();
  EXPECT_EQ(a.log.back(), "stop");
}

TEST(Host, a_module_that_cannot_start_is_named) {
  Scripted good("good"), bad("bad");
  Stage stage;
  bad.on_start = [](ModuleHost& host) -> Status {
    TRY(section, host.settings("bad"));
    static_cast<void>(section);
    return {};
  };
  stage.host.add(good);
  stage.host.add(bad);
  const Status status = stage.host.start();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.text().find("module bad"), std::string::npos);
  stage.host.stop();
  EXPECT_TRUE(bad.log.empty());  // what did not start is not stopped
  EXPECT_EQ(good.log, std::vector<std::string>{"stop"});
}

TEST(Host, ticks_once_a_second_and_slow_handlers_are_counted) {
  Scripted a("a");
  Stage stage;
  a.slow = true;
  stage.host.add(a);
  ASSERT_TRUE(stage.host.start().ok());
  for (int i = 0; i < 50; ++i) {
    stage.clock.advance(milliseconds(100));
    stage.host.step(stage.clock.now());
  }
  EXPECT_EQ(a.ticks, 5);
  const uint64_t before = stage.counters.total().get(Counter::handler_slow);
  stage.sighting(1);
  stage.run();
  EXPECT_GE(stage.counters.total().get(Counter::handler_slow), before + 1);
}

TEST(Host, work_runs_on_a_worker_and_its_result_on_the_record_thread) {
  Stage stage("", 2);
  ASSERT_TRUE(stage.host.start().ok());
  const auto here = std::this_thread::get_id();
  std::atomic<bool> elsewhere{false};
  bool back = false;
  stage.host.run([&] { elsewhere = std::this_thread::get_id() != here; }, [&] { back = std::this_thread::get_id() == here; });
  for (int i = 0; i < 1000 && !back; ++i) {
    stage.host.step(stage.clock.now());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(elsewhere);
  EXPECT_TRUE(back);
}

TEST(Host, durable_messages_survive_a_restart) {
  const std::string folder = std::filesystem::temp_directory_path() / ("nrid_host_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  {
    Stage stage(folder);
    ASSERT_TRUE(stage.host.start().ok());
    stage.host.publish({"op.started", "a", "{\"n\":1}"}, true);
    stage.host.publish({"op.started", "b", "{}"}, false);
    // the process dies here: no step, no stop of the bus
    std::filesystem::copy(folder + "/bus.db", folder + "/copy.db");
    if (std::filesystem::exists(folder + "/bus.db-wal")) std::filesystem::copy(folder + "/bus.db-wal", folder + "/copy.db-wal");
  }
  std::filesystem::rename(folder + "/copy.db", folder + "/bus.db");
  if (std::filesystem::exists(folder + "/copy.db-wal")) std::filesystem::rename(folder + "/copy.db-wal", folder + "/bus.db-wal");
  for (const size_t expected : {1u, 0u}) {
    Scripted module("m");
    std::vector<BusMessage> got;
    Stage stage(folder);
    module.on_start = [&](ModuleHost& host) {
      host.subscribe("op.started", [&](const BusMessage& m) { got.push_back(m); });
      return Status();
    };
    stage.host.add(module);
    ASSERT_TRUE(stage.host.start().ok());
    stage.run();
    ASSERT_EQ(got.size(), expected);
    for (const BusMessage& message : got) EXPECT_EQ(message.json, "{\"n\":1}");
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace nrid::testing
