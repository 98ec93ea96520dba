// DRIP Manifests (RFC 9575 section 4.4) against the RFC's own example.
#include "rid/manifest.h"

#include "base/cshake128.h"
#include "tests/rid/auth_support.h"

namespace nrid::rid::test {
namespace {

Hash8 hash_of(const json& hex) {
  Hash8 out;
  const Buffer octets = octets_of(hex);
  EXPECT_EQ(octets.size(), out.size());
  std::copy_n(octets.begin(), out.size(), out.begin());
  return out;
}

Manifest published_manifest() {
  const auto auth = read(pages_of(published()["manifest"]["pages"]));
  EXPECT_TRUE(auth.ok() && auth->other);
  return read_manifest(*auth->other);
}

TEST(Manifest, RFC9575_appendix_b_is_read_field_by_field) {
  const json& wanted = published()["manifest"]["evidence"];
  const Manifest manifest = published_manifest();
  EXPECT_EQ(manifest.previous, hash_of(wanted[0]));
  EXPECT_EQ(manifest.current, hash_of(wanted[1]));
  EXPECT_EQ(manifest.link, hash_of(wanted[2]));
  ASSERT_EQ(manifest.count, wanted.size() - 3);
  for (size_t i = 0; i < manifest.count; ++i) EXPECT_EQ(manifest.messages[i], hash_of(wanted[i + 3])) << i;
  std::array<uint8_t, kEvidenceMax> out{};
  const size_t size = encode_manifest(manifest, out);
  std::string text;
  for (const json& part : wanted) text += part.get<std::string>();
  EXPECT_EQ(to_hex(Bytes(out).first(size)), text);  // its current hash made anew is the published one
}

TEST(Manifest, RFC9575_both_forms_of_the_current_hash_hold_and_no_third) {
  Manifest manifest = published_manifest();
  EXPECT_TRUE(current_hash_ok(manifest));
  Buffer text_form(manifest.previous.begin(), manifest.previous.end());  // as section 4.4.2 words it: without the link
  text_form.insert(text_form.end(), 8, 0);
  for (size_t i = 0; i < manifest.count; ++i) text_form.insert(text_form.end(), manifest.messages[i].begin(), manifest.messages[i].end());
  manifest.current = drip_message_hash(text_form);
  EXPECT_TRUE(current_hash_ok(manifest));
  for (size_t octet = 0; octet < 8; ++octet) {
    Manifest wrong = manifest;
    wrong.current[octet] ^= 1;
    EXPECT_FALSE(current_hash_ok(wrong));
    wrong = published_manifest();
    wrong.messages[3][octet] ^= 1;
    EXPECT_FALSE(current_hash_ok(wrong));
  }
}

TEST(Manifest, RFC9575_the_link_hash_may_be_of_the_endorsement_with_its_sam_or_of_the_pages) {
  const json& link = published()["link"];
  Messages pages = pages_of(link["pages"]);
  pages[0][8] = 1;  // printed with SAM 4
  const Buffer octets = join(pages);
  const auto pack = decode_pack(octets);
  ASSERT_TRUE(pack.ok());
  std::array<uint8_t, kEndorsementSize> endorsement;
  const Buffer published_octets = octets_of(link["broadcast_endorsement"]);
  ASSERT_EQ(published_octets.size(), endorsement.size());
  std::copy(published_octets.begin(), published_octets.end(), endorsement.begin());
  const auto hashes = link_hashes(*pack, endorsement);
  EXPECT_EQ(hashes[0], published_manifest().link);  // the example's form
  Buffer with_sam = {1};
  with_sam.insert(with_sam.end(), endorsement.begin(), endorsement.end());
  EXPECT_EQ(hashes[1], drip_message_hash(with_sam));
  EXPECT_EQ(hashes[2], drip_message_hash(Bytes(octets).subspan(3)));
}

TEST(Manifest, the_ring_knows_the_newest_64_and_forgets_what_was_before) {
  HashRing ring;
  const auto numbered = [](uint8_t n) { return Hash8{n, 1, 2, 3, 4, 5, 6, 7}; };
  EXPECT_FALSE(ring.contains(Hash8{}));  // an empty place is no hash
  for (uint8_t n = 0; n < 100; ++n) ring.add(numbered(n));
  for (uint8_t n = 0; n < 100; ++n) EXPECT_EQ(ring.contains(numbered(n)), n >= 36) << int{n};
}

TEST(Manifest, a_pack_is_named_as_a_whole_and_by_its_messages) {
  const Messages messages = pages_of(published()["astm_messages"]);
  const Buffer octets = join(messages);
  std::array<Hash8, 1 + kPackMessagesMax> hashes;
  const size_t count = pack_hashes(*decode_pack(octets), hashes);
  ASSERT_EQ(count, messages.size() + 1);
  EXPECT_EQ(hashes[0], drip_message_hash(octets));
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(hashes[i + 1], hash_of(published()["astm_message_hash8"][to_hex(Bytes(messages[i]))]));
  }
}

}  // namespace
}  // namespace nrid::rid::test
