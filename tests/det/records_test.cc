// HHIT and BRID RDATA against the RFC's appendix and the generated zone, both ways.
#include <sodium.h>

#include "det/brid.h"
#include "det/endorsement.h"
#include "det/hhit.h"
#include "tests/det/support.h"

namespace nrid::det {
namespace {

Buffer base64(const nlohmann::json& text) {
  const std::string in = text;
  Buffer out(in.size());
  size_t size = 0;
  EXPECT_EQ(sodium_base642bin(out.data(), out.size(), in.data(), in.size(), " \n", &size, nullptr, sodium_base64_VARIANT_ORIGINAL), 0);
  out.resize(size);
  return out;
}

TEST(Hhit, both_ways_octet_for_octet) {
  size_t count = 0;
  for (const auto& [file, list, field] : {std::tuple("rfc9886_appendix_a.json", "hhit", "rdata"), {"dns_generated.json", "records", "hhit_rdata"}}) {
    for (const auto& row : vectors(file, list)) {
      const Buffer rdata = octets(row[field]);
      const auto hhit = decode_hhit(rdata);
      ASSERT_TRUE(hhit.ok());
      EXPECT_EQ(to_hex(hhit->certificate), row["cert_der"]);
      if (row.contains("entity_type")) {
        EXPECT_EQ(hhit->entity_type, row["entity_type"]);
        EXPECT_EQ(hhit->abbreviation, row["abbrev"]);
      }
      if (row.contains("hhit_presentation")) {
        EXPECT_EQ(base64(row["hhit_presentation"]), rdata);
      }
      const auto again = encode_hhit(*hhit);
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(to_hex(*again), to_hex(rdata));
      ++count;
      for (size_t size = 0; size < rdata.size(); ++size) {
        EXPECT_EQ(decode_hhit(Bytes(rdata).first(size)).error(), Error::malformed);
      }
    }
  }
  EXPECT_EQ(count, 9u);
}

TEST(Hhit, limits) {
  EXPECT_TRUE(decode_hhit(octets("8310" "6f" "616161616161616161616161616161" "4100")).ok());
  EXPECT_FALSE(decode_hhit(octets("8310" "70" "61616161616161616161616161616161" "4100")).ok());  // 16 characters
  EXPECT_FALSE(decode_hhit(octets("8210614141")).ok());
  EXPECT_FALSE(decode_hhit(octets("83106141410000")).ok());  // something follows
  EXPECT_EQ(encode_hhit({.abbreviation = std::string(16, 'a')}).error(), Error::value_range);
  EXPECT_EQ(encode_hhit({.certificate = Buffer(5000)}).error(), Error::value_range);
}

TEST(Hhit, entity_names) {
  uint64_t type = 0;
  for (const auto& [text, number] : {std::pair("sp", 24u), {"ua", 16u}, {"gcs", 17u}, {"hda", 13u}, {"raa", 9u}, {"777", 777u}}) {
    ASSERT_TRUE(entity_from_text(text, type)) << text;
    EXPECT_EQ(type, number);
    EXPECT_EQ(entity_name(type), text);
  }
  EXPECT_FALSE(entity_from_text("spaceship", type));
  EXPECT_FALSE(entity_from_text("", type));
  EXPECT_EQ(default_abbreviation(Det::with_hid(16376, 10, 5)), "3ff8 000a");
}

TEST(Brid, the_rfc_example_is_flat_and_reads) {
  const auto file = vectors("rfc9886_appendix_a.json", "brid");
  const auto brid = decode_brid(octets(file["rdata"]));
  ASSERT_TRUE(brid.ok());
  EXPECT_EQ(brid->uas_type, 0u);
  ASSERT_EQ(brid->uas_ids.size(), 1u);
  EXPECT_EQ(brid->uas_ids[0].type, 4u);
  EXPECT_EQ(to_hex(Bytes(brid->uas_ids[0].id).first(17)), file["uas_ids_flat"][1]);
  const auto endorsements = brid->endorsements();
  ASSERT_EQ(endorsements.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ("01" + to_hex(endorsements[i]), file["endorsements"][i]["a_data"]);
}

TEST(Brid, generated_zone_both_ways) {
  for (const auto& row : vectors("dns_generated.json", "records")) {
    const Buffer nested = octets(row["brid_rdata_nested"]);
    const auto brid = decode_brid(nested);
    ASSERT_TRUE(brid.ok()) << row["entity"];
    const auto again = encode_brid(*brid);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(to_hex(*again), to_hex(nested)) << row["entity"];
    EXPECT_EQ(base64(row["brid_presentation"]), nested);
    const auto flat = decode_brid(octets(row["brid_rdata_flat_rfc9886_example_style"]));
    ASSERT_TRUE(flat.ok());
    EXPECT_EQ(*flat, *brid) << row["entity"];
    for (size_t size = 0; size < nested.size(); ++size) EXPECT_FALSE(decode_brid(Bytes(nested).first(size)).ok());
  }
}

Brid full() {
  Brid brid;
  brid.uas_type = 2;
  brid.add_det(det_of(entity_of("ua")["det"]));
  brid.add_endorsement(octets(vectors("nrid_generated.json", "broadcast_endorsements")["hda_on_ua"]));
  brid.self_id = Brid::SelfId{0, "Roof survey"};
  brid.area = Brid::Area{1, 12.5f, -3, 120};
  brid.classification = Brid::Classification{1, 2, 3};
  brid.operator_id = Brid::OperatorId{0, {'F', 'I', 'N'}};
  return brid;
}

TEST(Brid, every_field_survives) {
  const Brid brid = full();
  const auto rdata = encode_brid(brid);
  ASSERT_TRUE(rdata.ok());
  const auto again = decode_brid(*rdata);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, brid);
  for (size_t size = 0; size < rdata->size(); ++size) EXPECT_FALSE(decode_brid(Bytes(*rdata).first(size)).ok());
}

TEST(Brid, limits) {
  const auto refused = [](auto change) {
    Brid brid = full();
    change(brid);
    return encode_brid(brid).error();
  };
  EXPECT_EQ(refused([](Brid& b) { b.uas_type = 16; }), Error::value_range);
  EXPECT_EQ(refused([](Brid& b) { b.auth[0].data.resize(363); }), Error::value_range);
  EXPECT_EQ(refused([](Brid& b) { b.auth[0].data.clear(); }), Error::value_range);
  EXPECT_EQ(refused([](Brid& b) { b.self_id->text = std::string(24, 'a'); }), Error::value_range);
  EXPECT_EQ(refused([](Brid& b) { b.auth.resize(17, b.auth[0]); }), Error::value_range);
  EXPECT_FALSE(decode_brid(octets("a200000000")).ok());        // a key twice
  EXPECT_FALSE(decode_brid(octets("a1018104")).ok());          // a flat list of odd length
  EXPECT_FALSE(decode_brid(octets("a10180")).ok());            // an empty list
  EXPECT_FALSE(decode_brid(octets("a10484" "01f97e00" "f90000" "f90000")).ok());  // a radius that is no number
  EXPECT_TRUE(decode_brid(octets("a1182081f6")).ok());         // an unknown key is skipped
}

}  // namespace
}  // namespace nrid::det
