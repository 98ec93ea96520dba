// An answer acknowledges what a disk that lost its power a moment later would still have: append, sync, store the ACK, send, in this
// order, for each kind of message; and what a failing disk leaves of it.
#include <condition_variable>
#include <mutex>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

constexpr uint8_t kUnavailable = kCode(5, 3);

// The three kinds of datagram that are acknowledged, each in a world where it is due.
enum class Kind { start, report, end };
constexpr Kind kKinds[] = {Kind::start, Kind::report, Kind::end};

Buffer due(World& w, Kind kind) {
  if (kind == Kind::start) return w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.fly_start(w.ua);
  w.pass(seconds(1));
  return w.post(Type::con, kind == Kind::end ? w.end_cwt(w.ua, w.ua.det) : w.uas_cwt(w.ua, w.flight_pack(w.ua)));
}

std::vector<Heard> answers_to(World& w, const Buffer& datagram) {
  w.inject(datagram);
  w.run();
  auto out = w.heard();
  std::erase_if(out, [](const Heard& one) { return one.post(); });
  return out;
}

TEST(Journal, NothingIsAcknowledgedBeforeTheSyncHasReturned) {
  for (const Kind kind : kKinds) {
    World w;
    const Buffer datagram = due(w, kind);
    const uint64_t before = w.journal.memory.appended();
    size_t left = 0;
    w.plain_port.watch = [&](const Outgoing&) {
      ++left;
      EXPECT_EQ(w.journal.memory.appended(), before + 1);
      EXPECT_EQ(w.journal.unsafe, 0u);
    };
    const auto answers = answers_to(w, datagram);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].type, Type::ack);
    EXPECT_EQ(answers[0].code, coap::kChanged);
    EXPECT_EQ(left, 1u);
  }
}

TEST(Journal, ADiskThatTakesNothingMeans503AndTheSameTokenIsTakenLater) {
  for (const Kind kind : kKinds) {
    World w;
    const Buffer datagram = due(w, kind);
    const uint64_t accepted = w.count(Counter::accepted);
    w.journal.append_fails = true;
    const auto refused = answers_to(w, datagram);
    ASSERT_EQ(refused.size(), 1u);
    EXPECT_EQ(refused[0].code, kUnavailable);
    EXPECT_EQ(w.count(Counter::accepted), accepted);
    w.journal.append_fails = false;
    Buffer again = datagram;
    again[3] ^= 0x80;  // another message id: the old one has its answer
    const auto taken = answers_to(w, again);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].code, coap::kChanged);
    EXPECT_EQ(w.count(Counter::accepted), accepted + 1);
  }
}

TEST(Journal, ASyncThatFailsMeansSilenceUntilOneSucceeds) {
  for (const Kind kind : kKinds) {
    World w;
    const Buffer datagram = due(w, kind);
    const uint64_t accepted = w.count(Counter::accepted);
    w.journal.sync_fails = true;
    for (int copies = 0; copies < 3; ++copies) EXPECT_TRUE(answers_to(w, datagram).empty());
    EXPECT_GT(w.journal.unsafe, 0u);
    w.journal.sync_fails = false;
    w.pass(milliseconds(100));
    EXPECT_EQ(w.journal.unsafe, 0u);
    const auto answers = answers_to(w, datagram);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].type, Type::ack);
    EXPECT_EQ(answers[0].code, coap::kChanged);
    EXPECT_EQ(w.count(Counter::accepted), accepted + 1) << "once";
  }
}

// A peer so near that the copy of its CON is back while the call that sends the ACK has not returned.
class NearPeer final : public DatagramPort {
 public:
  explicit NearPeer(Buffer con) : con_(std::move(con)), inbox_{con_} {}
  Address local() const override { return {.port = 5683}; }
  size_t receive(std::span<Received> out) override {
    const std::lock_guard lock(mutex_);
    held_ = std::exchange(inbox_, {});
    for (size_t i = 0; i < held_.size(); ++i) out[i] = {address_of(1), held_[i]};
    return held_.size();
  }
  size_t send(std::span<const Outgoing> datagrams) override {
    std::unique_lock lock(mutex_);
    const bool first = sent_.empty();
    for (const Outgoing& one : datagrams) sent_.emplace_back(one.octets.begin(), one.octets.end());
    if (first) inbox_.push_back(con_);
    changed_.notify_all();
    if (first) changed_.wait_for(lock, std::chrono::seconds(5), [&] { return sent_.size() > 1; });
    over_ = over_ || first;
    changed_.notify_all();
    return datagrams.size();
  }
  void wait(Duration time) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::microseconds(time.us), [&] { return !inbox_.empty(); });
  }
  std::vector<Buffer> sent() {  // once the first of them has left
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return over_; });
    return sent_;
  }

 private:
  const Buffer con_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Buffer> inbox_, held_, sent_;
  bool over_ = false;
};

TEST(Journal, R028_the_ack_is_stored_before_it_leaves) {
  World w;  // for its makers of packets
  NearPeer port(w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua))));
  Counters counters;
  Recorder recorder;
  MemoryJournal journal;
  Host host({w.clock, w.events, w.http, counters.add_block(), nullptr, "", 0});
  ServerSetup setup;
  setup.det = w.sp.det;
  Server server(setup, ServerParts{w.clock, w.random, w.keys, sodium_verifier(), w.sp.signer, journal, host, counters, w.rules, {{&port, Transport::plain}}, {}, {}, {}});
  server.add(recorder);
  ASSERT_TRUE(server.start().ok());
  server.run();
  const auto sent = port.sent();
  server.stop();
  ASSERT_EQ(sent.size(), 2u) << "the copy found no answer";
  EXPECT_EQ(sent[0], sent[1]);
  EXPECT_EQ(counters.total().get(Counter::accepted), 1u);
  EXPECT_EQ(counters.total().get(Counter::duplicate), 1u);
}

}  // namespace
}  // namespace nrid::testing
