#include "det/det.h"

#include "tests/det/support.h"

namespace nrid::det {
namespace {

TEST(Det, every_published_key_hashes_to_its_det) {
  const auto rows = vectors("det.json", "det");
  ASSERT_GE(rows.size(), 8u);
  for (const auto& row : rows) {
    const Det det = det_of(row["det"]);
    const PublicKey key = key_of(row["hi"]);
    const bool good = row.value("hash_input_hi", "") == "raw32";  // the others are here to be refused
    EXPECT_EQ(check(det, key).ok(), good) << row["source"];
    EXPECT_EQ(derive(det.raa(), det.hda(), key) == det, good) << row["source"];
    if (!good) {
      EXPECT_EQ(check(det, key).error(), Error::det_hi_mismatch);
    }
  }
}

TEST(Det, a_key_with_one_bit_changed_is_another_det) {
  const auto row = vectors("det.json", "det")[0];
  const Det det = det_of(row["det"]);
  for (size_t bit = 0; bit < 256; ++bit) {
    PublicKey key = key_of(row["hi"]);
    key[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(check(det, key).error(), Error::det_hi_mismatch);
  }
}

TEST(Det, prefix_and_suite_are_judged_before_the_hash) {
  const auto row = vectors("det.json", "det")[0];
  Det det = det_of(row["det"]);
  det.octets[7] = 4;
  EXPECT_EQ(check(det, key_of(row["hi"])).error(), Error::unsupported_suite);
  det.octets[3] = 0x40;  // 2001:40::
  EXPECT_EQ(check(det, key_of(row["hi"])).error(), Error::bad_kid);
}

TEST(Det, layout_of_rfc_9374) {
  const auto row = vectors("det.json", "layout_only")[0];
  const Det det = det_of(row["det"]);
  EXPECT_TRUE(det.has_prefix());
  EXPECT_EQ(det.raa(), row["raa"]);
  EXPECT_EQ(det.hda(), row["hda"]);
  EXPECT_EQ(det.suite(), row["suite"]);
  EXPECT_EQ(to_text(det), "2001:30:280:1405:a3ad:1952:ad0:a69e");
}

TEST(Det, owner_names_of_rfc_9886) {
  for (const auto& row : vectors("rfc9886_appendix_a.json", "hhit")) {
    EXPECT_EQ(owner_name(det_of(row["det"])), row["owner"]) << row["name"];
  }
}

TEST(Det, fallback_name_writes_its_numbers_in_decimal) {
  EXPECT_EQ(fallback_name(det_of("2001003ffe000a057d9d8c5eda00dfe5")), "7d9d8c5eda00dfe5.5.10.16376.2001003.hhit.arpa.");
}

TEST(Det, serial_number_of_rfc_9374) {
  const auto row = vectors("det.json", "cta2063a")[0];
  EXPECT_EQ(serial_number(det_of(row["det"]), row["mfr"].get<std::string>()), row["serial"]);
  EXPECT_EQ(serial_number(det_of(row["det"]), "865"), "");
  EXPECT_EQ(serial_number(det_of(row["det"]), "865O"), "");  // O is not in the alphabet
}

TEST(Det, who_may_register_whom) {
  const auto at = [](uint16_t raa, uint16_t hda) { return Det::with_hid(raa, hda, 5); };
  EXPECT_TRUE(may_register(at(0, 0), at(16376, 10)));       // the Apex
  EXPECT_TRUE(may_register(at(16376, 0), at(16376, 10)));   // RAA and one of its HDAs
  EXPECT_TRUE(may_register(at(16376, 4096), at(16376, 10)));
  EXPECT_TRUE(may_register(at(16376, 10), at(16376, 10)));  // HDA and its UAS, HDA-auth and HDA-issue
  EXPECT_FALSE(may_register(at(16376, 0), at(16377, 10)));
  EXPECT_FALSE(may_register(at(16376, 10), at(16376, 11)));
  EXPECT_FALSE(may_register(at(16376, 10), at(16376, 0)));
}

}  // namespace
}  // namespace nrid::det
