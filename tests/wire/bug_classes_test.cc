// Mistakes that other programs made with CoAP and CBOR, each once (docs/fuzzing.md has the table).
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "wire/cbor.h"
#include "wire/coap.h"

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

namespace nrid {
namespace {

// CON POST, message id 0x1234, token length as told, then the rest. The buffer ends where the message does, so that ASan sees one octet more.
Buffer coap_of(uint8_t token_length, Bytes rest) {
  Buffer out{static_cast<uint8_t>(0x40 | token_length), 0x02, 0x12, 0x34};
  out.insert(out.end(), rest.begin(), rest.end());
  out.shrink_to_fit();
  return out;
}

TEST(BugClass, extended_token_lengths_are_format_errors_however_much_follows) {
  for (uint8_t token_length = 9; token_length <= 15; ++token_length) {
    for (size_t more = 0; more <= 300; ++more) {
      coap::Head head;
      const auto message = coap::decode(coap_of(token_length, Buffer(more, 0xff)), &head);
      ASSERT_FALSE(message.ok());
      EXPECT_EQ(message.error(), Error::coap_format);
      EXPECT_TRUE(head.token.empty());
    }
  }
}

TEST(BugClass, option_numbers_and_lengths_do_not_wrap) {
  const struct { const char* rest; Error error; } cases[] = {
      {"e0ffff", Error::coap_format},              // number 65535 + 269
      {"e0fef2e0fef2", Error::coap_format},        // 65535, then as much again: 65534 of 16 bits
      {"e0fef210", Error::coap_format},            // 65535 + 1
      {"0effff", Error::coap_format},              // length 65804, which 16 bits make 268
      {"0efeff", Error::coap_format},              // length 65535 + 13
      {"0dff", Error::coap_format},                // 268 octets of nothing
      {"d0", Error::coap_format},                  // extension missing
      {"e0ff", Error::coap_format},
      {"0d", Error::coap_format},
      {"f0", Error::coap_format}, {"0f", Error::coap_format}, {"ff", Error::coap_format},
  };
  for (const auto& [rest, error] : cases) {
    const auto message = coap::decode(coap_of(0, *from_hex(rest)));
    ASSERT_FALSE(message.ok()) << rest;
    EXPECT_EQ(message.error(), error) << rest;
    // The same behind an option of odd length, where our own reader speaks (a Uri-Host of no octets).
    const auto behind = coap::decode(coap_of(0, *from_hex(std::string("30") + rest)));
    ASSERT_FALSE(behind.ok()) << rest;
    EXPECT_EQ(behind.error(), error) << rest;
  }
  const auto highest = coap::decode(coap_of(0, *from_hex("e0fef2")));
  ASSERT_TRUE(highest.ok());                       // well-formed; unknown and critical is for the endpoint to say
  ASSERT_EQ(highest->option_count, 1u);
  EXPECT_EQ(highest->option_list[0].number, 65535);
}

TEST(BugClass, an_option_of_no_octets_is_an_empty_value_and_never_a_null_that_is_read) {
  for (uint32_t number = 0; number < 400; ++number) {
    const Buffer rest = number < 13    ? Buffer{static_cast<uint8_t>(number << 4)}
                        : number < 269 ? Buffer{0xd0, static_cast<uint8_t>(number - 13)}
                                       : Buffer{0xe0, static_cast<uint8_t>((number - 269) >> 8), static_cast<uint8_t>(number - 269)};
    const auto message = coap::decode(coap_of(0, rest));
    if (!message.ok()) {
      EXPECT_EQ(message.error(), Error::coap_option) << number;  // critical, and its standard wants an octet
      continue;
    }
    for (const coap::Option& option : message->options()) {
      EXPECT_EQ(option.number, number);
      EXPECT_TRUE(option.value.empty());
      EXPECT_EQ(option.uint(4), 0u);
    }
  }
}

TEST(BugClass, the_deepest_nest_of_one_datagram_is_refused_at_the_ninth_level) {
  for (const uint8_t opener : {0x81, 0xa1, 0xc1}) {  // array, map, tag of one item
    Buffer nest(1200, opener);
    nest.push_back(0x00);
    cbor::Reader skipping(nest);
    skipping.skip();
    EXPECT_FALSE(skipping.ok());
    EXPECT_LE(skipping.at(), 9u);
    cbor::Reader item(nest);
    EXPECT_TRUE(item.item().empty());
  }
  Buffer maps;  // {0: {0: {0: ...
  for (int i = 0; i < 600; ++i) maps.insert(maps.end(), {0xa1, 0x00});
  cbor::Reader in(maps);
  in.skip();
  EXPECT_FALSE(in.ok());
}

TEST(BugClass, lengths_beyond_the_input_allocate_nothing) {
  const auto read_all = [](Bytes octets) {
    const size_t before = allocated;
    cbor::Reader skipping(octets);
    skipping.skip();
    EXPECT_FALSE(skipping.ok());
    cbor::Reader in(octets);
    switch (in.peek()) {
      case cbor::Kind::bytes: static_cast<void>(in.bytes()); break;
      case cbor::Kind::text: static_cast<void>(in.text()); break;
      case cbor::Kind::array: EXPECT_EQ(in.array(), 0u); break;
      case cbor::Kind::map: EXPECT_EQ(in.map(), 0u); break;
      default: break;
    }
    EXPECT_FALSE(in.ok());
    return allocated - before;
  };
  for (const uint8_t major : {0x40, 0x60, 0x80, 0xa0}) {
    for (const char* claim : {"7fffffffffffffff", "8000000000000000", "ffffffffffffffff", "0000000100000000", "00000000ffffffff"}) {
      Buffer octets{static_cast<uint8_t>(major | 27)};
      const Buffer length = *from_hex(claim);
      octets.insert(octets.end(), length.begin(), length.end());
      octets.resize(1024);
      EXPECT_EQ(read_all(octets), 0u) << int{major} << " " << claim;
    }
    Buffer four{static_cast<uint8_t>(major | 26), 0xff, 0xff, 0xff, 0xff};
    four.resize(600);
    EXPECT_EQ(read_all(four), 0u);
  }
}

}  // namespace
}  // namespace nrid
