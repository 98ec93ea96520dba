// What a provider says only when a module or a peer list makes it: an end by the provider, redirects of the three forms, the question for a Link,
// refusals of a peer that is authenticated. Printed as JSON for tests/apps/wire_form_test.py, where foreign readers judge the octets.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

nlohmann::json messages = nlohmann::json::array();

void keep(World& world, const std::string& what) {
  for (const Heard& heard : world.heard()) messages.push_back({{"what", what}, {"way", "down"}, {"hex", to_hex(heard.datagram)}});
}

Peer peer_of(const World& world, const Party& party, PeerAddress address) {
  Peer peer;
  peer.sp = party.det;
  peer.addresses = {std::move(address)};
  peer.endorsement = *det::make_endorsement(party.det, party.signer.public_key(), world.keys.hda.det, world.keys.hda.signer, at_second(kNow - 86'400), at_second(kNow + 86'400));
  peer.not_before = at_second(kNow - 86'400);
  peer.not_after = at_second(kNow + 86'400);
  peer.capacity = 100;
  return peer;
}

void redirect(const Party& other, const std::string& form, PeerAddress address) {
  World world;
  auto table = std::make_shared<PeerTable>();
  table->hda = world.keys.hda.det;
  table->peers.push_back(peer_of(world, other, std::move(address)));
  world.server->set_peers(table);
  world.fly_start(world.ua);
  for (int64_t i = 0; i <= world.options.redirect.hold_down.seconds(); ++i) {
    world.send(coap::Type::non, world.uas_cwt(world.ua, world.flight_pack(world.ua, static_cast<int32_t>(i))));
    world.pass(seconds(1));
  }
  world.heard();
  CHECK(world.recorder->host().redirect(world.ua.det, other.det).ok());
  world.run();
  keep(world, "redirect " + form);
}

void end_by_provider() {
  World world;
  world.fly_start(world.ua);
  CHECK(world.recorder->host().end_operation(world.ua.det, "policy").ok());
  world.run();
  keep(world, "end by the provider");
}

void refusals() {
  World world;
  const Party other(9);
  world.send(coap::Type::con, world.uas_cwt(world.gcs, world.start_pack(world.ua)));
  keep(world, "not_owner");
  Buffer changed = world.start_pack(world.ua);
  changed[30] ^= 1;
  world.send(coap::Type::con, world.uas_cwt(world.ua, changed));
  keep(world, "wrapper_signature");
  world.options.policy.gateways.emplace_back(world.gcs.det, other.det);
  world.start();
  world.send(coap::Type::con, world.uas_cwt(world.gcs, world.start_pack(other)));
  world.pass(seconds(1));
  world.keys.answer(other.det, Error::unknown_key);
  world.run();
  keep(world, "link");
}

}  // namespace
}  // namespace nrid::testing

int main() {
  using namespace nrid;
  using namespace nrid::testing;
  ::testing::FLAGS_gtest_break_on_failure = true;
  const Party other(8), sp(1), hda(200);
  redirect(other, "54", std::array<uint8_t, 16>{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  redirect(other, "52", std::array<uint8_t, 4>{192, 0, 2, 1});
  redirect(other, "32", std::string("coap://192.0.2.1:5683"));
  end_by_provider();
  refusals();
  nlohmann::json keys;
  for (const Party* party : {&sp, &hda, &other}) keys[to_hex(party->det)] = to_hex(party->signer.public_key());
  std::printf("%s\n", nlohmann::json{{"messages", messages}, {"keys", keys}, {"sp", to_hex(sp.det)}, {"other", to_hex(other.det)}}.dump().c_str());
  return 0;
}
