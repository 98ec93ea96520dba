// The walk over a DNS of a table: what is believed, and that each way of failing has its own word.
#include "det/brid.h"
#include "det/certificate.h"
#include "det/chain.h"
#include "det/endorsement.h"
#include "det/hhit.h"
#include "tests/det/fake_lookup.h"

namespace nrid::det {
namespace {

struct World {
  SmallRegistry registry;
  FakeLookup dns;
  ManualClock clock{kNow};
  ResolverSettings settings;
  World() {
    registry.publish_all(dns);
    settings.anchors = registry.anchors;
  }
  Resolved resolve(const std::string& name, bool addresses = false) { return resolve(registry[name].det, addresses); }
  Resolved resolve(const Det& det, bool addresses = false) {
    return resolve_now(settings, dns, clock, det, addresses, seconds(1));
  }
  // Publishes `name` with other endorsements than its own.
  void publish_endorsements(const std::string& name, const std::vector<Buffer>& endorsements) {
    Brid brid;
    for (const Buffer& be : endorsements) brid.add_endorsement(be);
    ZoneEntry entry = registry[name].records;
    entry.brid_rdata = *encode_brid(brid);
    dns.publish(entry);
  }
  Buffer endorse(const std::string& child, const std::string& parent, Instant from, Instant to) {
    const auto be = make_endorsement(registry[child].det, registry[child].key, registry[parent].det, registry.signer(parent), from, to);
    EXPECT_TRUE(be.ok());
    return {be->begin(), be->end()};
  }
  void publish_certificate(const std::string& name, const CertificateRequest& request, const std::string& signer, uint64_t type) {
    const auto der = make_certificate(request, registry.signer(signer));
    ASSERT_TRUE(der.ok());
    ZoneEntry entry = registry[name].records;
    entry.hhit_rdata = *encode_hhit({.entity_type = type, .abbreviation = "x", .certificate = *der});
    dns.publish(entry);
  }
  CertificateRequest request(const std::string& name, const std::string& issuer) {
    return {.det = registry[name].det, .key = registry[name].key, .issuer = registry[issuer].det, .not_before = kNow - seconds(60),
            .not_after = kNow + seconds(60), .serial = {1}};
  }
};

TEST(Resolver, key_endorsement_and_addresses_of_a_provider) {
  World world;
  const Resolved found = world.resolve("sp", true);
  ASSERT_TRUE(found.ok()) << found.text();
  EXPECT_EQ(found->key, world.registry["sp"].key);
  EXPECT_EQ(found->parent, world.registry["hda"].det);
  EXPECT_EQ(to_hex(found->endorsement), to_hex(Bytes(world.registry["sp"].endorsement)));
  EXPECT_EQ(found->addresses, (std::vector{address("2001:db8::7"), address("192.0.2.7")}));  // AAAA before A
  EXPECT_EQ(found->uri, "coap://192.0.2.7:5683/nrid");
  EXPECT_EQ(found->entity_type, entity::sp);
  EXPECT_TRUE(found->authenticated);
  EXPECT_EQ(found->valid_until, kNow + seconds(60));
  EXPECT_EQ(found->chain, to_text(world.registry["sp"].det) + " < " + to_text(world.registry["hda"].det) + " < " +
                              to_text(world.registry["raa"].det) + " (anchor)");
}

TEST(Resolver, an_hda_can_be_the_anchor_and_is_then_not_asked_for) {
  World world;
  world.settings.anchors = {{world.registry["hda"].det, world.registry["hda"].key}};
  ASSERT_TRUE(world.resolve("ua").ok());
  EXPECT_EQ(world.dns.asked, 2u);
}

TEST(Resolver, an_issuer_is_asked_for_once) {
  World world;
  Resolver resolver(world.settings, world.dns, world.clock);
  for (const char* name : {"ua", "ua2"}) {
    bool good = false;
    resolver.resolve(world.registry[name].det, false, [&](const Resolved& found) { good = found.ok(); });
    EXPECT_TRUE(good);
  }
  EXPECT_EQ(world.dns.asked, 5u);  // HHIT and BRID of each, HHIT of the HDA
}

TEST(Resolver, the_ttl_of_addresses_counts_too) {
  World world;
  for (const RrType type : {RrType::aaaa, RrType::a}) {
    world.dns.ttls = {{type, 7}};
    EXPECT_EQ(world.resolve("sp", true)->valid_until, kNow + seconds(7));
    EXPECT_EQ(world.resolve("sp", false)->valid_until, kNow + seconds(60));
  }
}

TEST(Resolver, rfc_9886_chain_with_two_hdas_in_one_hid) {
  const auto file = vectors("rfc9886_appendix_a.json");
  FakeLookup dns;
  ManualClock clock{at_second(1'744'233'300)};
  ResolverSettings settings;
  for (const auto& row : file["hhit"]) {
    dns.table[{row["owner"].get<std::string>(), RrType::hhit}] = {octets(row["rdata"])};
    if (row["name"] == "RAA") settings.anchors = {{det_of(row["det"]), key_of(row["hi"])}};
  }
  const Det uas = det_of(file["brid"]["det"]);
  dns.table[{owner_name(uas), RrType::brid}] = {octets(file["brid"]["rdata"])};
  settings.require_endorsement = true;
  const Resolved found = resolve_now(settings, dns, clock, uas, false, seconds(1));
  ASSERT_TRUE(found.ok()) << found.text();
  EXPECT_EQ(found->issuers.size(), 2u);
  EXPECT_LE(found->valid_until, found->trust_until);
}

TEST(Resolver, each_dns_failure_has_its_own_word) {
  using Outcome = DnsAnswer::Outcome;
  const std::pair<DnsAnswer, Error> cases[] = {
      {{.outcome = Outcome::answered, .rcode = kRcodeNxdomain}, Error::dns_nxdomain},
      {{.outcome = Outcome::answered, .rcode = kRcodeServfail}, Error::dns_servfail},
      {{.outcome = Outcome::answered, .rcode = kRcodeRefused}, Error::dns_servfail},
      {{.outcome = Outcome::answered, .rcode = kRcodeNoError}, Error::dns_nxdomain},  // the name is there, the record is not
      {{.outcome = Outcome::timeout}, Error::dns_timeout},
      {{.outcome = Outcome::unreachable}, Error::dns_unreachable},
      {{.outcome = Outcome::malformed}, Error::dns_servfail},
  };
  std::set<std::string> sentences;
  for (const auto& [answer, error] : cases) {
    World world;
    world.dns.broken = answer;
    const Resolved found = world.resolve("sp", true);
    EXPECT_EQ(found.error(), error) << found.text();
    EXPECT_NE(found.text().find(to_text(world.registry["sp"].det)), std::string::npos);
    sentences.insert(found.text());
  }
  EXPECT_EQ(sentences.size(), std::size(cases));
}

TEST(Resolver, a_broken_fallback_name_does_not_hide_nxdomain) {
  World world;
  world.dns.table.clear();
  world.settings.fallback_name = true;
  const Resolved found = world.resolve("ua");
  EXPECT_EQ(found.error(), Error::dns_nxdomain);
  EXPECT_EQ(world.dns.names.back(), fallback_name(world.registry["ua"].det));
  EXPECT_NE(found.text().find(owner_name(world.registry["ua"].det)), std::string::npos);
}

TEST(Resolver, the_fallback_name_serves) {
  World world;
  const RegistryEntry& ua = world.registry["ua"];
  world.dns.table.erase({owner_name(ua.det), RrType::hhit});
  world.dns.table.erase({owner_name(ua.det), RrType::brid});
  world.dns.publish(ua.records, fallback_name(ua.det));
  const Resolved found = world.resolve("ua");
  ASSERT_TRUE(found.ok()) << found.text();
  EXPECT_EQ(found->name, fallback_name(ua.det));
  world.settings.fallback_name = false;
  EXPECT_EQ(world.resolve("ua").error(), Error::dns_nxdomain);
}

TEST(Resolver, endorsement_failures_of_r_006_are_distinct) {
  const auto with = [](auto change) {
    World world;
    change(world);
    return world.resolve("sp", true);
  };
  const Instant from = kNow - seconds(60), to = kNow + seconds(60);
  const Resolved expired = with([&](World& w) { w.publish_endorsements("sp", {w.endorse("sp", "hda", from - seconds(600), from)}); });
  EXPECT_EQ(expired.error(), Error::endorsement_expired) << expired.text();
  const Resolved early = with([&](World& w) { w.publish_endorsements("sp", {w.endorse("sp", "hda", to, to + seconds(600))}); });
  EXPECT_EQ(early.error(), Error::endorsement_not_yet_valid) << early.text();
  const Resolved forged = with([&](World& w) {
    Buffer be = w.endorse("sp", "hda", from, to);
    be[100] ^= 1;
    w.publish_endorsements("sp", {be});
  });
  EXPECT_EQ(forged.error(), Error::bad_endorsement) << forged.text();
  const Resolved foreign = with([&](World& w) { w.publish_endorsements("sp", {w.endorse("sp", "hda11", from, to)}); });
  EXPECT_EQ(foreign.error(), Error::endorsement_parent) << foreign.text();
  const Resolved by_raa = with([&](World& w) { w.publish_endorsements("sp", {w.endorse("sp", "raa", from, to)}); });
  EXPECT_EQ(by_raa.error(), Error::endorsement_parent) << by_raa.text();
  const Resolved missing = with([&](World& w) { w.dns.table.erase({owner_name(w.registry["sp"].det), RrType::brid}); });
  EXPECT_EQ(missing.error(), Error::bad_endorsement) << missing.text();
  const Resolved other = with([&](World& w) { w.publish_endorsements("sp", {w.endorse("ua", "hda", from, to)}); });
  EXPECT_EQ(other.error(), Error::bad_endorsement) << other.text();
  const Resolved garbage = with([&](World& w) { w.dns.table[{owner_name(w.registry["sp"].det), RrType::brid}] = {{1, 2, 3}}; });
  EXPECT_EQ(garbage.error(), Error::bad_endorsement) << garbage.text();
}

TEST(Resolver, a_new_endorsement_beside_an_expired_one_serves) {
  World world;
  const Instant from = kNow - seconds(60);
  world.publish_endorsements("sp", {world.endorse("sp", "hda", from - seconds(600), from), world.endorse("sp", "hda", from, kNow + seconds(30))});
  const Resolved found = world.resolve("sp", true);
  ASSERT_TRUE(found.ok()) << found.text();
  EXPECT_EQ(found->trust_until, kNow + seconds(30));
  EXPECT_EQ(found->valid_until, kNow + seconds(30));
}

TEST(Resolver, a_bad_endorsement_further_up_the_path_refuses_too) {
  World world;
  const Instant from = kNow - seconds(60), to = kNow + seconds(60);
  Buffer hda = world.endorse("hda", "raa", from, to);
  hda[100] ^= 1;
  world.publish_endorsements("sp", {hda, world.endorse("sp", "hda", from, to)});
  EXPECT_EQ(world.resolve("sp", true).error(), Error::bad_endorsement);
}

TEST(Resolver, certificates_that_are_not_believed) {
  const auto with = [](auto change) {
    World world;
    change(world);
    return world.resolve("ua").error();
  };
  EXPECT_EQ(with([](World& w) { w.publish_certificate("ua", w.request("ua", "hda"), "hda", 16); }), Error::none);
  EXPECT_EQ(with([](World& w) { w.publish_certificate("ua", w.request("ua", "hda"), "hda11", 16); }), Error::bad_certificate);
  EXPECT_EQ(with([](World& w) {
    auto request = w.request("ua", "hda");
    request.not_after = kNow - seconds(2);
    w.publish_certificate("ua", request, "hda", 16);
  }), Error::certificate_expired);
  EXPECT_EQ(with([](World& w) {
    auto request = w.request("ua", "hda");
    request.not_before = kNow + seconds(2);
    w.publish_certificate("ua", request, "hda", 16);
  }), Error::certificate_not_yet_valid);
  EXPECT_EQ(with([](World& w) { w.publish_certificate("ua", w.request("ua2", "hda"), "hda", 16); }), Error::bad_certificate);
  EXPECT_EQ(with([](World& w) {
    auto request = w.request("ua", "hda");
    request.key = w.registry["ua2"].key;
    w.publish_certificate("ua", request, "hda", 16);
  }), Error::det_hi_mismatch);
  EXPECT_EQ(with([](World& w) { w.publish_certificate("ua", w.request("ua", "hda11"), "hda11", 16); }), Error::endorsement_parent);
  EXPECT_EQ(with([](World& w) {
    w.publish_certificate("ua", w.request("ua", "hda11"), "hda11", 16);
    w.dns.table.erase({owner_name(w.registry["ua"].det), RrType::brid});
  }), Error::untrusted_chain);
  EXPECT_EQ(with([](World& w) { w.dns.table[{owner_name(w.registry["ua"].det), RrType::hhit}] = {{0x83}}; }), Error::bad_certificate);
}

TEST(Resolver, chains_that_end_nowhere) {
  World world;
  world.settings.anchors.clear();
  EXPECT_EQ(world.resolve("ua").error(), Error::untrusted_chain);

  World missing;
  missing.dns.table.erase({owner_name(missing.registry["hda"].det), RrType::hhit});
  EXPECT_EQ(missing.resolve("ua").error(), Error::untrusted_chain);

  World no_authority;  // the issuer's certificate lacks CA
  no_authority.publish_certificate("hda", no_authority.request("hda", "raa"), "raa", 13);
  EXPECT_EQ(no_authority.resolve("ua").error(), Error::untrusted_chain);

  World loop;  // ua by ua2, ua2 by ua: within one HID the numbers permit it
  auto first = loop.request("ua", "ua2"), second = loop.request("ua2", "ua");
  first.authority = second.authority = true;
  loop.publish_certificate("ua", first, "ua2", 13);
  loop.publish_certificate("ua2", second, "ua", 13);
  loop.dns.table.erase({owner_name(loop.registry["ua"].det), RrType::brid});
  EXPECT_EQ(loop.resolve("ua").error(), Error::untrusted_chain);
}

// "1 HHIT good, 1 BRID bad_endorsement", with the owners checked on the way.
std::string path_of(const World& world, const Resolved& found, const std::vector<std::string>& names) {
  std::string out;
  for (const Step& step : found.steps()) {
    EXPECT_EQ(step.det, world.registry[names.at(step.level - 1)].det);
    out += (out.empty() ? "" : ", ") + std::to_string(step.level) + " " + std::string(step.record) + " ";
    out += step.error != Error::none ? info(step.error).counter : step.judged ? "good" : "open";
  }
  return out;
}

TEST(Resolver, the_path_says_what_holds_what_does_not_and_what_was_not_judged) {
  const std::vector<std::string> names = {"sp", "hda", "raa"};
  const auto with = [&](auto change, const std::string& sentence) {
    World world;
    change(world);
    const Resolved found = world.resolve("sp");
    const std::string begins = to_text(world.registry["sp"].det) + ": " + sentence;
    if (!found.ok()) {
      EXPECT_EQ(found.text().substr(0, begins.size()), begins);
    }
    return path_of(world, found, names);
  };
  const Instant from = kNow - seconds(60), to = kNow + seconds(60);
  EXPECT_EQ(with([](World&) {}, ""), "1 HHIT good, 1 BRID good, 2 HHIT good, 2 BRID good, 3 anchor good");
  EXPECT_EQ(with([&](World& w) { w.publish_endorsements("sp", {w.endorse("sp", "hda", from - seconds(600), from), w.endorse("sp", "hda", from, to)}); }, ""),
            "1 HHIT good, 1 BRID endorsement_expired, 1 BRID good, 2 HHIT good, 3 anchor good");
  EXPECT_EQ(with([&](World& w) { w.publish_endorsements("sp", {w.endorse("sp", "hda", to, to + seconds(600))}); }, "level 1, BRID record of "),
            "1 HHIT open, 1 BRID endorsement_not_yet_valid");
  EXPECT_EQ(with([&](World& w) { w.publish_endorsements("sp", {w.endorse("ua", "hda", from, to)}); }, "level 1, BRID record of "), "1 HHIT open, 1 BRID bad_endorsement");
  EXPECT_EQ(with([&](World& w) {
    Buffer be = w.endorse("hda", "raa", from, to);
    be[100] ^= 1;
    w.publish_endorsements("sp", {be, w.endorse("sp", "hda", from, to)});
  }, "level 2, BRID record of "), "1 HHIT good, 1 BRID good, 2 HHIT good, 2 BRID bad_endorsement");
  EXPECT_EQ(with([](World& w) {
    auto request = w.request("hda", "raa");
    request.not_after = kNow - seconds(2);
    request.authority = true;
    w.publish_certificate("hda", request, "raa", 13);
  }, "level 2, HHIT record of "), "1 HHIT open, 1 BRID open, 2 HHIT certificate_expired, 2 BRID open");
  EXPECT_EQ(with([](World& w) {
    auto request = w.request("hda", "raa");
    request.authority = true;
    w.publish_certificate("hda", request, "hda11", 13);
  }, "level 2, HHIT record of "), "1 HHIT good, 1 BRID open, 2 HHIT bad_certificate, 2 BRID open");
  EXPECT_EQ(with([](World& w) { w.dns.table.erase({owner_name(w.registry["hda"].det), RrType::hhit}); }, "level 2, HHIT record of "),
            "1 HHIT open, 1 BRID open, 2 HHIT untrusted_chain");
  EXPECT_EQ(with([](World& w) { w.dns.broken = DnsAnswer{.outcome = DnsAnswer::Outcome::timeout}; }, "level 1, HHIT record of "), "1 HHIT dns_timeout");
  EXPECT_EQ(with([](World& w) { w.settings.anchors.clear(); }, "level 3, HHIT record of "),
            "1 HHIT open, 1 BRID open, 2 HHIT open, 2 BRID open, 3 HHIT untrusted_chain, 3 BRID open");
}

TEST(Resolver, require_ad) {
  World world;
  world.settings.require_ad = true;
  EXPECT_TRUE(world.resolve("ua").ok());
  world.dns.authenticated = false;
  EXPECT_EQ(world.resolve("ua").error(), Error::dns_insecure);
  world.settings.require_ad = false;
  const Resolved found = world.resolve("ua");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->authenticated);
}

// A denial takes a key away, so it is judged as strictly as what gives one: under each name, of each type, at each level.
TEST(Resolver, require_ad_holds_for_denials_too) {
  bool fallback_in_trouble = false;
  const auto error = [&](auto change) {
    World world;
    world.settings.require_ad = true;
    change(world, owner_name(world.registry["sp"].det), fallback_name(world.registry["sp"].det));
    const Resolved found = world.resolve("sp", true);
    fallback_in_trouble = found.fallback_in_trouble();
    EXPECT_EQ(is_resolver_trouble(found.error()), found.error() == Error::dns_insecure);
    return found.error();
  };
  const auto gone = [](World& w, const std::string& name) {
    for (const RrType type : {RrType::hhit, RrType::brid, RrType::aaaa, RrType::a}) w.dns.table.erase({name, type});
  };
  using Name = const std::string&;
  EXPECT_EQ(error([&](World& w, Name name, Name) { gone(w, name); }), Error::dns_nxdomain);
  EXPECT_FALSE(fallback_in_trouble);
  EXPECT_EQ(error([&](World& w, Name name, Name) { gone(w, name), w.dns.authenticated = false; }), Error::dns_insecure);
  EXPECT_EQ(error([&](World& w, Name name, Name) { gone(w, name), w.dns.insecure = {name}; }), Error::dns_insecure);
  // The proper name does not exist; the other may, which matters to those who hold a key from there.
  EXPECT_EQ(error([&](World& w, Name name, Name fallback) { gone(w, name), w.dns.insecure = {fallback}; }), Error::dns_nxdomain);
  EXPECT_TRUE(fallback_in_trouble);
  EXPECT_EQ(error([&](World& w, Name name, Name) {
    gone(w, name), w.dns.insecure = {name}, w.settings.fallback_name = false;
  }), Error::dns_insecure);
  EXPECT_EQ(error([&](World& w, Name name, Name) {  // the name is there, no record is
    gone(w, name), w.dns.table[{name, RrType::ns}] = {{0}}, w.dns.insecure = {name};
  }), Error::dns_insecure);
  EXPECT_EQ(error([&](World& w, Name name, Name) { w.dns.table.erase({name, RrType::brid}), w.dns.insecure = {name}; }), Error::dns_insecure);
  EXPECT_EQ(error([&](World& w, Name name, Name fallback) {
    gone(w, name), w.dns.publish(w.registry["sp"].records, fallback), w.dns.insecure = {fallback};
  }), Error::dns_insecure);
  // What the fallback name says under DNSSEC serves, whatever the other one denies without.
  EXPECT_EQ(error([&](World& w, Name name, Name fallback) {
    gone(w, name), w.dns.publish(w.registry["sp"].records, fallback), w.dns.insecure = {name};
  }), Error::none);
  const auto no_issuer = [&](World& w) { return owner_name(w.registry["hda"].det); };
  EXPECT_EQ(error([&](World& w, Name, Name) { gone(w, no_issuer(w)); }), Error::untrusted_chain);
  EXPECT_EQ(error([&](World& w, Name, Name) { gone(w, no_issuer(w)), w.dns.insecure = {no_issuer(w)}; }), Error::dns_insecure);
}

TEST(Resolver, what_is_no_det_is_not_asked_for) {
  World world;
  Det det = world.registry["ua"].det;
  det.octets[7] = 3;
  EXPECT_EQ(world.resolve(det).error(), Error::unsupported_suite);
  det.octets[0] = 0xfe;
  EXPECT_EQ(world.resolve(det).error(), Error::bad_kid);
  EXPECT_EQ(world.dns.asked, 0u);
}

TEST(Resolver, silence_ends_at_the_deadline) {
  World world;
  world.dns.held = true;
  const Resolved found = resolve_now(world.settings, world.dns, world.clock, world.registry["ua"].det, false, milliseconds(20));
  EXPECT_EQ(found.error(), Error::dns_timeout);
  world.dns.release();  // late answers find nobody, and that is all
}

TEST(Resolver, anchors_as_text) {
  const SmallRegistry registry;
  const std::string det = to_hex(registry["raa"].det), key = to_hex(Bytes(registry["raa"].key));
  ASSERT_TRUE(anchor_from_text(det + "=" + key).ok());
  EXPECT_TRUE(anchor_from_text(to_text(registry["raa"].det) + "=" + key).ok());
  EXPECT_FALSE(anchor_from_text(det).ok());
  EXPECT_FALSE(anchor_from_text(det + "=" + key.substr(2)).ok());
  EXPECT_FALSE(anchor_from_text(to_hex(registry["hda"].det) + "=" + key).ok());
}

}  // namespace
}  // namespace nrid::det
