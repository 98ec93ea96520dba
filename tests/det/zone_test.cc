// Zone files: one for all, or cut at RAA and HDA as RFC 9886 section 6.2 has it, and records in both presentation forms.
#include "det/zone.h"

#include "det/det.h"
#include "det/hhit.h"
#include "tests/det/support.h"

namespace nrid::det {
namespace {

constexpr const char* kApex = "3.0.0.1.0.0.2.ip6.arpa.";

ZoneEntry entry_of(uint16_t raa, uint16_t hda) {
  ZoneEntry entry;
  entry.det = derive(raa, hda, SeedSigner(Seed{}).public_key());
  entry.hhit_rdata = {0x83, 0x00, 0xff};
  return entry;
}

std::vector<std::string> names_of(const std::vector<Zone>& zones) {
  std::vector<std::string> out;
  for (const Zone& zone : zones) out.push_back(zone.name);
  return out;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(ZoneCut, an_raa_is_four_zones_and_an_hda_one) {
  const auto zones = write_cut_zones({}, {entry_of(0, 0), entry_of(16376, 0), entry_of(16376, 10), entry_of(16376, 4096), entry_of(16376, 4097), entry_of(16376, 10)});
  ASSERT_TRUE(zones.ok()) << zones.text();
  const std::string raa = std::string("e.f.f.") + kApex;
  EXPECT_EQ(names_of(*zones), (std::vector<std::string>{kApex, "0." + raa, "1." + raa, "2." + raa, "3." + raa, "a.0.0.0." + raa, "1.0.0.1." + raa}));
  const auto owners = [&](size_t zone) { return count((*zones)[zone].text, " TYPE67 "); };
  EXPECT_EQ((std::vector<size_t>{owners(0), owners(1), owners(2), owners(3), owners(4), owners(5), owners(6)}), (std::vector<size_t>{1, 1, 1, 0, 0, 2, 1}));
}

TEST(ZoneCut, ns_and_ds_stand_at_the_cut_and_glue_only_where_the_server_is) {
  ZoneSettings settings;
  ASSERT_TRUE(address_from_text("192.0.2.1", settings.name_server_address));
  const auto zones = write_cut_zones(settings, {entry_of(16376, 10)});
  ASSERT_TRUE(zones.ok()) << zones.text();
  ASSERT_EQ(zones->size(), 6u);
  const std::string& apex = (*zones)[0].text;
  EXPECT_NE(apex.find("\n@ NS ns\nns A 192.0.2.1\n0.e.f.f NS ns.3.0.0.1.0.0.2.ip6.arpa.\n$INCLUDE 0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.ds\n1.e.f.f NS ns.3.0.0.1.0.0.2.ip6.arpa.\n"), std::string::npos) << apex;
  EXPECT_EQ(count(apex, "$INCLUDE"), 4u);
  const std::string& raa = (*zones)[1].text;
  EXPECT_NE(raa.find("\na.0.0 NS ns.3.0.0.1.0.0.2.ip6.arpa.\n$INCLUDE a.0.0.0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.ds\n"), std::string::npos) << raa;
  EXPECT_NE(raa.find("@ SOA ns.3.0.0.1.0.0.2.ip6.arpa. hostmaster.3.0.0.1.0.0.2.ip6.arpa. 1 "), std::string::npos) << raa;
  EXPECT_EQ(count(raa, " A "), 0u);
  EXPECT_EQ(count((*zones)[5].text, "$INCLUDE"), 0u);
}

TEST(ZoneCut, an_authority_may_have_name_servers_of_its_own) {
  const std::string hda = "a.0.0.0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.", raa = "0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.";
  EXPECT_EQ(zones_of_authority(entry_of(16376, 10).det), std::vector{hda});
  EXPECT_EQ(zones_of_authority(entry_of(16376, 4096).det).size(), 4u);
  EXPECT_TRUE(zones_of_authority(entry_of(0, 0).det).empty());
  ZoneSettings settings;
  settings.more_name_servers = {"ns2.example."};
  settings.delegated[hda] = {"ns.hda.example.", "ns2.hda.example."};
  const auto zones = write_cut_zones(settings, {entry_of(16376, 10)});
  ASSERT_TRUE(zones.ok()) << zones.text();
  EXPECT_NE((*zones)[0].text.find("@ NS ns\n@ NS ns2.example.\n"), std::string::npos) << (*zones)[0].text;
  EXPECT_NE((*zones)[0].text.find("0.e.f.f NS ns.3.0.0.1.0.0.2.ip6.arpa.\n0.e.f.f NS ns2.example.\n$INCLUDE"), std::string::npos) << (*zones)[0].text;
  EXPECT_NE((*zones)[1].text.find("a.0.0 NS ns.hda.example.\na.0.0 NS ns2.hda.example.\n$INCLUDE"), std::string::npos) << (*zones)[1].text;
  EXPECT_NE((*zones)[5].text.find("@ SOA ns.hda.example. "), std::string::npos) << (*zones)[5].text;
  EXPECT_NE((*zones)[5].text.find("@ NS ns.hda.example.\n@ NS ns2.hda.example.\n"), std::string::npos);
  const auto refused = [&](const std::vector<std::string>& servers) {
    settings.delegated[hda] = servers;
    return write_cut_zones(settings, {entry_of(16376, 10)}).text();
  };
  EXPECT_EQ(refused({}), "zone " + hda + " has no name server");
  EXPECT_EQ(refused({"ns"}), "name server \"ns\" of zone " + hda + " must be an absolute name (it ends with a dot)");
  EXPECT_EQ(refused({"ns." + hda}), "name server \"ns." + hda + "\" lies in its own zone " + hda + ", where nothing gives its address");
  EXPECT_EQ(refused({"a b."}), "name server \"a b.\" is no domain name");
  EXPECT_EQ(raa, (*zones)[1].name);
}

TEST(ZoneCut, below_an_origin_of_ones_own) {
  ZoneSettings settings;
  settings.origin = "0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.";
  const auto own = write_cut_zones(settings, {entry_of(16376, 0), entry_of(16376, 10)});
  ASSERT_TRUE(own.ok()) << own.text();
  EXPECT_EQ(names_of(*own), (std::vector<std::string>{settings.origin, "a.0.0." + settings.origin}));
  const auto foreign = write_cut_zones(settings, {entry_of(16376, 4097)});
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.text().find("does not lie under 0.e.f.f.3"), std::string::npos);
  settings.origin = "a.0.0.0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.";
  EXPECT_EQ(write_cut_zones(settings, {entry_of(16376, 10)})->size(), 1u);
}

TEST(ZoneCut, the_zone_of_a_det) {
  EXPECT_EQ(zone_of(kApex, entry_of(2, 77).det), kApex);
  EXPECT_EQ(zone_of(kApex, entry_of(840 * 4, 12288).det), "3.8.4.3.3.0.0.1.0.0.2.ip6.arpa.");
  EXPECT_EQ(zone_of(kApex, det_of("2001003ffe000a05130824699a4bc6b2")), "a.0.0.0.e.f.f.3.0.0.1.0.0.2.ip6.arpa.");  // RFC 9886 appendix A
}

TEST(Zone, both_presentation_forms_of_published_records) {
  for (const auto& row : vectors("dns_generated.json", "records")) {
    ZoneEntry entry;
    entry.hhit_rdata = octets(row["hhit_rdata"]);
    entry.brid_rdata = octets(row["brid_rdata_nested"]);
    const auto unspaced = [](std::string text) {
      text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\n'; }), text.end());
      return text;
    };
    EXPECT_EQ(record_texts(entry, RecordForm::base64),
              (std::vector<std::string>{"HHIT " + unspaced(row["hhit_presentation"]), "BRID " + unspaced(row["brid_presentation"])}));
    EXPECT_EQ(record_texts(entry, RecordForm::unknown_type)[0], "TYPE67 \\# " + std::to_string(entry.hhit_rdata.size()) + " " + to_hex(entry.hhit_rdata));
  }
  for (const auto& [rdata, text] : {std::pair("66", "Zg=="), {"666f", "Zm8="}, {"666f6f", "Zm9v"}}) {  // RFC 4648 section 10
    EXPECT_EQ(record_texts({.det = {}, .comment = "", .hhit_rdata = octets(rdata), .brid_rdata = {}, .addresses = {}}, RecordForm::base64)[0], std::string("HHIT ") + text);
  }
}

TEST(Zone, names_are_relative_to_an_origin_at_a_dot) {
  EXPECT_EQ(relative_name("a.b.", "b."), "a");
  EXPECT_EQ(relative_name("b.", "b."), "@");
  EXPECT_EQ(relative_name("ab.", "b."), "");
  EXPECT_EQ(relative_name(".b.", "b."), "");
  EXPECT_EQ(relative_name("a.b.", ""), "");
}

}  // namespace
}  // namespace nrid::det
