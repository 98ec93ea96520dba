// The issuers that a walk climbs over and remembers: for how long, whose, and how many levels of them.
#include "det/certificate.h"
#include "det/chain.h"
#include "det/endorsement.h"
#include "det/hhit.h"
#include "det/hid_map.h"
#include "det/key_source.h"
#include "tests/det/fake_lookup.h"

namespace nrid::det {
namespace {

// A registry of its own: names, types and parents; DETs of HID 16376/`hda`, the anchor apart.
struct Family {
  std::vector<RegistryEntity> list{{.name = "raa", .type = "raa", .raa = 16376, .hda = 0, .parent = "raa"}};
  std::map<std::string, RegistryEntry> entries;
  FakeLookup dns;
  ManualClock clock{kNow};
  ResolverSettings settings;
  std::unique_ptr<Resolver> resolver;

  void add(const std::string& name, const std::string& type, uint16_t hda, const std::string& parent) {
    list.push_back({.name = name, .type = type, .raa = 16376, .hda = hda, .parent = parent});
  }
  // That many issuers below `parent`, and below each a DET that only it vouches for.
  void add_pairs(int count, uint16_t hda, const std::string& parent, const std::string& issuer, const std::string& child) {
    for (int i = 0; i < count; ++i) {
      add(issuer + std::to_string(i), "hda", hda, parent);
      add(child + std::to_string(i), "ua", hda, issuer + std::to_string(i));
    }
  }
  void publish() {
    SeededRandom random(11);
    const auto built = build_registry(list, kNow - seconds(3600), kNow + seconds(86'400), random);
    ASSERT_TRUE(built.ok()) << built.text();
    for (const RegistryEntry& entry : *built) {
      entries[entry.entity.name] = entry;
      dns.publish(entry.records);
    }
    settings.anchors = {{entries["raa"].det, entries["raa"].key}};
    resolver = std::make_unique<Resolver>(settings, dns, clock);
  }
  Resolved resolve(const std::string& name) {
    Resolved out;
    resolver->resolve(entries.at(name).det, false, [&](const Resolved& found) { out = found; });
    return out;
  }
  bool asked_for(const std::string& name) const {
    return std::find(dns.names.begin(), dns.names.end(), owner_name(entries.at(name).det)) != dns.names.end();
  }
};

// A TTL bounds how long anybody believes a record; that we held the issuer's for a while does not lengthen it.
TEST(Resolver, an_issuers_ttl_counts_from_when_it_came) {
  Family family;
  family.add("hda", "hda", 10, "raa");
  family.add("ua", "ua", 10, "hda");
  family.add("ua2", "ua", 10, "hda");
  family.publish();
  EXPECT_EQ(family.resolve("ua")->valid_until, kNow + seconds(60));
  family.clock.advance(seconds(7));
  EXPECT_EQ(family.resolve("ua2")->valid_until, kNow + seconds(60));
  EXPECT_EQ(family.dns.asked, 5u);                      // the HDA's was remembered
  family.clock.advance(milliseconds(400));
  EXPECT_EQ(family.resolve("ua")->valid_until, kNow + milliseconds(59'400));  // whole seconds, never more than is left
  // What is found below it must not run out at once: it is asked for again long before its TTL is over.
  family.clock.advance(seconds(1));
  EXPECT_EQ(family.resolve("ua2")->valid_until, kNow + milliseconds(68'400));
}

// Anybody with a zone can publish certificates by the hundred whose chain leads nowhere. Nothing of them is remembered, so nothing of
// others is forgotten.
TEST(Resolver, issuers_are_remembered_once_they_are_judged_good) {
  constexpr int kBad = 300;
  Family family;
  family.add("hda", "hda", 10, "raa");
  family.add("ua", "ua", 10, "hda");
  family.add("ua2", "ua", 10, "hda");
  family.add("nowhere", "hda", 11, "raa");
  family.add_pairs(kBad, 11, "nowhere", "issuer", "bad");
  family.publish();
  family.dns.table.erase({owner_name(family.entries["nowhere"].det), RrType::hhit});
  ASSERT_TRUE(family.resolve("ua").ok());
  for (int i = 0; i < kBad; ++i) EXPECT_EQ(family.resolve("bad" + std::to_string(i)).error(), Error::untrusted_chain);
  family.dns.names.clear();
  ASSERT_TRUE(family.resolve("ua2").ok());
  EXPECT_FALSE(family.asked_for("hda"));
  family.resolve("bad0");
  EXPECT_TRUE(family.asked_for("issuer0"));
}

TEST(Resolver, a_registry_with_many_issuers_pushes_out_none_of_another) {
  constexpr int kMany = 300;
  Family family;
  for (const char* name : {"hda", "other"}) family.add(name, "hda", std::string(name) == "hda" ? 10 : 11, "raa");
  family.add("ua", "ua", 10, "hda");
  family.add("ua2", "ua", 10, "hda");
  family.add_pairs(kMany, 11, "other", "issuer", "its");
  family.publish();
  ASSERT_TRUE(family.resolve("ua").ok());
  for (int i = 0; i < kMany; ++i) ASSERT_TRUE(family.resolve("its" + std::to_string(i)).ok());
  family.dns.names.clear();
  ASSERT_TRUE(family.resolve("ua2").ok());
  EXPECT_FALSE(family.asked_for("hda"));
  ASSERT_TRUE(family.resolve("its" + std::to_string(kMany - 1)).ok());
  EXPECT_FALSE(family.asked_for("issuer" + std::to_string(kMany - 1)));  // its own newest are there,
  ASSERT_TRUE(family.resolve("its0").ok());
  EXPECT_TRUE(family.asked_for("issuer0"));                              // its own oldest went
}

// Nor out of what Links are judged with.
TEST(KeySource, an_hda_with_many_issuers_does_not_make_us_forget_another) {
  const SmallRegistry registry;
  FakeLookup dns;
  ManualClock clock{kNow};
  DnsKeySource keys({.anchors = registry.anchors}, {}, dns, clock);
  const Now now = clock.now();
  ASSERT_TRUE(keys.learn(registry["hda"].endorsement, now).ok());
  const SeedSigner raa = registry.signer("raa");
  for (int i = 0; i < 1100; ++i) {                     // HDAs of another HID
    const PublicKey key = SeedSigner(Seed{1, static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)}).public_key();
    const auto be = make_endorsement(derive(16376, 11, key), key, registry["raa"].det, raa, kNow - seconds(1), kNow + seconds(600));
    ASSERT_TRUE(be.ok() && keys.learn(*be, now).ok());
  }
  EXPECT_TRUE(keys.learn(registry["ua"].endorsement, now).ok());
}

// A record that was replaced since it was remembered may be what fails: the try after the "no" has run out sees the new one.
TEST(Resolver, an_issuer_that_a_walk_failed_over_is_asked_for_again) {
  Family family;
  family.add("hda", "hda", 10, "raa");
  family.add("ua", "ua", 10, "hda");
  family.publish();
  family.dns.ttl_s = 3600;
  const RegistryEntry hda = family.entries["hda"];
  const auto old = make_certificate({.det = hda.det, .key = hda.key, .issuer = family.entries["raa"].det, .not_before = kNow - seconds(60),
                                     .not_after = kNow + seconds(10), .authority = true, .subject = "DRIP-HDA", .uri = "", .serial = {1}},
                                    SeedSigner(*family.entries["raa"].entity.seed));
  ASSERT_TRUE(old.ok());
  family.dns.table[{owner_name(hda.det), RrType::hhit}] = {*encode_hhit({.entity_type = entity::hda, .abbreviation = "x", .certificate = *old})};
  EXPECT_TRUE(family.resolve("ua").ok());
  family.dns.publish(hda.records);                    // renewed
  family.clock.advance(seconds(11));
  EXPECT_EQ(family.resolve("ua").error(), Error::certificate_expired);
  const size_t asked = family.dns.asked;
  EXPECT_EQ(family.resolve("ua").error(), Error::certificate_expired);  // not asked for with every failure
  EXPECT_EQ(family.dns.asked, asked + 2);
  family.clock.advance(seconds(20));
  EXPECT_TRUE(family.resolve("ua").ok());
}

TEST(HidMap, the_hid_with_most_entries_gives_its_oldest) {
  HidMap<int> map(4);
  const auto det = [](uint16_t hda, uint8_t number) {
    Det out = Det::with_hid(16376, hda, kSuiteEddsaCshake128);
    out.octets[15] = number;
    return out;
  };
  const auto has = [&](uint16_t hda, uint8_t number) { return map.find(det(hda, number)) != nullptr; };
  map.put(det(1, 0), 0);
  for (uint8_t i = 9; i > 6; --i) map.put(det(2, i), i);
  map.put(det(2, 9), 90);                             // replaced, and the newest
  map.put(det(2, 1), 1);
  EXPECT_EQ(map.size(), 4u);
  EXPECT_TRUE(has(1, 0) && has(2, 9) && has(2, 7) && has(2, 1));
  EXPECT_EQ(*map.find(det(2, 9)), 90);
  map.erase(det(2, 9));
  map.put(det(1, 1), 2);
  map.put(det(3, 0), 3);                              // two of 1 and two of 2: whose is older
  EXPECT_TRUE(!has(1, 0) && has(1, 1) && has(2, 7) && has(2, 1) && has(3, 0));
}

// drip.md 4.6 step 7: the depth limit.
TEST(Resolver, a_chain_of_eight_levels_is_walked_and_one_of_nine_is_not) {
  Family family;
  std::string parent = "raa";
  for (const char* name : {"h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"}) {
    family.add(name, "hda", 10, parent);
    parent = name;
  }
  family.add("eight", "ua", 10, "h7");
  family.add("nine", "ua", 10, "h8");
  family.publish();
  const Resolved eight = family.resolve("eight");
  ASSERT_TRUE(eight.ok()) << eight.text();
  EXPECT_EQ(eight->issuers.size(), kPathMax - 1);
  const Resolved nine = family.resolve("nine");
  EXPECT_EQ(nine.error(), Error::untrusted_chain);
  EXPECT_NE(nine.text().find("longer than 8 levels: the next would be " + to_text(family.entries["h1"].det)), std::string::npos) << nine.text();
}

}  // namespace
}  // namespace nrid::det
