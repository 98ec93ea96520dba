#include "det/endorsement.h"

#include "det/det.h"
#include "tests/det/support.h"

namespace nrid::det {
namespace {

constexpr Duration kSkew = seconds(5);

Endorsement decoded(Bytes octets) {
  const auto out = decode_endorsement(octets);
  EXPECT_TRUE(out.ok());
  return out.ok() ? *out : Endorsement{};
}

// hda endorses ua, from nrid_generated.json.
struct Pair {
  nlohmann::json parent = entity_of("hda");
  nlohmann::json child = entity_of("ua");
  Buffer octets = nrid::octets(vectors("nrid_generated.json", "broadcast_endorsements")["hda_on_ua"]);
  PublicKey parent_key = key_of(parent["hi"]);
};

TEST(Endorsement, the_rfc_9886_chain_verifies_and_counts_unix_seconds) {
  const auto file = vectors("rfc9886_appendix_a.json");
  std::map<std::string, PublicKey> keys;
  for (const auto& row : file["hhit"]) keys[row["det"]] = key_of(row["hi"]);
  size_t checked = 0;
  for (const auto& row : file["brid"]["endorsements"]) {
    const Buffer data = octets(row["a_data"]);
    const Endorsement be = decoded(Bytes(data).subspan(1));
    EXPECT_TRUE(be.unix_epoch);
    EXPECT_EQ(be.not_before.seconds(), row["vnb_le"]);
    EXPECT_EQ(be.not_after.seconds(), row["vna_le"]);
    const PublicKey& parent = keys.at(row["parent"]);
    EXPECT_TRUE(verify_endorsement(be, parent, be.not_before, kSkew).ok());
    EXPECT_EQ(verify_endorsement(be, be.self_signed() ? PublicKey{9} : be.child_key, be.not_before, kSkew).error(),
              Error::bad_endorsement);
    // T11: a second outside its window and the skew it is over, and no bit of it can change.
    EXPECT_TRUE(verify_endorsement(be, parent, be.not_after + kSkew, kSkew).ok());
    EXPECT_EQ(verify_endorsement(be, parent, be.not_before - kSkew - seconds(1), kSkew).error(), Error::endorsement_not_yet_valid);
    EXPECT_EQ(verify_endorsement(be, parent, be.not_after + kSkew + seconds(1), kSkew).error(), Error::endorsement_expired);
    for (size_t bit = 8; bit < data.size() * 8; ++bit) {
      Buffer broken(data.begin() + 1, data.end());
      broken[bit / 8 - 1] ^= static_cast<uint8_t>(1 << bit % 8);
      const auto read = decode_endorsement(broken);
      EXPECT_FALSE(read.ok() && verify_endorsement(*read, parent, be.not_before, seconds(2'000'000'000)).ok()) << "bit " << bit;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 4u);
}

TEST(Endorsement, is_made_octet_for_octet_like_the_vectors) {
  const Pair pair;
  const SeedSigner hda(fixed<32>(pair.parent["seed"]));
  const Endorsement be = decoded(pair.octets);
  EXPECT_FALSE(be.unix_epoch);
  const auto made = make_endorsement(det_of(pair.child["det"]), key_of(pair.child["hi"]), det_of(pair.parent["det"]), hda,
                                     be.not_before, be.not_after);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(to_hex(*made), to_hex(pair.octets));
}

TEST(Endorsement, all_generated_ones_verify) {
  const auto file = vectors("nrid_generated.json");
  const std::map<std::string, std::string> parent_of = {{"raa_self", "raa"}, {"raa_on_hda", "raa"}};
  for (const auto& [name, hex] : file["broadcast_endorsements"].items()) {
    const Endorsement be = decoded(octets(hex));
    const auto parent = parent_of.find(name);
    const PublicKey key = key_of(entity_of(parent == parent_of.end() ? "hda" : parent->second)["hi"]);
    EXPECT_TRUE(verify_endorsement(be, key, at_second(file["now_unix"]), kSkew).ok()) << name;
    EXPECT_EQ(be.self_signed(), name == "raa_self");
  }
}

TEST(Endorsement, its_window_has_the_skew_on_both_sides_and_no_more) {
  const Pair pair;
  const Endorsement be = decoded(pair.octets);
  EXPECT_TRUE(verify_endorsement(be, pair.parent_key, be.not_before - kSkew, kSkew).ok());
  EXPECT_TRUE(verify_endorsement(be, pair.parent_key, be.not_after + kSkew, kSkew).ok());
  EXPECT_EQ(verify_endorsement(be, pair.parent_key, be.not_before - kSkew - Duration{1}, kSkew).error(),
            Error::endorsement_not_yet_valid);
  EXPECT_EQ(verify_endorsement(be, pair.parent_key, be.not_after + kSkew + Duration{1}, kSkew).error(),
            Error::endorsement_expired);
}

TEST(Endorsement, no_bit_can_change_unnoticed) {
  const Pair pair;
  const Instant now = decoded(pair.octets).not_before;
  for (size_t bit = 0; bit < pair.octets.size() * 8; ++bit) {
    Buffer broken = pair.octets;
    broken[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto be = decode_endorsement(broken);
    if (be.ok()) {
      EXPECT_FALSE(verify_endorsement(*be, pair.parent_key, now, seconds(1'000'000'000)).ok()) << "bit " << bit;
    }
  }
}

TEST(Endorsement, has_one_length) {
  const Pair pair;
  for (size_t size = 0; size < pair.octets.size(); ++size) {
    EXPECT_EQ(decode_endorsement(Bytes(pair.octets).first(size)).error(), Error::bad_endorsement);
  }
  Buffer longer = pair.octets;
  longer.push_back(0);
  EXPECT_EQ(decode_endorsement(longer).error(), Error::bad_endorsement);
}

TEST(Endorsement, refuses_a_child_key_that_is_not_of_the_child) {
  Pair pair;
  pair.octets[24] ^= 1;
  EXPECT_EQ(decode_endorsement(pair.octets).error(), Error::det_hi_mismatch);
}

TEST(Endorsement, refuses_an_empty_or_reversed_window) {
  Pair pair;
  std::copy_n(pair.octets.begin(), 4, pair.octets.begin() + 4);
  EXPECT_EQ(decode_endorsement(pair.octets).error(), Error::bad_endorsement);
}

TEST(Endorsement, cannot_be_made_for_times_that_2019_seconds_do_not_hold) {
  const Pair pair;
  const SeedSigner hda(fixed<32>(pair.parent["seed"]));
  const auto make = [&](Instant from, Instant to) {
    return make_endorsement(det_of(pair.child["det"]), key_of(pair.child["hi"]), det_of(pair.parent["det"]), hda, from, to).error();
  };
  EXPECT_EQ(make(at_second(kEpoch2019 - 1), at_second(kEpoch2019 + 9)), Error::value_range);
  EXPECT_EQ(make(at_second(kEpoch2019), at_second(2 * kEpoch2019)), Error::value_range);
  EXPECT_EQ(make(at_second(kEpoch2019 + 9), at_second(kEpoch2019 + 9)), Error::value_range);
  EXPECT_EQ(make(at_second(kEpoch2019), at_second(2 * kEpoch2019 - 1)), Error::none);
}

}  // namespace
}  // namespace nrid::det
