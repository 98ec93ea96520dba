// DRIP authentication: RFC 9575 appendix B, the vectors of profile NRID-00/R1 in both directions, the time window, and
// what the builders refuse.
#include "base/cshake128.h"
#include "tests/rid/auth_support.h"

namespace nrid::rid {
namespace {

using namespace test;

// --- RFC 9575 appendix B ---

TEST(AuthPublished, Wrapper) {
  const json& v = published()["wrapper"];
  const auto auth = read(pages_of(v["pages"]));
  ASSERT_TRUE(auth.ok());
  ASSERT_TRUE(auth->wrapper);
  EXPECT_EQ(to_hex(auth->wrapper->signed_bytes()), v["signed_bytes"].get<std::string>());
  EXPECT_EQ(to_hex(auth->wrapper->signature), v["signature"].get<std::string>());
  EXPECT_TRUE(verify_one(key_of(published()["hi"]), auth->wrapper->signed_bytes(), auth->wrapper->signature));
  EXPECT_EQ(to_hex(auth->wrapper->ua), published()["det"].get<std::string>());
  EXPECT_FALSE(auth->wrapper->extended);
  EXPECT_EQ(auth->wrapper->message_count, 2u);
  EXPECT_EQ(to_hex(Bytes(auth->wrapper->message(0))), published()["astm_messages"][1].get<std::string>());
  EXPECT_EQ(auth->extra_pages, 1);  // the example carries a parity page
  // It counts Unix seconds and a year's window, contrary to the RFC's own text.
  EXPECT_TRUE(auth->wrapper->unix_epoch);
  EXPECT_EQ(auth->wrapper->not_before, at_second(1'702'682'080));
  EXPECT_EQ(check_window(*auth->wrapper, at_second(1'702'682'100), {}).error(), Error::wrapper_expired);
}

TEST(AuthPublished, Manifest) {
  const json& v = published()["manifest"];
  const auto auth = read(pages_of(v["pages"]));
  ASSERT_TRUE(auth.ok());
  ASSERT_TRUE(auth->other);
  EXPECT_FALSE(auth->wrapper);
  EXPECT_EQ(auth->other->sam, Sam::manifest);
  EXPECT_EQ(to_hex(auth->other->signed_bytes()), v["signed_bytes"].get<std::string>());
  EXPECT_TRUE(verify_one(key_of(published()["hi"]), auth->other->signed_bytes(), auth->other->signature));
}

// Printed with SAM 4 where the text demands 1. As a Frame its signature fails, and it never feeds the key cache.
TEST(AuthPublished, TheMisprintedLinkIsNoLink) {
  const auto auth = read(pages_of(published()["link"]["pages"]));
  ASSERT_TRUE(auth.ok());
  EXPECT_FALSE(auth->link);
  ASSERT_TRUE(auth->other);
  EXPECT_EQ(auth->other->sam, Sam::frame);
  EXPECT_FALSE(verify_one(key_of(published()["hi"]), auth->other->signed_bytes(), auth->other->signature));
  // With the SAM that the text demands, the same pages are a Link.
  Messages pages = pages_of(published()["link"]["pages"]);
  pages[0][8] = 1;
  const auto link = read(pages);
  ASSERT_TRUE(link.ok());
  ASSERT_TRUE(link->link);
  EXPECT_EQ(to_hex(*link->link), published()["link"]["broadcast_endorsement"].get<std::string>());
}

TEST(AuthPublished, MessageHashes) {
  for (const auto& [message, hash] : published()["astm_message_hash8"].items()) {
    EXPECT_EQ(to_hex(drip_message_hash(*from_hex(message))), hash.get<std::string>());
  }
}

// --- profile NRID-00/R1, both directions ---

void expect_wrapper(const json& v, bool extended, size_t messages) {
  const auto auth = read(split(octets_of(v["pack"])));
  ASSERT_TRUE(auth.ok());
  ASSERT_TRUE(auth->wrapper);
  const Evidence& wrapper = *auth->wrapper;
  EXPECT_EQ(wrapper.extended, extended);
  EXPECT_EQ(wrapper.message_count, messages);
  EXPECT_EQ(to_hex(wrapper.signed_bytes()), v["signed_bytes"].get<std::string>());
  EXPECT_EQ(to_hex(wrapper.signature), v["signature"].get<std::string>());
  EXPECT_TRUE(verify_one(key_of(entity("ua")["hi"]), wrapper.signed_bytes(), wrapper.signature));
  EXPECT_EQ(wrapper.ua, det_of("ua"));
  EXPECT_EQ(wrapper.not_before, now());
  EXPECT_EQ(wrapper.not_after, now() + seconds(120));
  EXPECT_FALSE(wrapper.unix_epoch);
  EXPECT_EQ(auth->extra_pages, 0);
}

TEST(AuthGenerated, WrappersRead) {
  expect_wrapper(generated()["extended_wrapper"], true, 4);
  expect_wrapper(generated()["full_wrapper"], false, 2);
}

TEST(AuthGenerated, WrappersBuiltOctetForOctet) {
  std::array<uint8_t, kPackSizeMax> space{};
  const SeedSigner ua = signer_of("ua");
  const auto extended = build_wrapper_pack(plain({"basic_id", "location", "system", "operator_id"}), WrapperForm::extended,
                                           det_of("ua"), ua, now(), space);
  ASSERT_TRUE(extended.ok());
  EXPECT_EQ(to_hex(*extended), generated()["extended_wrapper"]["pack"].get<std::string>());
  const auto full = build_wrapper_pack(plain({"location", "system"}), WrapperForm::full, det_of("ua"), ua, now(), space);
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(to_hex(*full), generated()["full_wrapper"]["pack"].get<std::string>());
}

TEST(AuthGenerated, LinkBothWays) {
  const std::string endorsement = generated()["broadcast_endorsements"]["hda_on_ua"];
  const auto auth = read(split(octets_of(generated()["link_pack"])));
  ASSERT_TRUE(auth.ok());
  ASSERT_TRUE(auth->link);
  EXPECT_FALSE(auth->wrapper || auth->other);
  EXPECT_EQ(to_hex(*auth->link), endorsement);
  std::array<uint8_t, kPackSizeMax> space{};
  const auto built = build_link_pack(plain({"basic_id"}), *auth->link, now(), space);
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(to_hex(*built), generated()["link_pack"].get<std::string>());
}

TEST(AuthGenerated, PlainPackHasNoAuth) {
  const auto auth = read(split(octets_of(generated()["plain_pack"])));
  ASSERT_TRUE(auth.ok());
  EXPECT_FALSE(auth->wrapper || auth->link || auth->other);
}

// One flipped bit in any octet of an extended pack: refused, or another octet string than the one that was signed, or
// in what nobody signs (head of a page, tail behind the data) the very same evidence.
TEST(AuthGenerated, EveryFlippedBitIsSeen) {
  for (const char* form : {"extended_wrapper", "full_wrapper"}) {
    const json& v = generated()[form];
    const Buffer good = octets_of(v["pack"]);
    const PublicKey key = key_of(entity("ua")["hi"]);
    size_t same = 0;
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      Buffer octets = good;
      octets[bit / 8] = static_cast<uint8_t>(octets[bit / 8] ^ 1 << bit % 8);
      const auto pack = decode_pack(octets);
      if (!pack.ok()) continue;
      const auto auth = read_auth(*pack);
      if (!auth.ok() || !auth->wrapper) continue;
      const Evidence& wrapper = *auth->wrapper;
      if (!verify_one(key, wrapper.signed_bytes(), wrapper.signature)) continue;
      EXPECT_EQ(to_hex(wrapper.signed_bytes()), v["signed_bytes"].get<std::string>()) << bit;
      ++same;
    }
    EXPECT_LT(same, good.size() * 8 / 4) << form;
  }
}

TEST(AuthGenerated, EveryCutIsRefused) {
  for (const auto& pack_hex : {generated()["extended_wrapper"]["pack"], generated()["full_wrapper"]["pack"], generated()["link_pack"]}) {
    const Buffer good = octets_of(pack_hex);
    for (size_t cut = 0; cut < good.size(); ++cut) {
      EXPECT_FALSE(decode_pack(Bytes(good).first(cut)).ok());
    }
    // Whole messages missing from the end, with a count that agrees.
    for (Messages messages = split(good); messages.size() > 1;) {
      messages.pop_back();
      const auto auth = read(messages);
      const bool verified = auth.ok() && auth->wrapper &&
                            verify_one(key_of(entity("ua")["hi"]), auth->wrapper->signed_bytes(), auth->wrapper->signature);
      EXPECT_FALSE(verified);
      EXPECT_FALSE(auth.ok() && auth->link);
    }
  }
}

// --- time window, R-055 ---

TEST(AuthWindow, Edges) {
  Evidence evidence;
  evidence.not_before = at_second(2'000'000'000);
  evidence.not_after = at_second(2'000'000'120);
  const auto ok = [&](int64_t second) { return check_window(evidence, at_second(second), {}).ok(); };
  EXPECT_FALSE(ok(1'999'999'994));
  EXPECT_TRUE(ok(1'999'999'995));
  EXPECT_TRUE(ok(2'000'000'125));
  EXPECT_FALSE(ok(2'000'000'126));
  evidence.not_after = at_second(2'000'000'300);
  EXPECT_TRUE(ok(2'000'000'000));
  evidence.not_after = at_second(2'000'000'301);
  EXPECT_FALSE(ok(2'000'000'000));
  evidence.not_after = evidence.not_before;
  EXPECT_FALSE(ok(2'000'000'000));
  evidence.not_after = at_second(2'000'000'060);
  evidence.unix_epoch = true;
  EXPECT_TRUE(ok(2'000'000'000));
  EXPECT_EQ(check_window(evidence, at_second(2'000'000'000), {.conformance = true}).error(), Error::wrapper_expired);
}

// --- builders' refusals ---

class BrokenSigner final : public Signer {
 public:
  const PublicKey& public_key() const override { return key_; }
  Result<Signature> sign(Bytes) const override { return Error::internal; }

 private:
  PublicKey key_{};
};

TEST(AuthBuild, Refusals) {
  std::array<uint8_t, kPackSizeMax> space{};
  const SeedSigner ua = signer_of("ua");
  const auto build = [&](const Messages& messages, Instant when) {
    const auto pack = build_wrapper_pack(messages, WrapperForm::extended, det_of("ua"), ua, when, space);
    return pack.ok() ? Error::none : pack.error();
  };
  EXPECT_EQ(build({}, now()), Error::bad_wrapper);
  EXPECT_EQ(build(plain({"location", "basic_id"}), now()), Error::bad_wrapper);
  EXPECT_EQ(build({of_type(0), of_type(0), of_type(0), of_type(0), of_type(1)}, now()), Error::bad_wrapper);
  EXPECT_EQ(build({of_type(2)}, now()), Error::bad_wrapper);
  EXPECT_EQ(build(plain({"location"}), at_second(0)), Error::value_range);
  EXPECT_EQ(build(plain({"location"}), now()), Error::none);
  EXPECT_EQ(build_wrapper_pack(plain({"location"}), WrapperForm::full, det_of("ua"), BrokenSigner(), now(), space).error(), Error::internal);
  EXPECT_EQ(build_wrapper_pack(plain({"location"}), WrapperForm::full, det_of("ua"), ua, now(), std::span<uint8_t>(space).first(100)).error(),
            Error::no_space);
  const std::array<uint8_t, kEndorsementSize> endorsement{};
  EXPECT_EQ(build_link_pack(Messages{of_type(0), of_type(1), of_type(4)}, endorsement, now(), space).error(), Error::bad_wrapper);
  EXPECT_TRUE(build_link_pack(Messages{of_type(0), of_type(4)}, endorsement, now(), space).ok());
}

// What we build, we read: every number of messages in both forms.
TEST(AuthBuild, WhatIsBuiltIsRead) {
  const Messages all = plain({"basic_id", "location", "self_id", "system"});
  const SeedSigner ua = signer_of("ua");
  for (size_t count = 1; count <= 4; ++count) {
    for (const WrapperForm form : {WrapperForm::extended, WrapperForm::full}) {
      std::array<uint8_t, kPackSizeMax> space{};
      const auto octets = build_wrapper_pack({all.data(), count}, form, det_of("ua"), ua, now(), space);
      ASSERT_TRUE(octets.ok());
      const auto auth = read_auth(*decode_pack(*octets));
      ASSERT_TRUE(auth.ok());
      EXPECT_EQ(auth->wrapper->message_count, count);
      EXPECT_TRUE(verify_one(ua.public_key(), auth->wrapper->signed_bytes(), auth->wrapper->signature));
      EXPECT_TRUE(check_window(*auth->wrapper, now(), {}).ok());
    }
  }
}

}  // namespace
}  // namespace nrid::rid
