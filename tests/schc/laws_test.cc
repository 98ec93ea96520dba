// Laws over our shipped rules: what was compressed comes back, nothing is allocated on the way, and schc/message.cc cuts a CoAP
// message where libcoap does. A failure prints the seed.
#include <cstdlib>
#include <new>

#include "base/bits.h"
#include "base/random.h"
#include "schc/message.h"
#include "tests/schc/vectors.h"
#include "wire/coap.h"

namespace {
size_t allocations = 0;
}

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace nrid::schc {
namespace {

template <size_t N>
uint8_t pick(Random& random, const uint8_t (&values)[N]) {
  return values[random.below(N)];
}

void add_option(Buffer& coap, uint16_t& last, uint16_t number, Bytes value) {
  const size_t delta = static_cast<size_t>(number) - last;
  last = number;
  const auto nibble = [](size_t v) { return static_cast<uint8_t>(v < 13 ? v : v < 269 ? 13 : 14); };
  const auto extra = [&](size_t v) {
    if (v >= 269) coap.push_back(static_cast<uint8_t>((v - 269) >> 8));
    if (v >= 13) coap.push_back(static_cast<uint8_t>(v < 269 ? v - 13 : v - 269));
  };
  coap.push_back(static_cast<uint8_t>(nibble(delta) << 4 | nibble(value.size())));
  extra(delta);
  extra(value.size());
  coap.insert(coap.end(), value.begin(), value.end());
}

// Mostly messages that some rule nearly fits: its codes, token lengths and options, with a chance of one too many or too few.
Buffer random_message(Random& random) {
  const uint8_t token_lengths[] = {0, 4, 4, 4, 8, 8, static_cast<uint8_t>(random.below(9))};
  const uint8_t codes[] = {0x02, 0x02, 0x44, 0x81, 0x83, 0x9d, 0x00, 0x01, static_cast<uint8_t>(random.below(256))};
  const uint8_t token_length = pick(random, token_lengths);
  Buffer coap = {static_cast<uint8_t>(0x40 | random.below(4) << 4 | token_length), pick(random, codes),
                 static_cast<uint8_t>(random.below(2) * random.below(256)), static_cast<uint8_t>(random.below(256))};
  Buffer octets(random.below(40) + token_length);
  random.fill(octets);
  coap.insert(coap.end(), octets.begin(), octets.begin() + token_length);
  uint16_t last = 0;
  const auto chance = [&](uint64_t one_in) { return random.below(one_in) == 0; };
  if (!chance(3)) add_option(coap, last, 11, as_bytes(chance(9) ? "other" : "nrid"));
  if (chance(9)) add_option(coap, last, 11, as_bytes("nrid"));
  const uint8_t format[] = {pick(random, {61, 61, 61, 18})};
  if (!chance(3)) add_option(coap, last, 12, format);
  if (chance(9)) add_option(coap, last, 17, format);
  if (chance(3)) add_option(coap, last, 252, octets);
  const uint8_t no_response[] = {pick(random, {2, 2, 2, 26})};
  if (chance(3)) add_option(coap, last, 258, no_response);
  if (chance(9)) add_option(coap, last, static_cast<uint16_t>(258 + random.below(65000)), octets);
  if (!chance(4)) {
    Buffer payload(1 + random.below(400));
    random.fill(payload);
    coap.push_back(kPayloadMarker);
    coap.insert(coap.end(), payload.begin(), payload.end());
  }
  return coap;
}

TEST(Laws, WhatIsCompressedComesBack) {
  const RuleSet rules = shipped_rules();
  size_t by_rule[256] = {};
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    SeededRandom random(seed);
    const Buffer coap = random_message(random);
    for (const Direction direction : {Direction::up, Direction::down}) {
      std::array<uint8_t, 1400> space{};
      std::array<uint8_t, 1400> again{};
      const auto packet = compress(rules, direction, coap, space);
      ASSERT_TRUE(packet.ok()) << "seed " << seed << " " << to_hex(coap);
      ASSERT_LE(packet->size(), coap.size() + 1) << "seed " << seed;
      ++by_rule[(*packet)[0]];
      const auto message = decompress(rules, direction, *packet, again);
      ASSERT_TRUE(message.ok() && equal(*message, coap)) << "seed " << seed << " " << to_hex(coap);
    }
  }
  for (const uint8_t id : {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12}) EXPECT_GT(by_rule[id], 0U) << "no message took rule " << int{id};
}

// What the decompressor makes of damaged packets, it makes again after compressing: no two readings of one message.
TEST(Laws, DamagedPacketsAreRefusedOrMessages) {
  const RuleSet rules = shipped_rules();
  size_t refused = 0;
  size_t messages = 0;
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    SeededRandom random(seed);
    std::array<uint8_t, 1400> space{}, first{}, second{};
    const auto direction = static_cast<Direction>(random.below(2));
    const auto packet = compress(rules, direction, random_message(random), space);
    ASSERT_TRUE(packet.ok());
    for (uint64_t i = random.below(3); i < 3; ++i) space[random.below(packet->size())] ^= static_cast<uint8_t>(1 << random.below(8));
    const auto message = decompress(rules, direction, packet->first(1 + random.below(packet->size())), first);
    if (!message.ok()) {
      ++refused;
      continue;
    }
    std::array<uint8_t, 1400> repacked{};
    const auto again = compress(rules, direction, *message, repacked);
    if (!again.ok()) continue;  // rule 0 carries anything
    const auto same = decompress(rules, direction, *again, second);
    ASSERT_TRUE(same.ok() && equal(*same, *message)) << "seed " << seed;
    ++messages;
  }
  EXPECT_GT(refused, 500U);
  EXPECT_GT(messages, 1000U);
}

TEST(Laws, NothingIsAllocated) {
  const RuleSet rules = shipped_rules();
  SeededRandom random(7);
  for (int i = 0; i < 200; ++i) {
    const Buffer coap = random_message(random);
    std::array<uint8_t, 1400> space{}, again{};
    const size_t before = allocations;
    const auto packet = compress(rules, Direction::up, coap, space);
    const bool ok = packet.ok() && decompress(rules, Direction::up, *packet, again).ok();
    const size_t after = allocations;
    ASSERT_TRUE(ok);
    ASSERT_EQ(after, before);
  }
  EXPECT_GT(allocations, 0U);  // the counter counts
}

// wire/coap.h leaves out elective options of odd length, so its options are some of ours; everything else is the same.
TEST(Laws, MessagesAreCutWhereLibcoapCuts) {
  size_t read = 0;
  size_t refused = 0;
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    SeededRandom random(seed);
    Buffer coap = random_message(random);
    if (random.below(2) == 0) coap[random.below(coap.size())] = static_cast<uint8_t>(random.below(256));
    if (random.below(2) == 0) coap.resize(random.below(coap.size() + 1));
    Message ours;
    const Error error = read_message(coap, ours);
    const auto theirs = coap::decode(coap);
    if (error != Error::none) {
      ASSERT_FALSE(theirs.ok()) << "seed " << seed << " " << to_hex(coap);
      ++refused;
      continue;
    }
    if (!theirs.ok()) continue;  // it judges codes and options as well
    ASSERT_TRUE(equal(ours.token, theirs->token) && equal(ours.payload, theirs->payload)) << "seed " << seed;
    ASSERT_EQ(ours.number(Kind::message_id), theirs->id);
    ASSERT_EQ(ours.number(Kind::code), theirs->code);
    size_t at = 0;
    for (const auto& option : theirs->options()) {
      while (at < ours.option_count && !(ours.options[at].number == option.number && equal(ours.options[at].value, option.value))) ++at;
      ASSERT_LT(at, ours.option_count) << "seed " << seed << " option " << option.number;
      ++at;
    }
    ++read;
  }
  EXPECT_GT(read, 3000U);
  EXPECT_GT(refused, 3000U);
}

// Both cursors against the plainest possible ones, at every alignment.
TEST(Laws, BitCursorsAgreeWithOneBitAtATime) {
  SeededRandom random(3);
  std::array<uint8_t, 80> in{}, copy{}, slow{}, back{};
  random.fill(in);
  for (size_t shift = 0; shift < 8; ++shift) {
    for (size_t size = 0; size <= 64; ++size) {
      BitWriter fast(copy), plain(slow);
      fast.bits(0x55, shift);
      fast.octets(Bytes(in).first(size));
      for (size_t i = 0; i < shift; ++i) plain.bits(0x55 >> (shift - 1 - i), 1);
      for (size_t i = 0; i < size * 8; ++i) plain.bits(static_cast<uint64_t>(in[i / 8] >> (7 - i % 8)), 1);
      ASSERT_TRUE(equal(fast.written(), plain.written())) << shift << " " << size;
      BitReader reader(fast.written());
      ASSERT_EQ(reader.bits(shift), 0x55U & ((1U << shift) - 1));
      reader.octets(std::span(back).first(size));
      ASSERT_TRUE(reader.ok() && equal(Bytes(back).first(size), Bytes(in).first(size)));
      ASSERT_EQ(reader.bits(reader.left()), 0U);
      reader.bits(1);
      ASSERT_FALSE(reader.ok());
    }
  }
}

}  // namespace
}  // namespace nrid::schc
