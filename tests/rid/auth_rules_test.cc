// Each rule of authentication pages and evidence broken once, with its Error.
#include "tests/rid/auth_support.h"

namespace nrid::rid {
namespace {

using namespace test;

// --- pages ---

TEST(AuthPages, AnyOrderWithinOneMessage) {
  Messages messages = split(octets_of(generated()["extended_wrapper"]["pack"]));
  const std::string signed_octets = to_hex(read(messages)->wrapper->signed_bytes());
  std::reverse(messages.begin(), messages.end());
  const auto auth = read(messages);
  ASSERT_TRUE(auth.ok());
  EXPECT_EQ(to_hex(auth->wrapper->signed_bytes()), signed_octets);  // the evidence is sorted by type
}

TEST(AuthPages, MissingRepeatedForeign) {
  const Messages good = split(octets_of(generated()["full_wrapper"]["pack"]));
  ASSERT_EQ(good.size(), 7u);
  for (size_t i = 0; i < good.size(); ++i) {
    Messages missing = good;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(error_of(missing), Error::bad_auth) << i;
    Messages repeated = good;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
    EXPECT_EQ(error_of(repeated), Error::bad_auth) << i;
    Messages foreign = good;
    foreign[i][1] = static_cast<uint8_t>(0x10 | (foreign[i][1] & 15));
    EXPECT_EQ(error_of(foreign), Error::bad_auth) << i;
  }
}

TEST(AuthPages, ParityPagesAreCountedNotRead) {
  Messages messages = split(octets_of(generated()["full_wrapper"]["pack"]));
  messages[0][2] = 7;  // last page index above need
  EXPECT_EQ(error_of(messages), Error::none);  // the parity itself may be lost
  MessageOctets parity{};
  parity.fill(0xee);
  parity[0] = 0x22;
  parity[1] = 0x57;
  messages.push_back(parity);
  const auto auth = read(messages);
  ASSERT_TRUE(auth.ok());
  EXPECT_EQ(auth->extra_pages, 1);
  EXPECT_TRUE(verify_one(key_of(entity("ua")["hi"]), auth->wrapper->signed_bytes(), auth->wrapper->signature));
  messages[0][2] = 6;  // and now page 7 is one that page 0 denies
  EXPECT_EQ(error_of(messages), Error::bad_auth);
}

TEST(AuthPages, HeadOfPageZero) {
  const Messages good = split(octets_of(generated()["full_wrapper"]["pack"]));
  const auto changed = [&](size_t at, uint8_t value) {
    Messages messages = good;
    messages[0][at] = value;
    return error_of(messages);
  };
  EXPECT_EQ(changed(2, 5), Error::bad_auth);     // last page below need
  EXPECT_EQ(changed(2, 16), Error::bad_auth);
  EXPECT_EQ(changed(3, 0), Error::bad_auth);     // length
  EXPECT_EQ(changed(3, 202), Error::bad_auth);
  EXPECT_EQ(changed(3, 88), Error::bad_wrapper); // shorter than VNB, VNA, DET and signature
  EXPECT_EQ(changed(3, 138), Error::bad_wrapper);
  EXPECT_EQ(changed(8, 0), Error::bad_auth);     // SAM
  EXPECT_EQ(changed(8, 5), Error::bad_auth);
  EXPECT_EQ(changed(8, 1), Error::bad_auth);     // a Link has 137 octets
  EXPECT_EQ(changed(8, 3), Error::bad_wrapper);  // a Manifest has whole hashes
}

TEST(AuthPages, EverySizeGoesThroughPagesAndBack) {
  for (size_t size = 1; size <= kAuthDataMax; ++size) {
    Buffer data(size);
    for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>(i * 7 + 1);
    data[0] = 4;
    PackMessages messages;
    ASSERT_TRUE(append_pages(data, 5, messages).ok()) << size;
    EXPECT_EQ(messages.count, last_page_for(size) + 1);
    const Buffer octets = join(Messages(messages.list.begin(), messages.list.begin() + static_cast<std::ptrdiff_t>(messages.count)));
    const auto pack = decode_pack(octets);
    const auto back = read_pages(*pack);
    ASSERT_TRUE(back.ok()) << size;
    ASSERT_EQ(back->count, 1u);
    EXPECT_TRUE(equal(back->list[0].bytes(), data)) << size;
  }
  PackMessages messages;
  EXPECT_FALSE(append_pages(Buffer(kAuthDataMax + 1, 4), 5, messages).ok());
}

// Two short messages in one pack: each page 0 starts one; a page before any page 0 belongs to none.
TEST(AuthPages, SeveralMessagesInOnePack) {
  PackMessages messages;
  ASSERT_TRUE(append_pages(Buffer(20, 1), 5, messages).ok());
  ASSERT_TRUE(append_pages(Buffer(50, 2), 5, messages).ok());
  ASSERT_EQ(messages.count, 5u);
  Messages list(messages.list.begin(), messages.list.begin() + 5);
  const Buffer octets = join(list);
  const auto both = read_pages(*decode_pack(octets));
  ASSERT_TRUE(both.ok());
  ASSERT_EQ(both->count, 2u);
  EXPECT_EQ(both->list[0].size, 20u);
  EXPECT_EQ(both->list[1].size, 50u);
  std::swap(list[3], list[4]);  // order inside the second message
  EXPECT_TRUE(read_pages(*decode_pack(join(list))).ok());
  std::rotate(list.begin(), list.begin() + 1, list.end());  // page 1 of the first message ahead of its page 0
  const Buffer rotated = join(list);
  EXPECT_EQ(read_pages(*decode_pack(rotated)).error(), Error::bad_auth);
}

// --- evidence ---

TEST(AuthEvidence, TypesAndOrder) {
  const auto full = [](Messages inside) { return error_of(wrapped(flat(inside), {})); };
  EXPECT_EQ(full({of_type(0), of_type(0), of_type(1), of_type(5)}), Error::none);
  EXPECT_EQ(full({of_type(0), of_type(1), of_type(3), of_type(4)}), Error::none);
  EXPECT_EQ(full({of_type(1), of_type(0)}), Error::bad_wrapper);
  EXPECT_EQ(full({of_type(1), of_type(1)}), Error::bad_wrapper);
  EXPECT_EQ(full({of_type(2)}), Error::bad_wrapper);
  EXPECT_EQ(full({of_type(6)}), Error::bad_wrapper);
  EXPECT_EQ(full({of_type(15)}), Error::bad_wrapper);
  EXPECT_EQ(error_of(wrapped(Buffer(24, 0), {})), Error::bad_wrapper);
  EXPECT_EQ(error_of(wrapped(Buffer(101, 0), {})), Error::bad_wrapper);
  EXPECT_EQ(error_of(wrapped({}, {})), Error::bad_wrapper);  // extended with nothing beside it
  EXPECT_EQ(error_of(wrapped({}, {of_type(7)})), Error::bad_wrapper);
  EXPECT_EQ(error_of(wrapped({}, {of_type(0), of_type(0), of_type(0), of_type(1)})), Error::none);
}

TEST(AuthEvidence, StableSortOfRawOctets) {
  const auto auth = read(wrapped({}, {of_type(4, 1), of_type(0, 2), of_type(1, 3), of_type(0, 4)}));
  ASSERT_TRUE(auth.ok());
  std::string marks;
  for (size_t i = 0; i < auth->wrapper->message_count; ++i) marks += static_cast<char>('0' + auth->wrapper->message(i)[24]);
  EXPECT_EQ(marks, "2431");
}

// Plain copies beside a full Wrapper stay outside of it.
TEST(AuthEvidence, FullWrapperIgnoresWhatStandsBesideIt) {
  const auto auth = read(wrapped(flat({of_type(1, 9)}), {of_type(0, 1), of_type(1, 2)}));
  ASSERT_TRUE(auth.ok());
  EXPECT_EQ(auth->wrapper->message_count, 1u);
  EXPECT_EQ(auth->wrapper->message(0)[24], 9);
}

TEST(AuthEvidence, ManifestAndFrameSizes) {
  EXPECT_EQ(error_of(wrapped(Buffer(32, 1), {}, 3)), Error::none);
  EXPECT_EQ(error_of(wrapped(Buffer(24, 1), {}, 3)), Error::bad_wrapper);
  EXPECT_EQ(error_of(wrapped(Buffer(33, 1), {}, 3)), Error::bad_wrapper);
  EXPECT_EQ(error_of(wrapped(Buffer(112, 1), {}, 3)), Error::none);
  EXPECT_EQ(error_of(wrapped(Buffer(1, 1), {}, 4)), Error::none);
  EXPECT_EQ(error_of(wrapped({}, {}, 4)), Error::bad_wrapper);
}

TEST(AuthEvidence, TheSignerMustBeADet) {
  Messages messages = split(octets_of(generated()["extended_wrapper"]["pack"]));
  messages[2][8 + 1 + 8] = 0x30;  // page 0, after SAM, VNB, VNA: 3001:...
  EXPECT_EQ(error_of(messages), Error::bad_wrapper);
}

}  // namespace
}  // namespace nrid::rid
