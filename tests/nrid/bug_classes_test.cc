// Mistakes that other servers made with state, limits and replies, each once (docs/fuzzing.md has the table). NRID_LONG multiplies the
// numbers of messages: 1 is what ./check runs.
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

size_t times(size_t count) {
  const char* const more = std::getenv("NRID_LONG");
  return count * (more == nullptr ? 1 : static_cast<size_t>(std::max(1, std::atoi(more))));
}

#if defined(__clang__)  // ./check builds with clang for its sanitizers: slow, and with a memory of their own
constexpr size_t kShare = 10;
constexpr bool kSanitized = true;
#else
constexpr size_t kShare = 1;
constexpr bool kSanitized = false;
#endif

size_t resident_kb() {
  std::ifstream file("/proc/self/statm");
  size_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

Address spoofed(Random& random) {
  Address address;
  random.fill(address.ip);
  address.port = static_cast<uint16_t>(1 + random.below(65'535));
  return address;
}

// A datagram with another kid and another signature than the one it was made of.
Buffer forged(Random& random, Buffer datagram, const Det& kid) {
  const auto at = std::search(datagram.begin(), datagram.end(), kid.octets.begin(), kid.octets.end());
  if (at != datagram.end()) random.fill({&*at + 8, 8});
  random.fill(std::span(datagram).last(32).first(16));
  return datagram;
}

struct Kind {
  const char* name;
  size_t count;                          // a million in all
  std::function<Buffer(Random&)> make;
};

// One session object per source address, and for ever: libcoap #283, #327, #1396 (T33).
TEST(BugClass, memory_stays_flat_under_a_million_spoofed_sources) {
  World w;
  w.fly_start(w.ua);
  const Buffer good = w.post(coap::Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  const Buffer ping{0x40, 0x00, 0x12, 0x34};
  const Kind kinds[] = {
      {"pings", 400'000, [&](Random&) { return ping; }},
      {"junk", 350'000, [](Random& random) { Buffer out(64); random.fill(out); return out; }},
      {"unknown DETs", 230'000, [&](Random& random) { return forged(random, good, w.ua.det); }},
      {"known DET, forged", 20'000, [&](Random& random) { Buffer out = good; random.fill(std::span(out).last(8).first(4)); return out; }},
  };
  SeededRandom random(33);
  const auto flood = [&](const Kind& kind, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      w.inject(kind.make(random), spoofed(random));
      if (i % 64 == 63) {
        w.run();
        w.plain_port.sent.clear();
        w.plain_port.left_from.clear();
        w.keys.asked.clear();
      }
      if (i % 4096 == 4095) w.pass(milliseconds(100));
    }
    w.pass(seconds(4));  // what is parked goes
  };
  for (const Kind& kind : kinds) flood(kind, 5'000);  // tables of fixed size are touched once
  const size_t before = resident_kb();
  for (const Kind& kind : kinds) {
    flood(kind, times(kind.count) / kShare);
    if (!kSanitized) {
      EXPECT_LE(resident_kb(), before + before / 100 + 512) << kind.name;
    }
  }
  EXPECT_EQ(w.server->operations(), 1u);
  EXPECT_EQ(w.server->parked(), 0u);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_GE(w.count(Counter::received), times(1'000'000) / kShare);
}

// libcoap CVE-2026-29013: block-wise transfer has state that strangers can open. We have none.
TEST(BugClass, block_wise_transfer_is_refused_without_state) {
  World w;
  SeededRandom random(7);
  const Buffer cwt = w.uas_cwt(w.ua, w.start_pack(w.ua));
  for (const uint16_t number : {coap::option::block1, coap::option::block2}) {
    for (unsigned block = 0; block < 256; ++block) {
      coap::Message message;
      message.code = coap::kPost;
      message.id = static_cast<uint16_t>(number << 8 | block);
      const uint8_t value[] = {static_cast<uint8_t>(block)};
      message.add(coap::option::uri_path, as_bytes("nrid"));
      message.add(number, value);
      message.payload = cwt;
      std::array<uint8_t, 1280> space;
      w.inject(*coap::encode(message, space), spoofed(random));
      w.run();
      w.pass(milliseconds(10));
    }
  }
  EXPECT_EQ(w.count(Error::coap_block), 512u);
  EXPECT_EQ(w.server->operations(), 0u);
  for (const Heard& heard : w.heard()) {
    EXPECT_EQ(heard.code, 0x82);  // 4.02
    EXPECT_TRUE(heard.payload.empty());
  }
}

// RIOT 2026-27703: the reply builder wrote past its buffer for what the request asked. Every answer to every request fits, and an answer to
// the unverified is no longer than the question.
TEST(BugClass, replies_stay_within_their_buffer_whatever_is_asked) {
  World w;
  SeededRandom random(27703);
  const Buffer good = w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  for (size_t i = 0; i < times(20'000) / kShare; ++i) {
    Buffer datagram{static_cast<uint8_t>(0x40 | random.below(9)), static_cast<uint8_t>(1 + random.below(5))};
    datagram.resize(4 + random.below(16));
    random.fill(std::span(datagram).subspan(2));
    const size_t options = random.below(5);
    for (size_t n = 0; n < options; ++n) {
      datagram.push_back(static_cast<uint8_t>(random.below(13) << 4 | random.below(13)));
      datagram.resize(datagram.size() + (datagram.back() & 15));
    }
    w.inject(datagram, address_of(9));
    w.run();
    for (const auto& [to, sent] : w.plain_port.sent) EXPECT_LE(sent.size(), datagram.size() + 2);
    w.plain_port.sent.clear();
    if (i % 64 == 0) w.pass(seconds(1));
  }
}

// Defence used as a weapon: an attacker who trips a limiter on purpose takes nothing from those who are known.
TEST(BugClass, an_exhausted_bucket_for_strangers_costs_the_known_nothing) {
  World w;
  w.options.limits.unverified_replies_burst = 4;
  w.options.limits.unverified_replies_per_s = 1;
  w.start();
  for (int i = 0; i < 500; ++i) w.inject(Buffer{0x40, 0x00, 0x12, static_cast<uint8_t>(i)}, address_of(66));
  w.run();
  w.plain_port.sent.clear();
  EXPECT_GT(w.count(Counter::replies_withheld), 400u);
  w.fly_start(w.ua);
  w.inject(Buffer{0x40, 0x00, 0x12, 0x34}, address_of(66));
  w.send(coap::Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua, 1), w.now_s() + 1));
  ASSERT_EQ(w.heard().size(), 1u);  // the 2.04; no reset
}

TEST(BugClass, a_full_parking_lot_costs_the_known_nothing) {
  World w;
  w.options.limits.parked_max = 8;
  w.options.limits.parked_per_det_max = 2;
  w.start();
  SeededRandom random(5);
  const Buffer good = w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  for (int i = 0; i < 200; ++i) w.inject(forged(random, good, w.ua.det), spoofed(random));
  w.run();
  EXPECT_EQ(w.server->parked(), 8u);
  EXPECT_GT(w.count(Error::parking_full), 150u);
  w.plain_port.sent.clear();
  w.fly_start(w.ua);
  w.pass(seconds(4));
  EXPECT_EQ(w.server->parked(), 0u);
}

TEST(BugClass, a_forger_spends_neither_the_rate_nor_the_replay_room_of_his_victim) {
  World w;
  w.options.limits.duplicates_max = 64;
  w.start();
  w.fly_start(w.ua);
  SeededRandom random(6);
  const Buffer good = w.post(coap::Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  for (int i = 0; i < 1000; ++i) {
    Buffer bad = good;
    random.fill(std::span(bad).last(8).first(4));
    w.inject(bad, spoofed(random));
  }
  w.run();
  EXPECT_EQ(w.count(Error::bad_signature) + w.count(Error::signature_form), 1000u);
  for (int i = 1; i <= 10; ++i) w.send(coap::Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
  EXPECT_EQ(w.count(Counter::accepted), 11u);
  EXPECT_EQ(w.count(Error::rate), 0u);
}

TEST(BugClass, a_stranger_who_repeats_message_ids_pushes_no_stored_answer_out) {
  World w;
  w.options.limits.con_replies_max = 4;
  w.start();
  const Buffer start = w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.inject(start);
  w.run();
  const auto first = w.heard();
  ASSERT_EQ(first.size(), 1u);
  SeededRandom random(8);
  for (int i = 0; i < 1000; ++i) w.inject(forged(random, start, w.ua.det), address_of(static_cast<uint8_t>(i)));
  w.run();
  w.plain_port.sent.clear();
  w.inject(start);
  w.run();
  const auto again = w.heard();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].datagram, first[0].datagram);
}

// T3: what was changed on its way is never accepted as something else.
TEST(BugClass, flipped_bits_are_never_accepted_as_another_message) {
  World w;
  w.options.policy.rate_per_s = 1e6;
  w.options.policy.rate_burst = 1e9;
  w.start();
  SeededRandom random(3);
  std::vector<std::pair<Transport, Buffer>> seeds;
  for (const Transport transport : {Transport::plain, Transport::schc}) {
    seeds.emplace_back(transport, w.post(coap::Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), transport));
    seeds.emplace_back(transport, w.post(coap::Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)), transport));
    seeds.emplace_back(transport, w.post(coap::Type::con, w.end_cwt(w.ua, w.ua.det), transport));
  }
  std::set<Buffer> payloads;
  for (const auto& [transport, datagram] : seeds) {
    FrameSpace space;
    Frame frame;
    ASSERT_EQ(open_frame(transport, w.rules, schc::Direction::up, datagram, space, frame), Error::none);
    const auto token = cwt::decode_sign1(frame.message.payload);
    payloads.emplace(token->payload.begin(), token->payload.end());
  }
  const size_t count = times(10'000) / kShare;
  for (size_t i = 0; i < count; ++i) {
    auto [transport, datagram] = seeds[random.below(seeds.size())];
    for (size_t flips = 1 + random.below(8); flips > 0; --flips) datagram[random.below(datagram.size())] ^= static_cast<uint8_t>(1u << random.below(8));
    w.inject(datagram, address_of(5), transport);
    if (i % 64 == 63) {
      w.run();
      w.plain_port.sent.clear();
      w.schc_port.sent.clear();
    }
  }
  w.run();
  for (const Sighting& sighting : w.recorder->sightings) {  // message id, token, path and kid form are not signed (7.6)
    const auto token = cwt::decode_sign1(*sighting.raw);
    ASSERT_TRUE(token.ok());
    EXPECT_EQ(payloads.count(Buffer(token->payload.begin(), token->payload.end())), 1u);
    EXPECT_EQ(sighting.ua, w.ua.det);
  }
  EXPECT_LE(w.recorder->sightings.size(), 4u);  // each seed once at most: the replay filter knows its signature
}

// T5: length is the first thing that is looked at.
TEST(BugClass, datagrams_of_impossible_length_cost_next_to_nothing) {
  World w;
  FrameSpace space;
  Frame frame;
  for (const size_t size : {size_t{0}, size_t{3}, size_t{1281}, size_t{65'507}}) {
    const Buffer datagram(size, 0x40);
    const size_t count = times(100'000);
    const double before = cpu_us();
    size_t refused = 0;
    for (size_t i = 0; i < count; ++i) refused += open_frame(Transport::plain, w.rules, schc::Direction::up, datagram, space, frame) == Error::bad_length ? 1 : 0;
    EXPECT_EQ(refused, count);
    EXPECT_LT((cpu_us() - before) / static_cast<double>(count), 1.0) << size;
    w.inject(datagram);
    w.inject(Buffer(size, 0xff), address_of(2), Transport::schc);
    w.run();
  }
  EXPECT_EQ(w.count(Error::bad_length) + w.count(Error::schc_no_rule), 8u);
  EXPECT_TRUE(w.heard().empty());
}

}  // namespace
}  // namespace nrid::testing
