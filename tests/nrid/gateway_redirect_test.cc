// Redirects.
#include "tests/nrid/gateway_support.h"

namespace nrid::testing::gateway {
namespace {

class Redirect : public ::testing::Test {
 protected:
  // A redirect to the second provider; the endorsement must live as long as the word is being made.
  cwt::MoveSp move_to(const Party& target, uint8_t last, const Party& by) {
    const Instant now = world.clock.now().wall;
    endorsement = *det::make_endorsement(target.det, target.signer.public_key(), by.det, by.signer, now - seconds(60), now + seconds(3600));
    cwt::MoveSp move;
    move.new_sp = target.det;
    move.address = std::array<uint8_t, 4>{198, 51, 100, last};
    move.endorsement = endorsement;
    return move;
  }
  Result<Provider> judge(const cwt::MoveSp& move, bool schc = false) {
    GatewayPolicy policy;
    return judge_redirect(move, world.provider(world.sp, 1), policy, schc, world.clock.now().wall, why);
  }

  World world;
  std::array<uint8_t, det::kEndorsementSize> endorsement{};
  std::string why;
};

TEST_F(Redirect, FollowedAndTheLastMessageResentToTheNewProvider) {
  world.take_off();
  world.run(seconds(2));
  const SentReport last = World::open(world.port.sent.back().octets);
  world.post(world.heartbeat(0, move_to(world.sp2, 2, world.hda)));
  const size_t before = world.port.sent.size();
  world.gateway->step(world.clock.now());
  ASSERT_GT(world.port.sent.size(), before);
  EXPECT_EQ(world.port.sent[before].to, address(2));
  const SentReport moved = World::open(world.port.sent[before].octets);
  EXPECT_EQ(std::get<cwt::UasBody>(moved.claims.body).sp, world.sp2.det);
  EXPECT_EQ(moved.pack, last.pack);
  EXPECT_EQ(world.status().sp, world.sp2.det);
  // The new provider's Heartbeat makes it so; the old one's no longer counts.
  world.post(world.heartbeat_of(world.sp2, world.ua.det, 0, std::nullopt, 0), coap::Type::non, 2);
  world.run(seconds(11));
  EXPECT_EQ(world.status().sp, world.sp2.det);
  EXPECT_EQ(world.count("redirect_failed"), 0U);
  world.post(world.heartbeat(), coap::Type::non, 2);
  world.run(milliseconds(10));
  EXPECT_EQ(world.gateway->refused(Error::wrong_signer), 1U);
}

TEST_F(Redirect, AtTheStartTheTriesGoOnAtTheNewProvider) {
  world.gateway->start(world.clock.now());
  const auto move = move_to(world.sp2, 2, world.hda);
  world.run(seconds(1), [&](const SentReport& report) {
    const bool first = std::get<cwt::UasBody>(report.claims.body).sp == world.sp.det;
    if (first) world.answer(report, world.heartbeat(1U << 3, move));
    else if (report.frame.type == coap::Type::con) world.answer(report, world.heartbeat_of(world.sp2, world.ua.det, 0, std::nullopt, 0), coap::kChanged, 2);
  });
  EXPECT_EQ(world.status().phase, Phase::flying);
  EXPECT_EQ(world.status().sp, world.sp2.det);
}

TEST_F(Redirect, SilentNewProviderIsLeftOnceThenLost) {
  world.take_off();
  world.run(seconds(2));
  world.post(world.heartbeat(0, move_to(world.sp2, 2, world.hda)));
  world.run(seconds(12));
  EXPECT_EQ(world.count("redirect_failed"), 1U);
  EXPECT_EQ(world.status().sp, world.sp.det);
  world.run(seconds(12));
  EXPECT_EQ(world.count("sp_lost"), 1U);
}

TEST_F(Redirect, BackWithinThirtySecondsIsALoop) {
  world.take_off();
  world.run(seconds(2));
  world.post(world.heartbeat(0, move_to(world.sp2, 2, world.hda)));
  world.run(milliseconds(50));
  const auto back = move_to(world.sp, 1, world.hda);
  world.post(world.heartbeat_of(world.sp2, world.ua.det, 0, back, 0), coap::Type::non, 2);
  world.run(milliseconds(50));
  EXPECT_EQ(world.count("redirect_loop"), 1U);
  EXPECT_EQ(world.status().sp, world.sp2.det);
}

TEST_F(Redirect, NoMoreThanThreeInARow) {
  world.take_off();
  world.run(seconds(2));
  std::vector<std::unique_ptr<Party>> chain;
  for (uint8_t i = 0; i < 5; ++i) chain.push_back(std::make_unique<Party>(static_cast<uint8_t>(20 + i)));
  const Party* from = &world.sp;
  uint8_t at = 1;
  for (uint8_t i = 0; i < 4; ++i) {
    const auto move = move_to(*chain[i], static_cast<uint8_t>(20 + i), world.hda);
    world.post(world.heartbeat_of(*from, world.ua.det, 0, move, 0), coap::Type::non, at);
    world.run(milliseconds(50));
    from = chain[i].get();
    at = static_cast<uint8_t>(20 + i);
  }
  EXPECT_EQ(world.status().redirects, 3U);
  EXPECT_EQ(world.status().sp, chain[2]->det);
}

TEST_F(Redirect, EndorsementMustBeTheTrustedRegistrysOnTheNewProvider) {
  EXPECT_TRUE(judge(move_to(world.sp2, 2, world.hda)).ok()) << why;
  EXPECT_EQ(judge(move_to(world.sp2, 2, world.stranger)).error(), Error::bad_endorsement);
  auto other = move_to(world.sp2, 2, world.hda);
  other.new_sp = world.stranger.det;
  EXPECT_EQ(judge(other).error(), Error::bad_endorsement);
  for (const size_t at : {size_t{0}, size_t{8}, size_t{24}, size_t{60}, size_t{100}, size_t{135}}) {
    auto broken = move_to(world.sp2, 2, world.hda);
    endorsement[at] ^= 1;
    EXPECT_FALSE(judge(broken).ok()) << "octet " << at;
  }
  auto cut = move_to(world.sp2, 2, world.hda);
  for (size_t size = 0; size < endorsement.size(); ++size) {
    cut.endorsement = Bytes(endorsement).first(size);
    EXPECT_FALSE(judge(cut).ok()) << size;
  }
}

TEST_F(Redirect, AddressesThatAreNoHostsOrPrivateAreRefused) {
  auto move = move_to(world.sp2, 2, world.hda);
  for (const auto& ip : {std::array<uint8_t, 4>{127, 0, 0, 1}, {10, 1, 2, 3}, {172, 16, 0, 1}, {192, 168, 1, 1}, {169, 254, 1, 1}, {224, 0, 0, 1},
                         {0, 0, 0, 0}, {255, 255, 255, 255}}) {
    move.address = ip;
    EXPECT_EQ(judge(move).error(), Error::value_range) << int{ip[0]};
  }
  std::array<uint8_t, 16> six{0x20, 0x01, 0x0d, 0xb8};
  move.address = six;
  EXPECT_TRUE(judge(move).ok()) << why;
  for (const uint8_t first : {0xff, 0xfc, 0xfd}) {
    six[0] = first;
    move.address = six;
    EXPECT_FALSE(judge(move).ok()) << int{first};
  }
  move.address = std::array<uint8_t, 16>{};
  EXPECT_FALSE(judge(move).ok());
}

TEST_F(Redirect, UriGivesThePortUnlessTheGatewayIsOnSchc) {
  auto move = move_to(world.sp2, 2, world.hda);
  move.address = std::string_view("coap://198.51.100.9:6000/nrid");
  ASSERT_TRUE(judge(move).ok()) << why;
  EXPECT_EQ(judge(move)->address, address(9, 6000));
  EXPECT_EQ(judge(move, true)->address, address(9, profile::kSchcPort));
  move.address = std::string_view("coap://[2001:db8::1]");
  ASSERT_TRUE(judge(move).ok()) << why;
  EXPECT_EQ(to_text(judge(move)->address), "[2001:db8::1]:5683");
  for (const std::string_view bad : {"coaps://198.51.100.9/", "coap://sp2.example/nrid", "coap://", "coap:///", "http://198.51.100.9/", "coap://198.51.100.9:0/",
                                     "coap://198.51.100.9:99999/", "coap://[2001:db8::1"}) {
    move.address = bad;
    EXPECT_FALSE(judge(move).ok()) << bad;
  }
}

}  // namespace
}  // namespace nrid::testing::gateway
