// Events reach every page in order; a page that does not keep up loses them, is counted and told; nothing ever waits.
#include "web/sse_hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "web/metrics.h"

namespace nrid::web {
namespace {

class Sink final : public EventSink {
 public:
  void send(std::string octets, std::function<void(bool)> done) override {
    text += octets;
    ++sends;
    waiting = std::move(done);
    if (fast) release(true);
  }
  void close() override { closed = true; }
  void release(bool ok) {
    auto done = std::exchange(waiting, nullptr);
    if (done) done(ok);
  }
  std::string text;
  int sends = 0;
  bool fast = true;
  bool closed = false;
  std::function<void(bool)> waiting;
};

TEST(SseText, SplitsLinesAndEndsWithABlankOne) {
  EXPECT_EQ(sse_text("position", "{\"a\":1}"), "event: position\ndata: {\"a\":1}\n\n");
  EXPECT_EQ(sse_text("x", "{\r\n}"), "event: x\ndata: {\ndata: }\n\n");
  EXPECT_DEATH(sse_text("a\nb", "{}"), "CHECK");
}

TEST(SseHub, DeliversInOrderToEveryPage) {
  CounterBlock counters;
  SseHub hub(counters);
  const auto a = std::make_shared<Sink>();
  const auto b = std::make_shared<Sink>();
  ASSERT_TRUE(hub.open(a));
  ASSERT_TRUE(hub.open(b));
  for (int i = 0; i < 5; ++i) hub.publish("n", std::to_string(i));
  EXPECT_EQ(a->text, b->text);
  EXPECT_EQ(a->text, "retry: 2000\n\n" + sse_text("n", "0") + sse_text("n", "1") + sse_text("n", "2") + sse_text("n", "3") + sse_text("n", "4"));
  EXPECT_EQ(counters.get(Counter::event_dropped), 0u);
}

TEST(SseHub, ASlowPageLosesEventsAndHearsResync) {
  CounterBlock counters;
  SseHub hub(counters, {.clients_max = 4, .queue_max = 3});
  const auto slow = std::make_shared<Sink>();
  const auto quick = std::make_shared<Sink>();
  slow->fast = false;
  ASSERT_TRUE(hub.open(slow));
  ASSERT_TRUE(hub.open(quick));
  for (int i = 0; i < 4; ++i) hub.publish("n", std::to_string(i));
  hub.publish("n", "4");
  EXPECT_EQ(slow->sends, 1) << "one send under way, whatever is published";
  EXPECT_EQ(counters.get(Counter::event_dropped), 4u) << "three waiting and the one that found no room";
  slow->text.clear();
  slow->release(true);
  EXPECT_EQ(slow->text, sse_text("resync", "{}") + sse_text("n", "4"));
  EXPECT_NE(quick->text.find(sse_text("n", "3")), std::string::npos) << "others lose nothing";
}

TEST(SseHub, ForgetsAPageThatIsGoneAndRefusesTooMany) {
  CounterBlock counters;
  SseHub hub(counters, {.clients_max = 1, .queue_max = 3});
  const auto sink = std::make_shared<Sink>();
  sink->fast = false;
  ASSERT_TRUE(hub.open(sink));
  EXPECT_TRUE(hub.full());
  EXPECT_FALSE(hub.open(std::make_shared<Sink>()));
  sink->release(false);
  EXPECT_EQ(hub.clients(), 0u);
  hub.publish("n", "1");
  EXPECT_EQ(sink->sends, 1);
}

TEST(SseHub, ClosesAllAndStaysClosed) {
  CounterBlock counters;
  SseHub hub(counters);
  const auto sink = std::make_shared<Sink>();
  ASSERT_TRUE(hub.open(sink));
  hub.close_all();
  EXPECT_TRUE(sink->closed);
  EXPECT_FALSE(hub.open(std::make_shared<Sink>()));
}

TEST(Metrics, ShowEveryCounterOnceInTextForm) {
  Counters counters;
  CounterBlock& block = counters.add_block();
  block.add(Counter::received, 12'345'678);
  block.refuse(Error::expired);
  Metrics metrics([&] { return counters.total(); });
  metrics.add_gauge("parked", "datagrams that wait now", [] { return 2.5; });
  metrics.add_counter("fleet_late", "late \"ones\"\n", [] { return 7; });
  const std::string text = "\n" + metrics.text();
  EXPECT_NE(text.find("\nnrid_received_total 12345678\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n# TYPE nrid_received_total counter\n"), std::string::npos);
  EXPECT_NE(text.find("\nnrid_refused_total{reason=\"expired\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("\nnrid_refused_total{reason=\"rate\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("\nnrid_parked_total 0\n"), std::string::npos);
  EXPECT_NE(text.find("\nnrid_parked 2.5\n"), std::string::npos);
  EXPECT_NE(text.find("\nnrid_fleet_late_total 7\n"), std::string::npos);
  EXPECT_EQ(text.find("total_total"), std::string::npos);
  for (const CounterInfo& row : kCounters) EXPECT_NE(text.find("\n# HELP nrid_" + std::string(row.name)), std::string::npos) << row.name;
}

// dnsdist CVE-2026-40011, T49: whatever peers send, a label is one of the words of base/errors.h, and the number of series is fixed.
TEST(Metrics, LabelsAreAClosedSet) {
  Counters counters;
  CounterBlock& block = counters.add_block();
  for (const ErrorInfo& row : kErrors) {
    if (row.error != Error::none) block.refuse(row.error);
  }
  Metrics metrics([&] { return counters.total(); });
  const std::string text = metrics.text();
  size_t series = 0, labelled = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++series;
    const size_t brace = line.find('{');
    if (brace == std::string::npos) continue;
    ++labelled;
    const std::string start = "nrid_refused_total{reason=\"";
    ASSERT_EQ(line.compare(0, start.size(), start), 0) << line;
    const std::string word = line.substr(start.size(), line.find('"', start.size()) - start.size());
    EXPECT_TRUE(std::any_of(std::begin(kErrors), std::end(kErrors), [&](const ErrorInfo& row) { return row.counter == word; })) << line;
  }
  EXPECT_EQ(labelled, std::size(kErrors) - 1);
  EXPECT_EQ(series, std::size(kErrors) - 1 + std::size(kCounters));
  EXPECT_LE(series, 200u);
}

}  // namespace
}  // namespace nrid::web
