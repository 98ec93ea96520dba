// The responder of the tools: its questions and answers, and its zone that changes while it is asked.
#include "nrid/dns_responder.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "det/dns_client.h"
#include "det/dns_message.h"

namespace nrid {
namespace {

constexpr char kName[] = "5.e.f.d.ip6.arpa.";
const uint16_t kHhit = static_cast<uint16_t>(det::RrType::hhit);

Buffer query(std::string_view labels, uint16_t type = kHhit) {
  Buffer out = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  out.insert(out.end(), labels.begin(), labels.end());
  out.insert(out.end(), {0, static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type), 0, 1});
  return out;
}

TEST(DnsResponder, a_question_cut_anywhere_is_none) {
  const Buffer whole = query("\1A\2bc");
  const auto question = read_dns_question(whole);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "a.bc.");
  EXPECT_EQ(question->type, kHhit);
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(read_dns_question(Bytes(whole).first(size))) << size;
  Buffer answer = whole;
  answer[2] |= 0x80;
  EXPECT_FALSE(read_dns_question(answer));
  EXPECT_FALSE(read_dns_question(query(std::string_view("\xc0\x0c", 2))));
}

TEST(DnsResponder, each_mood_is_an_answer_of_its_own) {
  const Buffer asked = query("\1a");
  const auto question = read_dns_question(asked);
  DnsZone zone;
  const auto code_of = [&] { return make_dns_answer(zone, asked, *question, 2, false).at(3) & 0x0f; };
  EXPECT_EQ(code_of(), det::kRcodeNxdomain);
  zone["a."].mood = DnsMood::servfail;
  EXPECT_EQ(code_of(), det::kRcodeServfail);
  zone["a."].mood = DnsMood::silent;
  EXPECT_TRUE(make_dns_answer(zone, asked, *question, 2, false).empty());
  zone["a."].mood = DnsMood::answer;
  EXPECT_EQ(code_of(), det::kRcodeNoError);
  EXPECT_FALSE(det::decode_dns_response(make_dns_answer(zone, asked, *question, 2, false), "a.", det::RrType::hhit)->authenticated);
}

TEST(DnsResponder, records_change_while_it_is_asked) {
  auto started = DnsServer::start({});
  ASSERT_TRUE(started.ok()) << started.text();
  DnsServer& server = **started;
  SystemRandom random;
  auto client = det::DnsClient::open({.servers = to_text(server.address()), .timeout_ms = 2000}, random);
  ASSERT_TRUE(client.ok()) << client.text();
  std::thread editor([&] {
    for (uint8_t i = 1; i <= 50; ++i) {
      server.change([i](DnsZone& zone) { zone[kName].records[kHhit] = {Buffer(i, i)}; });
      server.set_authenticated(i % 2 == 0);
    }
  });
  size_t before = 0;
  for (int i = 0; i < 20; ++i) {
    std::promise<det::DnsAnswer> promise;
    (*client)->ask(kName, det::RrType::hhit, [&](const det::DnsAnswer& answer) { promise.set_value(answer); });
    const det::DnsAnswer answer = promise.get_future().get();
    ASSERT_EQ(answer.outcome, det::DnsAnswer::Outcome::answered) << answer.detail;
    const size_t now = answer.records.empty() ? 0 : answer.records[0].size();
    if (now > 0) {
      EXPECT_EQ(answer.records[0], Buffer(now, static_cast<uint8_t>(now)));  // one moment of the zone, not two
    }
    EXPECT_GE(now, before);
    before = now;
  }
  editor.join();
  EXPECT_EQ(server.questions().size(), 20u);
}

}  // namespace
}  // namespace nrid
