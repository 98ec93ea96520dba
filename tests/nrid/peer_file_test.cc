// The signed list of peers: R-094, T50.
#include "nrid/peer_file.h"

#include "base/file.h"
#include "tests/nrid/peer_support.h"

namespace nrid::testing {
namespace {

class PeerFile : public ::testing::Test {
 protected:
  StatusOr<PeerTable> parse(std::string_view text) const { return parse_as(self, hda, text); }
  std::string good(const std::string& more = "") const {
    return signed_document(hda, hda, {{&self, "\"198.51.100.1\"", 50, more}, {&other, "\"2001:db8::2\", \"198.51.100.2\"", 100}});
  }
  // The fault of a list with these entries, signed well.
  std::string fault(const std::vector<PeerLine>& lines, const std::string& chain = "[]") const {
    const auto table = parse(signed_document(hda, hda, lines, chain));
    EXPECT_FALSE(table.ok());
    return table.text();
  }
  std::string fault_of(PeerLine line) const { return fault({line}); }

  Party hda{200}, self{1}, other{9}, third{10}, stranger{4};
};

TEST_F(PeerFile, WhatItSays) {
  const auto table = parse(good(", \"name\": \"alpha\", \"priority\": 3, \"region\": " + square(8, 47, 9, 48)));
  ASSERT_TRUE(table.ok()) << table.text();
  EXPECT_EQ(table->hda, hda.det);
  ASSERT_TRUE(table->self);
  EXPECT_EQ(table->self->capacity, 50u);
  EXPECT_EQ(table->self->name, "alpha");
  EXPECT_EQ(table->self->priority, 3);
  EXPECT_TRUE(table->self->region.contains({475'000'000, 85'000'000}));
  ASSERT_EQ(table->peers.size(), 1u);
  const Peer& peer = table->peers[0];
  EXPECT_EQ(table->find(other.det), &peer);
  EXPECT_EQ(table->find(self.det), nullptr);
  EXPECT_EQ(peer.name, to_text(other.det));
  EXPECT_EQ(peer.not_after, at_second(kNow + 30 * 86'400));
  const cwt::MoveSp four = peer.move_sp(true);
  EXPECT_EQ(std::get<1>(four.address), (std::array<uint8_t, 4>{198, 51, 100, 2}));
  EXPECT_EQ(four.new_sp, other.det);
  EXPECT_TRUE(equal(four.endorsement, peer.endorsement));
  EXPECT_EQ(std::get<0>(peer.move_sp(false).address)[0], 0x20);
}

TEST_F(PeerFile, AddressOfTheFamilyElseTheFirst) {
  const auto table = parse(signed_document(hda, self, {{&other, "\"coap://198.51.100.9:6000/nrid\", \"2001:db8::2\""}}));
  ASSERT_TRUE(table.ok()) << table.text();
  EXPECT_EQ(std::get<2>(table->peers[0].move_sp(true).address), "coap://198.51.100.9:6000/nrid");
  EXPECT_EQ(table->peers[0].move_sp(false).address.index(), 0u);
}

TEST_F(PeerFile, SignedByTheRegistryOrByOurselvesAndNobodyElse) {
  EXPECT_TRUE(parse(signed_document(hda, hda, {{&other}})).ok());
  EXPECT_TRUE(parse(signed_document(hda, self, {{&other}})).ok());
  EXPECT_EQ(parse(signed_document(hda, other, {{&other}})).text(),
            "peers.json:3: signer: " + to_text(other.det) + " is neither our HDA " + to_text(hda.det) + " nor we, " + to_text(self.det));
  std::string lie = signed_document(hda, other, {{&other}});
  lie.replace(lie.find(to_text(other.det)), to_text(other.det).size(), to_text(self.det));
  EXPECT_NE(parse(lie).text().find("signature: is not that of the signer"), std::string::npos);
}

TEST_F(PeerFile, EveryChangedOctetIsSeen) {
  const std::string text = good();
  ASSERT_TRUE(parse(text).ok());
  for (size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(parse(changed).ok()) << at << ": " << text[at];
  }
  EXPECT_FALSE(parse(text + " ").ok());
}

TEST_F(PeerFile, EveryCutIsAFault) {
  const std::string text = good();
  for (size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse(std::string_view(text).substr(0, size)).ok()) << size;
}

TEST_F(PeerFile, FaultsNameLineMemberAndValue) {
  struct Row { std::string addresses, more; uint64_t capacity; std::string message; };
  const Row kRows[] = {
      {"", "", 1, "5: addresses: 0 addresses, 1..8 are wanted"},
      {"\"host.example\"", "", 1, "5: addresses: \"host.example\" is neither an IP literal nor a coap:// URI with one"},
      {"\"coap://host.example/\"", "", 1, "5: addresses: \"coap://host.example/\": the host must be an IP literal"},
      {"\"coaps://192.0.2.1/\"", "", 1, "5: addresses: \"coaps://192.0.2.1/\" is neither an IP literal nor a coap:// URI with one"},
      {"\"coap://192.0.2.1/" + std::string(50, 'x') + "\"", "", 1, "5: addresses: \"coap://192.0.2.1/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" has 67 characters, limit 64"},
      {"1", "", 1, "5: addresses: 1 is not a text"},
      {"\"192.0.2.1\"", "", 0, "7: capacity: 0 is not in 1..10000000"},
      {"\"192.0.2.1\"", ", \"priority\": 10", 1, "7: priority: 10 is not in 0..9"},
      {"\"192.0.2.1\"", ", \"name\": \"\"", 1, "7: name: \"\" has not 1..40 characters"},
      {"\"192.0.2.1\"", ", \"regoin\": []", 1, "7: regoin: no such member here"},
      {"\"192.0.2.1\"", ", \"region\": 5", 1, "7: region: 5 is not the coordinates of a MultiPolygon"},
      {"\"192.0.2.1\"", ", \"region\": [[[[8,47],[9,47],[9,91],[8,47]]]]", 1, "7: region: latitude 91 is not in -90..90"},
      {"\"192.0.2.1\"", ", \"region\": [[[[8,47],[181,47],[9,48],[8,47]]]]", 1, "7: region: longitude 181 is not in -180..180"},
      {"\"192.0.2.1\"", ", \"region\": [[[[8,47],[9,47],[9,48],[8,48]]]]", 1, "7: region: ring 1: not closed: its last point is not its first"},
      {"\"192.0.2.1\"", ", \"region\": [[[[8,47,400]]]]", 1, "7: region: a list is no position; [longitude, latitude] in degrees is wanted"},
      {"\"192.0.2.1\"", ", \"region\": [8]", 1, "7: region: 8 is no polygon"},
      {"\"192.0.2.1\"", ", \"region\": [[8]]", 1, "7: region: 8 is no ring"},
  };
  for (const Row& row : kRows) {
    PeerLine line{&other, row.addresses, row.capacity};
    line.more = row.more;
    const std::string text = fault_of(line);
    // Entries are written over three lines, the first of them the fifth or so of the file: the line itself is asserted below.
    EXPECT_EQ(text.substr(text.find(": ") + 2), row.message.substr(row.message.find(": ") + 2)) << text;
    EXPECT_EQ(text.rfind("peers.json:", 0), 0u) << text;
  }
  EXPECT_EQ(fault_of({&other, "\"x\""}), "peers.json:6: addresses: \"x\" is neither an IP literal nor a coap:// URI with one");
  EXPECT_EQ(fault_of({&other, "\"192.0.2.1\"", 0}), "peers.json:8: capacity: 0 is not in 1..10000000");
}

TEST_F(PeerFile, R094_peers_are_of_our_registry_and_endorsed_by_it) {
  Party far(30);
  far.det = det::derive(16376, 11, far.signer.public_key());
  EXPECT_NE(fault({{&far}}).find("is not of our HDA"), std::string::npos);
  // An endorsement by somebody else: his number is right, his key is not.
  const auto foreign = parse(signed_document(stranger, self, {{&other}}));
  EXPECT_NE(foreign.text().find("which is no trust anchor"), std::string::npos) << foreign.text();
  std::string forged = peer_document(hda, self, {{&other}});
  const std::string hex = endorsement_hex(other, hda, at_second(kNow - 86'400), at_second(kNow + 30 * 86'400));
  std::string broken = hex;
  broken.back() = broken.back() == '0' ? '1' : '0';
  forged.replace(forged.find(hex), hex.size(), broken);
  const auto sealed = sign_peer_file(forged, "peers.json", self.det, self.signer);
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(parse(*sealed).text(), "peers.json:7: endorsement: signature is not by " + to_text(hda.det));
  EXPECT_NE(fault({{&other}, {&other}}).find("stands twice"), std::string::npos);
  EXPECT_NE(fault({{&self}, {&self}}).find("stands twice"), std::string::npos);
  EXPECT_NE(fault({}).find("0 peers, 1..64 are wanted"), std::string::npos);
}

TEST_F(PeerFile, TheChainGoesUpToAnAnchor) {
  Party raa(31);
  raa.det = det::derive(16376, 0, raa.signer.public_key());
  const det::TrustAnchor anchor{raa.det, raa.signer.public_key()};
  const auto parse_with = [&](const std::string& chain) {
    return parse_peer_file(signed_document(hda, hda, {{&other}}, chain), "peers.json", {self.det, self.signer.public_key(), {&anchor, 1}});
  };
  const Instant from = at_second(kNow - 100), until = at_second(kNow + 1000);
  const auto table = parse_with("[\"" + endorsement_hex(hda, raa, from, until) + "\"]");
  ASSERT_TRUE(table.ok()) << table.text();
  EXPECT_EQ(table->peers[0].not_after, until) << "the chain's window counts too";
  EXPECT_NE(parse_with("[]").text().find("which is no trust anchor"), std::string::npos);
  EXPECT_NE(parse_with("[\"" + endorsement_hex(other, raa, from, until) + "\"]").text().find("is wanted here"), std::string::npos);
  Party liar(32);
  liar.det = raa.det;
  EXPECT_NE(parse_with("[\"" + endorsement_hex(hda, liar, from, until) + "\"]").text().find("signature is not by"), std::string::npos);
  EXPECT_NE(parse_with("[1]").text().find("1 is not 136 octets in hex"), std::string::npos);
  EXPECT_NE(parse_with("[1,2,3,4,5]").text().find("5 endorsements, limit 4"), std::string::npos);
}

TEST_F(PeerFile, T50_expiry_in_words) {
  const auto table = parse(signed_document(hda, hda, {{&other}}));
  ASSERT_TRUE(table.ok());
  const Peer& peer = table->peers[0];
  const Instant end = peer.not_after;
  EXPECT_EQ(expiry_level(peer, end - seconds(8 * 86'400)), ExpiryLevel::none);
  EXPECT_EQ(expiry_level(peer, end - seconds(7 * 86'400 - 1)), ExpiryLevel::week);
  EXPECT_EQ(expiry_level(peer, end - seconds(86'400 - 1)), ExpiryLevel::day);
  EXPECT_EQ(expiry_level(peer, end + seconds(1)), ExpiryLevel::expired);
  EXPECT_EQ(expiry_level(peer, peer.not_before - seconds(1)), ExpiryLevel::expired);
  EXPECT_TRUE(peer.endorsed(end - seconds(60), seconds(60)));
  EXPECT_FALSE(peer.endorsed(end - seconds(59), seconds(60)));
}

TEST_F(PeerFile, SigningSaysWhatIsWrongWithTheDraft) {
  const std::string text = peer_document(hda, self, {{&other}});
  EXPECT_NE(sign_peer_file(text, "f", hda.det, hda.signer).text().find("is named, the key is that of"), std::string::npos);
  std::string without = text;
  without.replace(without.find("\"signature\": \"\""), 15, "\"format2\": 1");
  EXPECT_EQ(sign_peer_file(without, "f", self.det, self.signer).text(), "f:10: format2: no such member here");
  const auto once = sign_peer_file(text, "f", self.det, self.signer);
  ASSERT_TRUE(once.ok());
  const auto twice = sign_peer_file(*once, "f", self.det, self.signer);
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(*once, *twice) << "an old signature is replaced";
}

TEST_F(PeerFile, AFileThatIsNotThereOrTooLong) {
  const det::TrustAnchor anchor{hda.det, hda.signer.public_key()};
  const PeerTrust trust{self.det, self.signer.public_key(), {&anchor, 1}};
  EXPECT_NE(load_peer_file("/nonexistent/peers.json", trust).text().find("/nonexistent/peers.json"), std::string::npos);
  EXPECT_NE(parse_peer_file(std::string(kPeerFileMax + 1, ' '), "f", trust).text().find("limit 1048576"), std::string::npos);
}

TEST(PeerFileRotation, T12_an_entry_of_the_det_that_we_leave_is_ours_and_no_peers) {
  const Party hda(200), next(1), former(2), other(9);
  const det::TrustAnchor anchor{hda.det, hda.signer.public_key()};
  PeerTrust trust{next.det, next.signer.public_key(), {&anchor, 1}};
  const std::string before = signed_document(hda, former, {{&former, "\"198.51.100.1\"", 7}, {&other, "\"198.51.100.9\""}});
  EXPECT_NE(parse_peer_file(before, "p", trust).text().find("is neither our HDA"), std::string::npos);
  trust.former = {former.det, former.signer.public_key()};
  auto table = parse_peer_file(before, "p", trust);
  ASSERT_TRUE(table.ok()) << table.text();
  ASSERT_TRUE(table->self.has_value());
  EXPECT_EQ(table->self->capacity, 7u);
  EXPECT_EQ(table->peers.size(), 1u);
  EXPECT_EQ(table->find(former.det), nullptr);
  // With both, the new one says what holds.
  table = parse_peer_file(signed_document(hda, hda, {{&former, "\"198.51.100.1\"", 7}, {&next, "\"198.51.100.1\"", 8}}), "p", trust);
  ASSERT_TRUE(table.ok()) << table.text();
  EXPECT_EQ(table->self->capacity, 8u);
  EXPECT_TRUE(table->peers.empty());
}

}  // namespace
}  // namespace nrid::testing
