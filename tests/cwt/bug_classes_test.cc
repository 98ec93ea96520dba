// Mistakes that other programs made with COSE and CWT, each once (docs/fuzzing.md has the table).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>

#include "cwt/claims.h"
#include "cwt/cose.h"
#include "wire/cbor.h"

namespace {
size_t allocated = 0;  // octets
}

void* operator new(size_t size) {
  allocated += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace nrid::cwt {
namespace {

Buffer token() {
  std::ifstream file(std::string(NRID_VECTORS) + "/drip/nrid_generated.json");
  return *from_hex(nlohmann::json::parse(file)["cwt"]["uas_ua_extended_wrapper"]["message"].get<std::string>());
}

Buffer with(Buffer head, Bytes rest) {
  head.insert(head.end(), rest.begin(), rest.end());
  return head;
}

TEST(BugClass, unknown_tags_are_refused_wherever_a_token_may_have_one) {
  const Buffer good = token();
  ASSERT_EQ(good[0], 0xd2);  // 18, COSE_Sign1
  const Bytes body = Bytes(good).subspan(1);
  const auto sign1 = decode_sign1(good);
  ASSERT_TRUE(sign1.ok());
  for (uint64_t number = 0; number < 70'000; number += number < 300 ? 1 : 97) {  // 25 stringref, 28 and 29 shared values among them
    std::array<uint8_t, 9> space;
    cbor::Writer head(space);
    head.tag(number);
    const Buffer tag(head.written().begin(), head.written().end());
    const bool outer = number == 18;
    EXPECT_EQ(decode_sign1(with(tag, body)).ok(), outer) << number;
    EXPECT_EQ(decode_sign1(with(tag, good)).ok(), number == 61) << number;  // 61(18(...)), RFC 8392 section 6
    EXPECT_FALSE(decode_claims(with(tag, sign1->payload), sign1->kid).ok()) << number;
  }
}

TEST(BugClass, claimed_lengths_of_2_to_the_63_allocate_nothing) {
  const Buffer good = token();
  size_t tried = 0;
  for (size_t at = 0; at < good.size() - 9; ++at) {
    for (const uint8_t major : {0x40, 0x60, 0x80, 0xa0}) {
      Buffer bad = good;
      bad[at] = static_cast<uint8_t>(major | 27);
      std::fill_n(bad.begin() + static_cast<long>(at) + 1, 8, uint8_t{0x7f});
      const size_t before = allocated;
      const auto sign1 = decode_sign1(bad);
      if (sign1.ok()) static_cast<void>(decode_claims(sign1->payload, sign1->kid).ok());
      ASSERT_EQ(allocated, before) << at;
      ++tried;
    }
  }
  EXPECT_GT(tried, 1000u);
}

TEST(BugClass, a_nest_of_1200_levels_in_one_token_is_malformed) {
  Buffer nest(1200, 0x81);
  EXPECT_EQ(decode_sign1(nest).error(), Error::malformed);
  std::vector<uint8_t> space(1300);
  cbor::Writer payload(space);
  payload.map(1);
  payload.i64(99);  // an unknown claim, which is passed over
  const Buffer claims = with(Buffer(payload.written().begin(), payload.written().end()), nest);
  EXPECT_EQ(decode_claims(claims, Det{}).error(), Error::malformed);
}

}  // namespace
}  // namespace nrid::cwt
