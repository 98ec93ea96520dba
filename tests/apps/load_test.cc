// The parts of nrid-load that need no server: histogram, schedule, judgement, plot, and that its messages are what a provider
// accepts and its forgeries what one refuses.
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/load/messages.h"
#include "apps/load/plan.h"
#include "apps/load/report.h"
#include "apps/load/server_view.h"
#include "base/file.h"
#include "det/det.h"

namespace nrid::load {
namespace {

TEST(Histogram, PercentilesAreNeverTooLowAndAtMostA64thTooHigh) {
  SeededRandom random(7);
  std::vector<int64_t> values;
  Histogram all, halves[2];
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<int64_t>(std::exp(random.unit() * 20));  // microseconds to minutes
    values.push_back(value);
    all.add(value);
    halves[i % 2].add(value);
  }
  halves[0].merge(halves[1]);
  std::sort(values.begin(), values.end());
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const int64_t exact = values[static_cast<size_t>(std::max(1.0, std::ceil(share * 20'000)) - 1)];
    EXPECT_GE(all.percentile_us(share), exact) << share;
    EXPECT_LE(static_cast<double>(all.percentile_us(share)), static_cast<double>(exact) * (1 + 1.0 / 64) + 1) << share;
    EXPECT_EQ(all.percentile_us(share), halves[0].percentile_us(share));
  }
  EXPECT_EQ(all.count(), 20'000u);
  EXPECT_EQ(all.max_us(), values.back());
}

TEST(Histogram, EdgesCount) {
  Histogram one;
  EXPECT_EQ(one.percentile_us(0.5), 0);
  one.add(-5);
  one.add(INT64_MAX);
  EXPECT_EQ(one.percentile_us(0.5), 0);
  EXPECT_EQ(one.percentile_us(1), Histogram::kMax_us);
}

TEST(Schedule, EvenTimesAreFixedAndPoissonTimesKeepTheRate) {
  SeededRandom random(1), again(1);
  const Step step{1000, seconds(4)};
  const auto even = send_offsets_us(step, Arrivals::even, random);
  ASSERT_EQ(even.size(), 4000u);
  for (size_t i = 0; i < even.size(); ++i) EXPECT_EQ(even[i], static_cast<int64_t>(i) * 1000);
  const auto one = send_offsets_us(step, Arrivals::poisson, random), two = send_offsets_us(step, Arrivals::poisson, again);
  EXPECT_EQ(one, two) << "equal seeds";
  EXPECT_NEAR(static_cast<double>(one.size()), 4000, 4 * std::sqrt(4000.0));
  EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
  EXPECT_LT(one.back(), step.length.us);
}

TEST(Schedule, RatesAreReadOrNamed) {
  const auto good = parse_rates("100, 2000,4.5");
  ASSERT_TRUE(good.ok()) << good.text();
  EXPECT_EQ(*good, (std::vector<double>{100, 2000, 4.5}));
  for (const char* const bad : {"", "x", "100,", "0", "-1", "3000000", "10 20", "nan"}) EXPECT_FALSE(parse_rates(bad).ok()) << bad;
}

StepResult good_step(double rate) {
  StepResult step;
  step.rate = rate;
  step.seconds = 10;
  step.scheduled = step.sent = static_cast<uint64_t>(rate * 10);
  step.probes = step.heard.answered = 100;
  for (int i = 0; i < 100; ++i) {
    step.heard.latency.add(1000);
    step.lag.add(50);
  }
  step.server.known = true;
  step.server.accepted = static_cast<double>(step.sent);
  return step;
}

TEST(Judgement, NamesWhatBendsTheCurve) {
  EXPECT_EQ(find_bend({good_step(100), good_step(200)}).limit, Limit::none);
  auto late = good_step(200);
  for (int i = 0; i < 100; ++i) late.lag.add(50'000);
  auto cpu = good_step(200);
  cpu.heard.answered = 90;
  cpu.server.cpu_s = {{"worker-0", 9.8}, {"shard-0", 2.0}, {"process", 12.0}};
  auto kernel = good_step(200);
  kernel.server.accepted = 1000;
  kernel.server.kernel_dropped = 1000;
  kernel.server.cpu_s = {{"worker-0", 3.0}};
  auto refused = good_step(200);
  refused.server.accepted = 1000;
  refused.server.refused = {{"rate", 900}, {"overload", 100}};
  auto machine = good_step(200);
  machine.heard.answered = 50;
  machine.cores = 2;
  machine.busy_cpu_s = 19.9;
  auto silent = good_step(200);
  silent.heard.heartbeats = 90;
  silent.heard.missed = 10;
  auto slow = good_step(200);
  for (int i = 0; i < 100; ++i) slow.heard.latency.add(50'000);
  const struct { StepResult step; Limit limit; const char* word; } cases[] = {
      {late, Limit::generator, "generator itself"}, {cpu, Limit::server_cpu, "worker-0"}, {kernel, Limit::kernel, "kernel dropped 1000"},
      {refused, Limit::refused, "900 as rate"},     {machine, Limit::machine, "others"},  {silent, Limit::unknown, "does not say why"},
      {slow, Limit::unknown, "p99 rose"},
  };
  for (const auto& each : cases) {
    const Bend bend = find_bend({good_step(100), each.step});
    EXPECT_EQ(bend.limit, each.limit) << each.word;
    EXPECT_EQ(bend.step, 1u);
    EXPECT_NE(bend.text.find(each.word), std::string::npos) << bend.text;
  }
}

TEST(Report, PlotAndJsonHoldEveryStep) {
  const std::vector<StepResult> steps{good_step(100), good_step(20'000)};
  const Bend bend{Limit::kernel, 1, "a < b & c"};
  const std::string svg = to_svg(steps, bend);
  size_t circles = 0;
  for (size_t at = 0; (at = svg.find("<circle", at)) != std::string::npos; ++at) ++circles;
  EXPECT_EQ(circles, 2u * 5u) << "offered, answered, p50, p99, p99.9 for each step";
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_NE(to_json({2, true, false, "127.0.0.1:1"}, steps, bend).find("\"offered_per_s\": 20000.0"), std::string::npos);
  EXPECT_NE(to_svg({}, {}).find("</svg>"), std::string::npos);
}

TEST(ServerView, MetricsAreReadWithTheirLabels) {
  const Metrics before = parse_metrics("# HELP x\nnrid_accepted_total 5\nnrid_refused_total{reason=\"rate\"} 1\nother 4\n");
  const Metrics after = parse_metrics("nrid_accepted_total 15\nnrid_refused_total{reason=\"rate\"} 4\nnrid_refused_total{reason=\"expired\"} 0\n"
                                      "nrid_thread_cpu_seconds{thread=\"worker-0\"} 2.5\nnrid_broken{reason=\"x} 1\nnrid_kernel_dropped_total 1e3");
  const ServerShare share = share_between(before, after);
  EXPECT_EQ(share.accepted, 10);
  EXPECT_EQ(share.kernel_dropped, 1000);
  EXPECT_EQ(share.refused, (std::map<std::string, double>{{"rate", 3}}));
  EXPECT_EQ(share.cpu_s, (std::map<std::string, double>{{"worker-0", 2.5}}));
  EXPECT_FALSE(share_between(before, std::nullopt).known);
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/nrid-load-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    for (const char* const file : {"load.json", "sp.key", "nridd.toml"}) std::remove((folder_ + "/" + file).c_str());
    rmdir(folder_.c_str());
  }
  std::string folder_;
};

TEST_F(Folder, ASecondMakeKeepsEveryKey) {
  SystemRandom random;
  ASSERT_TRUE(make_folder(folder_, {}, random).ok());
  const auto first = load_folder(folder_, 3);
  ASSERT_TRUE(first.ok()) << first.text();
  ASSERT_TRUE(make_folder(folder_, {}, random).ok());
  const auto second = load_folder(folder_, 5);
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(second->fliers.size(), 5u);
  EXPECT_EQ(first->sp, second->sp);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(first->fliers[i].det, second->fliers[i].det);
  EXPECT_NE(second->fliers[3].det, second->fliers[4].det);
  EXPECT_TRUE(det::check(second->fliers[4].det, second->fliers[4].signer->public_key()).ok());
  EXPECT_FALSE(load_folder(folder_ + "/none", 1).ok());
}

TEST_F(Folder, WhatItSendsIsAcceptedAndWhatItForgesIsRefused) {
  SystemRandom random;
  ASSERT_TRUE(make_folder(folder_, {}, random).ok());
  const auto fleet = load_folder(folder_, 2);
  ASSERT_TRUE(fleet.ok());
  const Carriage plain;
  const Maker maker(*fleet, plain);
  const Instant now = SystemClock().now().wall;
  std::array<uint8_t, profile::kDatagramMax> space;
  FrameSpace frame_space;
  const auto verified = [&](Bytes octets, const PublicKey& key) {
    Frame frame;
    EXPECT_EQ(open_frame(Transport::plain, {}, schc::Direction::up, octets, frame_space, frame), Error::none);
    EXPECT_EQ(check_request(frame.message), Error::none);
    const auto token = cwt::decode_sign1(frame.message.payload);
    EXPECT_TRUE(token.ok());
    EXPECT_TRUE(signature_form_ok(token->signature)) << "it must cost a verification";
    std::array<uint8_t, cwt::kSignedBytesMax> signed_space;
    return verify_one(key, *cwt::signed_bytes(*token, signed_space), token->signature);
  };
  const PublicKey& key = fleet->fliers[1].signer->public_key();
  EXPECT_TRUE(verified(maker.link(1, {}, now, space), key));
  EXPECT_TRUE(verified(maker.start(1, {coap::Type::con, 7}, now, space), key));
  EXPECT_TRUE(verified(maker.end(1, {}, now, space), key));
  const Bytes report = maker.report(1, {}, now, space);
  EXPECT_TRUE(verified(report, key));
  EXPECT_LE(report.size(), kSlot);
  EXPECT_FALSE(verified(maker.forged(1, {}, now, random, space), key));
  EXPECT_FALSE(verified(maker.forged_unknown({}, now, random, space), key));
  EXPECT_LE(maker.junk(random, space).size(), 400u);
}

}  // namespace
}  // namespace nrid::load
