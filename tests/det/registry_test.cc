// A registry whose upper part is somebody else's: what a parent elsewhere has signed is taken, and only that.
#include <functional>

#include "base/random.h"
#include "det/certificate.h"
#include "det/zone.h"
#include "tests/det/support.h"

namespace nrid::det {
namespace {

const Instant kFrom = at_second(1'780'000'000), kTo = at_second(1'790'000'000);

RegistryEntity entity(const std::string& name, const std::string& type, const std::string& parent, uint16_t hda, uint8_t seed) {
  RegistryEntity out;
  out.name = name;
  out.type = type;
  out.raa = 16376;
  out.hda = hda;
  out.parent = parent;
  out.seed.emplace().fill(seed);
  return out;
}

std::vector<RegistryEntry> built(std::vector<RegistryEntity> entities) {
  SystemRandom random;
  const auto made = build_registry(std::move(entities), kFrom, kTo, random);
  EXPECT_TRUE(made.ok()) << made.text();
  return made.ok() ? *made : std::vector<RegistryEntry>{};
}

std::string refused(std::vector<RegistryEntity> entities) {
  SystemRandom random;
  return build_registry(std::move(entities), kFrom, kTo, random).text();
}

// As the HDA sees what the RAA made: public keys and signatures of those above, the secret of its own.
struct Elsewhere {
  std::vector<RegistryEntry> raa = built({entity("raa", "raa", "raa", 0, 1), entity("hda", "hda", "raa", 10, 2), entity("other", "hda", "raa", 11, 4)});
  std::vector<RegistryEntity> hda;

  Elsewhere() {
    for (size_t i = 0; i < 2; ++i) {
      hda.push_back(raa[i].entity);
      hda[i].not_before = hda[i].not_after = std::nullopt;
      hda[i].registered = Registered{Buffer(raa[i].endorsement.begin(), raa[i].endorsement.end()), raa[i].certificate};
    }
    hda[0].key = raa[0].key;
    hda[0].seed = std::nullopt;
    hda.push_back(entity("ua", "ua", "hda", 10, 3));
  }
};

TEST(Registry, what_a_parent_elsewhere_registered_is_taken_as_it_is) {
  const Elsewhere elsewhere;
  const auto made = built(elsewhere.hda);
  ASSERT_EQ(made.size(), 3u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(made[i].det, elsewhere.raa[i].det);
    EXPECT_EQ(made[i].endorsement, elsewhere.raa[i].endorsement);
    EXPECT_EQ(made[i].certificate, elsewhere.raa[i].certificate);
    EXPECT_EQ(made[i].records.brid_rdata, elsewhere.raa[i].records.brid_rdata);
    EXPECT_EQ(made[i].entity.not_after, kTo);
  }
  const auto certificate = read_certificate(made[2].certificate);
  ASSERT_TRUE(certificate.ok());
  EXPECT_TRUE(signed_by(*certificate, elsewhere.raa[1].key));
}

TEST(Registry, a_registration_of_somebody_else_or_by_somebody_else_is_refused) {
  const auto with = [](const std::function<void(Elsewhere&)>& change) {
    Elsewhere elsewhere;
    change(elsewhere);
    return refused(elsewhere.hda);
  };
  const auto contains = [](const std::string& text, const std::string& part) { EXPECT_NE(text.find(part), std::string::npos) << text; };
  const auto be_of = [](const RegistryEntry& entry) { return Buffer(entry.endorsement.begin(), entry.endorsement.end()); };
  contains(with([&](Elsewhere& e) { e.hda[1].registered->endorsement = be_of(e.raa[2]); }), "entity hda: its endorsement is of 2001:3f:fe00:b05:");
  contains(with([&](Elsewhere& e) { e.hda[1].registered->certificate = e.raa[2].certificate; }), "entity hda: its certificate is of 2001:3f:fe00:b05:");
  contains(with([](Elsewhere& e) { e.hda[1].registered->endorsement[100] ^= 1; }), "entity hda: its endorsement is not signed by parent raa");
  contains(with([](Elsewhere& e) { e.hda[1].registered->certificate.back() ^= 1; }), "entity hda: its certificate is not signed by parent raa");
  contains(with([](Elsewhere& e) { e.hda[1].seed->fill(9); }), "entity hda: its endorsement is of ");
  contains(with([](Elsewhere& e) { e.hda[2].parent = "raa"; }), "entity ua: parent raa has no seed to sign with");
  // A parent that is not the one who signed, though it may register the HDA by its numbers.
  contains(with([&](Elsewhere& e) {
    e.hda[0].key = std::nullopt;
    e.hda[0].seed.emplace().fill(8);
    e.hda[0].registered = std::nullopt;
  }), "entity hda: its endorsement is not signed by parent raa");
}

TEST(Registry, a_registration_cut_at_any_octet_is_refused) {
  const Elsewhere whole;
  for (size_t size = 0; size < kEndorsementSize; ++size) {
    auto cut = whole.hda;
    cut[1].registered->endorsement.resize(size);
    EXPECT_NE(refused(cut).find("entity hda: its endorsement"), std::string::npos) << size;
  }
  for (size_t size = 0; size < whole.raa[1].certificate.size(); ++size) {
    auto cut = whole.hda;
    cut[1].registered->certificate.resize(size);
    EXPECT_NE(refused(cut).find("entity hda: its certificate"), std::string::npos) << size;
  }
}

}  // namespace
}  // namespace nrid::det
