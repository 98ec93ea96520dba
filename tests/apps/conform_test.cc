// The parts of nrid-conform that need no network: scripts, durations, profiles, tables of cases, its own tokens and packs.
#include <gtest/gtest.h>

#include <set>

#include "apps/conform/move.h"
#include "apps/conform/report.h"
#include "apps/conform/sp_player.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "rid/manifest.h"

namespace nrid::conform {
namespace {

Profile profile_of(const std::string& toml = "") { return *parse_profile(toml, "p.toml"); }

std::string complaint(const std::string& toml) {
  const auto read = parse_profile(toml, "p.toml");
  return read.ok() ? "" : read.text();
}

std::string slip(std::string_view script) {
  constexpr VerbRule verbs[] = {{"send", "start con", "from iat"}};
  const auto read = read_script(script, verbs);
  return read.ok() ? "" : read.text();
}

TEST(ConformScript, StepsHaveWordsAndValues) {
  constexpr VerbRule verbs[] = {{"send", "start con", "from iat"}, {"wait", "*", ""}};
  const auto steps = read_script("\n  send start from=b iat=-30   # why\n\n wait 2P+A\n", verbs);
  ASSERT_TRUE(steps.ok()) << steps.text();
  ASSERT_EQ(steps->size(), 2u);
  EXPECT_EQ((*steps)[0].line, 2);
  EXPECT_TRUE((*steps)[0].has("start"));
  EXPECT_FALSE((*steps)[0].has("con"));
  EXPECT_EQ((*steps)[0].value("from", "a"), "b");
  EXPECT_EQ((*steps)[0].value("sp", "own"), "own");
  EXPECT_EQ((*steps)[0].text, "send start from=b iat=-30");
  EXPECT_EQ((*steps)[1].words.front(), "2P+A");
}

TEST(ConformScript, SlipsAreFoundWithTheirLine) {
  EXPECT_EQ(slip("send start\nsned con"), "line 2: sned: unknown verb");
  EXPECT_EQ(slip("send strat"), "line 1: send: unknown word strat");
  EXPECT_EQ(slip("send start form=b"), "line 1: send: unknown name form");
  EXPECT_EQ(slip("send from=a from=b"), "line 1: send: from stands twice");
}

TEST(ConformProfile, DurationsAreSumsOfLetters) {
  const Profile p = profile_of("[timers]\nheartbeat = 2\nheartbeat_timeout = 5\nanswer = 0.5\ntry_interval = 0.25\n");
  EXPECT_EQ(duration_of("2P+A", p)->ms(), 4500);
  EXPECT_EQ(duration_of("RP", p)->ms(), 6000);
  EXPECT_EQ(duration_of("M+2T+0.1", p)->ms(), 5600);
  EXPECT_EQ(duration_of("LT", p)->ms(), 1000);
  EXPECT_EQ(duration_of("0.3", p)->ms(), 300);
  EXPECT_FALSE(duration_of("2Q", p).ok());
  EXPECT_FALSE(duration_of("P+", p).ok());
}

TEST(ConformProfile, PlacesPeersAndHooksAreRead) {
  const Profile p = profile_of("[peers]\ndets = [\"2001:3f:fe00:a05:1:2:3:4\"]\nplace = \"-49.5,8.25\"\nhysteresis = 7\n[hooks]\nretime = \"slow\"\nrestore = \"fast\"\n");
  EXPECT_EQ(p.place, (GeoPoint{473'900'000, 85'400'000}));
  EXPECT_EQ(p.peer_place, (GeoPoint{-495'000'000, 82'500'000}));
  EXPECT_FALSE(p.narrow_place);
  ASSERT_EQ(p.peers.size(), 1u);
  EXPECT_EQ(p.hooks, (std::map<std::string, std::string, std::less<>>{{"restore", "fast"}, {"retime", "slow"}}));
  EXPECT_EQ(duration_of("H+2P", p)->ms(), 17'000);
}

TEST(ConformProfile, MistakesNameFileLineValueAndRange) {
  EXPECT_EQ(complaint("[timers]\nheartbeat = 0.1\n").rfind("p.toml:2: timers.heartbeat", 0), 0u) << complaint("[timers]\nheartbeat = 0.1\n");
  EXPECT_NE(complaint("[timers]\nheartbeat = 0.1\n").find("1..60"), std::string::npos);
  EXPECT_NE(complaint("[timers]\nheartbeet = 2\n").find("did you mean heartbeat"), std::string::npos);
  EXPECT_NE(complaint("[timers]\nheartbeat = 20\n").find("P < M"), std::string::npos);
  EXPECT_NE(complaint("[timers]\nresend_after = 13\n").find("N <= M"), std::string::npos);
  EXPECT_NE(complaint("[timers]\nsilent_heartbeats = 2\n").find("R*P >= M"), std::string::npos);
  EXPECT_NE(complaint("[coap]\nschc_port = 5683\n").find("R-027"), std::string::npos);
  EXPECT_NE(complaint("[claims]\nuas = -65538\n").find("three keys"), std::string::npos);
  EXPECT_EQ(complaint("[claims]\nuas = -70000\n"), "");
  for (const char* const place : {"", "47", "47,", "47,8,9", "91,8", "47,181", "north,8"}) {
    const std::string said = complaint("[flight]\nplace = \"" + std::string(place) + "\"\n");
    EXPECT_EQ(said.rfind("p.toml:2: flight.place", 0), 0u) << place << " " << said;
  }
  EXPECT_NE(complaint("[peers]\nplace = \"47.5;8\"\n").find("\"47.5;8\" is not latitude,longitude"), std::string::npos);
  EXPECT_NE(complaint("[peers]\ndets = [\"2001:db8::1\"]\n").find("2001:db8::1"), std::string::npos);
  EXPECT_NE(complaint("[hooks]\nrotate = \"true\"\n").find("hooks.restore"), std::string::npos);
}

TEST(ConformCases, EveryScriptReadsAndEveryIdIsItsOwn) {
  std::set<std::string_view> ids;
  for (const Role role : {Role::sp, Role::gateway}) {
    for (const Case& each : cases_of(role)) {
      EXPECT_TRUE(ids.insert(each.id).second) << each.id;
      EXPECT_FALSE(each.says.empty()) << each.id;
      const auto steps = read_script(each.steps, role == Role::sp ? uas_verbs() : sp_verbs());
      ASSERT_TRUE(steps.ok()) << each.id << ": " << steps.text();
      EXPECT_FALSE(steps->empty()) << each.id;
    }
  }
  EXPECT_GT(ids.size(), 150u);
}

TEST(ConformCases, EveryRequirementHasACaseOrAReason) {
  std::set<std::string> covered;
  for (const Role role : {Role::sp, Role::gateway}) {
    for (const Case& each : cases_of(role)) covered.insert(requirement_of(each.id));
  }
  for (const Unobservable& each : unobservable()) {
    EXPECT_EQ(covered.count(std::string(each.requirement)), 0u) << each.requirement << " is judged, and said to be out of sight";
    EXPECT_FALSE(each.reason.empty());
    covered.insert(std::string(each.requirement));
  }
  for (const std::string_view each : requirements()) EXPECT_EQ(covered.count(std::string(each)), 1u) << each;
  EXPECT_EQ(covered.size(), requirements().size());
}

struct Signed {
  Seed seed{1, 2, 3};
  SeedSigner signer{seed};
  Det det = *det_from_text("2001:3f:fe00:a05:1:2:3:4");
  Profile profile = profile_of();
  TokenValues values;
  Signed() {
    values.subject = "NRID-USS";
    values.iat = values.nbf = 1'800'000'000;
    values.exp = values.iat + 10;
    values.body.kind = Kind::uss;
    values.body.party = det;
    values.body.set = cwt::MessageSet{0, std::nullopt};
  }
  TokenRead read(const TokenFaults& faults) { return read_token(write_token(values, {det, &signer}, profile, faults), profile); }
};

TEST(ConformToken, WhatIsRightReadsAndVerifies) {
  Signed made;
  const TokenRead read = made.read({});
  ASSERT_TRUE(read.readable);
  EXPECT_TRUE(read.faults.empty()) << read.faults.front().text;
  EXPECT_EQ(read.kid, made.det);
  EXPECT_EQ(read.values.body.kind, Kind::uss);
  EXPECT_TRUE(read.signed_by(made.signer.public_key()));
  EXPECT_FALSE(read.signed_by(PublicKey{}));
}

TEST(ConformToken, OurDecoderReadsWhatItWrites) {
  Signed made;
  const Buffer octets = write_token(made.values, {made.det, &made.signer}, made.profile);
  const auto sign1 = cwt::decode_sign1(octets);
  ASSERT_TRUE(sign1.ok());
  const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ(claims->iat, made.values.iat);
  EXPECT_EQ(std::get<cwt::UssBody>(claims->body).ua, made.det);
}

TEST(ConformToken, EachFaultIsFoundUnderItsRequirement) {
  Signed made;
  const std::pair<TokenFaults, std::string_view> rows[] = {
      {{.tag = "none"}, "R-040"},        {{.tag = "17"}, "R-040"},         {{.alg = "-19"}, "R-041"},          {{.alg = "crit"}, "R-041"},
      {{.kid = "missing"}, "R-042"},     {{.kid = "short"}, "R-042"},      {{.claims = "no-iat"}, "R-043"},    {{.claims = "order"}, "R-046"},
      {{.claims = "extra"}, "R-046"},    {{.claims = "dup"}, "R-046"},     {{.claims = "long-head"}, "R-046"}, {{.claims = "indefinite"}, "R-046"},
      {{.claims = "trailing"}, "R-046"}, {{.body = "short"}, "R-060"},     {{.body = "long"}, "R-060"},        {{.body = "no-tag"}, "R-060"},
  };
  for (const auto& [faults, requirement] : rows) {
    const TokenRead read = made.read(faults);
    ASSERT_FALSE(read.faults.empty()) << requirement;
    EXPECT_EQ(read.faults.front().requirement, requirement) << read.faults.front().text;
  }
  EXPECT_FALSE(made.read({.signature = "flip"}).signed_by(made.signer.public_key()));
}

TEST(ConformPack, WrappersVerifyAndFaultsBreakThem) {
  Signed made;
  PackPlan plan;
  plan.messages = "basic,location,system";
  plan.session = plan.signed_as = made.det;
  plan.signer = &made.signer;
  const Instant now = at_second(1'800'000'000);
  for (const char* const form : {"extended", "full"}) {
    plan.wrapper = form;
    const auto octets = write_pack(plan, now);
    ASSERT_TRUE(octets.ok());
    const auto pack = rid::decode_pack(*octets);
    ASSERT_TRUE(pack.ok());
    const auto auth = rid::read_auth(*pack);
    ASSERT_TRUE(auth.ok());
    ASSERT_TRUE(auth->wrapper.has_value());
    EXPECT_TRUE(verify_one(made.signer.public_key(), auth->wrapper->signed_bytes(), auth->wrapper->signature));
    EXPECT_TRUE(rid::check_window(*auth->wrapper, now, {}).ok());
  }
  plan.wrapper = "full";
  for (const char* const fault : {"odd", "descending", "inner-auth", "missing-page", "auth-type"}) {
    plan.wrapper_fault = fault;
    const auto octets = write_pack(plan, now);
    ASSERT_TRUE(octets.ok()) << fault;
    const auto pack = rid::decode_pack(*octets);
    ASSERT_TRUE(pack.ok()) << fault;
    EXPECT_FALSE(rid::read_auth(*pack).ok()) << fault;
  }
  plan.wrapper_fault = "";
  for (const char* const fault : {"count-0", "count-10", "size", "long", "short", "twice"}) {
    plan.pack_fault = fault;
    plan.wrapper = "extended";
    EXPECT_FALSE(rid::decode_pack(*write_pack(plan, now)).ok()) << fault;
  }
}

TEST(ConformPack, ManifestsAndFramesAreWhatTheDecoderKnows) {
  Signed made;
  PackPlan plan;
  plan.messages = "basic,location";
  plan.session = plan.signed_as = made.det;
  plan.signer = &made.signer;
  for (const char* const form : {"manifest", "frame"}) {
    plan.wrapper = form;
    const auto octets = write_pack(plan, at_second(1'800'000'000));
    ASSERT_TRUE(octets.ok());
    const auto auth = rid::read_auth(*rid::decode_pack(*octets));
    ASSERT_TRUE(auth.ok()) << form;
    ASSERT_TRUE(auth->other.has_value());
    EXPECT_FALSE(auth->wrapper.has_value());
    EXPECT_TRUE(verify_one(made.signer.public_key(), auth->other->signed_bytes(), auth->other->signature));
    if (auth->other->sam != rid::Sam::manifest) continue;
    const rid::Manifest manifest = rid::read_manifest(*auth->other);
    EXPECT_TRUE(rid::current_hash_ok(manifest));
    EXPECT_EQ(manifest.count, 2u);
  }
}

TEST(ConformMove, WhatARedirectMayNotBe) {
  const SeedSigner registry(Seed{9}), other(Seed{8}), provider(Seed{7});
  const Det hda = det::derive(16376, 10, registry.public_key()), sp = det::derive(16376, 10, provider.public_key());
  const Det self = det::derive(16376, 10, other.public_key());
  const Instant now = at_second(1'800'000'000);
  const std::array peers{sp};
  const MoveTerms terms{self, hda, registry.public_key(), peers, seconds(5)};
  const auto made = [&](const Det& parent, const Signer& signer, int64_t from, int64_t to) {
    const auto octets = det::make_endorsement(sp, provider.public_key(), parent, signer, at_second(now.seconds() + from), at_second(now.seconds() + to));
    return Buffer(octets->begin(), octets->end());
  };
  const Move good{sp, "192.0.2.2", made(hda, registry, -60, 3600)};
  const auto fault = [&](const std::function<void(Move&)>& change) {
    Move move = good;
    change(move);
    const auto found = fault_of(move, terms, now);
    return found ? std::string(found->requirement) : "";
  };
  EXPECT_EQ(fault([](Move&) {}), "");
  for (const char* const address : {"2001:db8::2", "coap://192.0.2.2:5683/nrid", "coap://[2001:db8::2]", "coap://sp.example.org/nrid"}) {
    EXPECT_EQ(fault([&](Move& move) { move.address = address; }), "") << address;
  }
  for (const char* const address : {"239.1.2.3", "ff02::1", "0.0.0.0", "coap://239.1.2.3:5683/", "coaps://192.0.2.2", "http://192.0.2.2/nrid"}) {
    EXPECT_EQ(fault([&](Move& move) { move.address = address; }), "R-091") << address;
  }
  EXPECT_EQ(fault([&](Move& move) { move.sp = self; }), "R-094");
  EXPECT_EQ(fault([&](Move& move) { move.sp = hda; }), "R-094");
  EXPECT_EQ(fault([](Move& move) { move.endorsement[100] ^= 1; }), "R-091");
  EXPECT_EQ(fault([](Move& move) { move.endorsement[12] ^= 1; }), "R-091");
  EXPECT_EQ(fault([](Move& move) { move.endorsement.pop_back(); }), "R-091");
  EXPECT_EQ(fault([&](Move& move) { move.endorsement = made(self, other, -60, 3600); }), "R-091");
  EXPECT_EQ(fault([&](Move& move) { move.endorsement = made(hda, registry, -7200, -3600); }), "R-091");
}

// A player that does what its steps say, without a network.
struct Puppet final : Player {
  explicit Puppet(Common common) : Player(std::move(common)) {}
  Status run(const Step& step) override {
    seen += step.verb + " ";
    return step.has("bad") ? Status::failed("it is bad") : Status();
  }
  Status finish() override {
    seen += "end";
    return left;
  }
  void on_heard(Heard&, Socket&) override {}
  schc::Direction incoming() const override { return schc::Direction::down; }
  std::string seen;
  Status left;
};

constexpr VerbRule kPuppetVerbs[] = {{"do", "bad", ""}};

struct Stage {
  Profile profile = profile_of();
  SystemClock clock;
  std::atomic<bool> interrupted = false;
  Common common{profile, {}, clock, interrupted};
};

TEST(ConformEngine, TheFirstStepThatFailsIsTheVerdictAndTheEndComesAnyway) {
  Stage stage;
  Puppet puppet(stage.common);
  const Case about{"C-999a", "nothing", "", "do\ndo bad\ndo"};
  const Outcome outcome = play(about, Role::sp, kPuppetVerbs, puppet);
  EXPECT_EQ(puppet.seen, "do do end");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.text, "`do bad`: it is bad");
}

TEST(ConformEngine, WhatCouldNotBeTakenBackIsNoPass) {
  Stage stage;
  Puppet puppet(stage.common);
  puppet.left = Status::failed("hooks.restore failed");
  const Outcome outcome = play({"C-999a", "nothing", "", "do"}, Role::sp, kPuppetVerbs, puppet);
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.text, "hooks.restore failed");
}

Outcome outcome_of(std::string_view id, std::string_view needs, Verdict verdict) { return {{id, "says", needs, ""}, Role::sp, verdict, "", {}, {}}; }

TEST(ConformEngine, ALawFailsByADatagramOfAnyCase) {
  std::vector<Outcome> all{outcome_of("C-046a", "law", Verdict::passed), outcome_of("C-046b", "", Verdict::passed), outcome_of("C-020", "law", Verdict::passed)};
  all[1].evidence.packets.push_back({});
  all[1].evidence.faults.push_back({{"R-046", "not deterministic"}, 0});
  apply_laws(all);
  EXPECT_EQ(all[0].verdict, Verdict::failed);
  EXPECT_EQ(all[0].text, "not deterministic (in C-046b)");
  EXPECT_EQ(all[0].evidence.packets.size(), 1u);
  EXPECT_EQ(all[1].verdict, Verdict::passed);
  EXPECT_EQ(all[2].verdict, Verdict::passed);
}

TEST(ConformEngine, TogetherThenAloneAndInOrder) {
  std::atomic<bool> interrupted = false;
  std::atomic<int> done = 0;
  std::vector<Work> work;
  for (const char* const id : {"C-001", "C-002", "C-003"}) {
    const bool alone = std::string_view(id) == "C-001";
    work.push_back({{id, "", alone ? "alone" : "", ""}, Role::sp, [&done, id, alone] {
                      EXPECT_TRUE(!alone || done == 2) << "the others come first";
                      ++done;
                      return outcome_of(id, "", Verdict::passed);
                    }, alone});
  }
  const auto outcomes = run_all(std::move(work), 2, interrupted);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].about.id, "C-001");
  EXPECT_EQ(outcomes[2].about.id, "C-003");
}

TEST(ConformReport, WhatIsNotRunIsSaidAndXmlIsEscaped) {
  std::vector<Outcome> all{outcome_of("C-001", "", Verdict::passed), outcome_of("C-002", "", Verdict::failed), outcome_of("C-003", "", Verdict::not_run)};
  all[1].text = "got <4.01> & \"more\"";
  all[2].text = "needs more";
  const std::string table = table_of(all);
  EXPECT_NE(table.find("C-003    sp       not run  needs more"), std::string::npos) << table;
  EXPECT_NE(table.find("1 passed, 1 failed, 1 not run"), std::string::npos);
  const std::string xml = junit_of(all, seconds(2));
  EXPECT_NE(xml.find("&lt;4.01&gt; &amp; &quot;more&quot;"), std::string::npos) << xml;
  EXPECT_NE(xml.find("<skipped message=\"needs more\"/>"), std::string::npos);
}

}  // namespace
}  // namespace nrid::conform
