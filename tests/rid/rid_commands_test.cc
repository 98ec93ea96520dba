// The inspector's rid, drip and ed25519 commands: JSON in, JSON out, against the vectors.
#include <gtest/gtest.h>

#include <fstream>

#include "apps/inspect/command.h"

namespace nrid::inspect {
namespace {

Json load(const char* name) {
  std::ifstream file(std::string(NRID_VECTORS) + name);
  return Json::parse(file);
}

Json ask(std::string_view group, std::string_view name, const Json& input) {
  for (const Command& command : rid_commands()) {
    if (command.group == group && command.name == name) return command.run(input);
  }
  ADD_FAILURE() << "no command " << group << " " << name;
  return {};
}

std::string flipped(std::string hex, size_t octet) {
  hex[2 * octet] = hex[2 * octet] == '0' ? '1' : '0';
  return hex;
}

TEST(RidCommands, WhatDecodePrintsEncodeTakes) {
  const Json all = load("/drip/f3411_messages.json");
  size_t count = 0;
  for (const Json& v : all["messages"]) {
    if (v["name"] == "loc_speed_64_00") continue;  // the one value with two encodings
    const Json values = ask("rid", "decode", {{"hex", v["hex"]}});
    ASSERT_FALSE(values.contains("error")) << values;
    EXPECT_EQ(ask("rid", "encode", values)["hex"], v["hex"]) << values;
    EXPECT_EQ(ask("rid", "encode", {{"message", values}})["hex"], v["hex"]);
    EXPECT_EQ(ask("rid", "encode", {{"message", values.dump()}})["hex"], v["hex"]);
    ++count;
  }
  EXPECT_EQ(count, 16u);
  for (const char* name : {"extended_wrapper", "full_wrapper"}) {
    const Json pack = load("/drip/nrid_generated.json")[name]["pack"];
    EXPECT_EQ(ask("rid", "encode", ask("rid", "decode", {{"hex", pack}}))["hex"], pack);
  }
}

TEST(RidCommands, Values) {
  const Json location = ask("rid", "decode", {{"hex", "122624160a42bf241b6ed1b4b69808ac0870086b53150e0200"}});
  EXPECT_EQ(location["type"], "location");
  EXPECT_EQ(location["speed_cmps"], 550);
  EXPECT_EQ(location["latitude_e7"], 455393090);
  EXPECT_EQ(ask("rid", "decode", {{"hex", "1203b5ff7e00000000000000000000000000000000ffff0000"}})["track_deg"], nullptr);
  const Json basic = ask("rid", "decode", {{"hex", "0242012001003ffe000a05130824699a4bc6b2000000000000"}});
  EXPECT_EQ(basic["det"], "2001:3f:fe00:a05:1308:2469:9a4b:c6b2");
  EXPECT_EQ(ask("rid", "encode", {{"type", "basic_id"}, {"ua_type", 2}, {"det", basic["det"]}})["hex"],
            "0242012001003ffe000a05130824699a4bc6b2000000000000");
  EXPECT_EQ(ask("rid", "encode", {{"type", "self_id"}, {"description_text", "DronesRUS: Real Estate"}})["hex"],
            "320044726f6e65735255533a205265616c2045737461746500");
}

TEST(RidCommands, BadQuestions) {
  const auto word = [](const Json& answer) { return answer.value("error", "none"); };
  EXPECT_EQ(word(ask("rid", "decode", {{"hex", ""}})), "truncated");
  EXPECT_EQ(word(ask("rid", "decode", {{"hex", "1"}})), "bad_request");
  EXPECT_EQ(word(ask("rid", "decode", {{"hex", "f21901"}})), "bad_pack");
  EXPECT_EQ(word(ask("rid", "decode", {{"hex", "72" + std::string(48, '0')}})), "rid_type");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "zeppelin"}})), "bad_request");
  EXPECT_EQ(word(ask("rid", "encode", {{"message", "{broken"}})), "bad_request");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "location"}, {"track_deg", 360}})), "value_range");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "location"}, {"track_deg", -1}})), "value_range");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "location"}, {"status", 256}})), "value_range");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "location"}, {"status", "x"}})), "value_range");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "location"}, {"height_dm", 18446744073709551615u}})), "value_range");
  EXPECT_EQ(word(ask("rid", "encode", {{"type", "self_id"}, {"description_text", std::string(24, 'x')}})), "value_range");
  EXPECT_EQ(word(ask("rid", "encode", {{"messages", Json::array()}})), "bad_pack");
  EXPECT_EQ(word(ask("rid", "encode", {{"messages", Json::array({{{"type", "location"}}, {{"type", "location"}}})}})), "bad_pack");
}

TEST(RidCommands, DripVerify) {
  const Json all = load("/drip/nrid_generated.json");
  const auto key = [&](const std::string& name) {
    for (const Json& e : all["entities"]) {
      if (e["name"] == name) return e["hi"].get<std::string>();
    }
    return std::string();
  };
  const int64_t now = all["now_unix"];
  const std::string pack = all["extended_wrapper"]["pack"];
  const Json good = ask("drip", "verify", {{"hex", pack}, {"key", key("ua")}, {"now", now}});
  EXPECT_EQ(good["ok"], true) << good;
  EXPECT_EQ(good["form"], "extended");
  EXPECT_EQ(good["covered"], Json::array({all["astm"]["basic_id"], all["astm"]["location"], all["astm"]["system"], all["astm"]["operator_id"]}));
  EXPECT_EQ(ask("drip", "verify", {{"hex", all["full_wrapper"]["pack"]}, {"key", key("ua")}, {"now", now}})["form"], "full");

  const auto word = [&](const std::string& hex, const std::string& who, int64_t when) {
    const Json answer = ask("drip", "verify", {{"hex", hex}, {"key", key(who)}, {"now", when}});
    EXPECT_TRUE(answer.contains("ok")) << answer;
    return answer["ok"].get<bool>() ? "none" : answer["error"].get<std::string>();
  };
  EXPECT_EQ(word(flipped(pack, 3 + 25 + 10), "ua", now), "wrapper_signature");
  EXPECT_EQ(word(pack, "gcs", now), "det_hi_mismatch");
  EXPECT_EQ(word(pack, "ua", now + 126), "wrapper_expired");
  EXPECT_EQ(word(pack.substr(0, 60), "ua", now), "bad_pack");
  EXPECT_EQ(word(all["plain_pack"], "ua", now), "c2_origin");
  EXPECT_EQ(word(all["link_pack"], "hda", now), "none");
  EXPECT_EQ(word(all["link_pack"], "ua", now), "det_hi_mismatch");
  EXPECT_EQ(ask("drip", "verify", {{"hex", pack}, {"key", key("ua")}, {"now", -1}})["error"], "bad_request");
}

TEST(RidCommands, Ed25519) {
  size_t judged = 0;
  const Json all = load("/ed25519/ed25519_test.json");
  for (const Json& group : all["testGroups"]) {
    const Json key = group.contains("publicKey") ? group["publicKey"]["pk"] : group["key"]["pk"];
    for (const Json& test : group["tests"]) {
      const Json answer = ask("ed25519", "verify", {{"key", key}, {"msg", test["msg"]}, {"sig", test["sig"]}});
      EXPECT_EQ(answer, Json({{"ok", test["result"] == "valid"}})) << test["tcId"];
      ++judged;
    }
  }
  EXPECT_GE(judged, 100u);
  for (const Json& v : load("/ed25519/rfc8032_section7_1.json")) {
    const Json answer = ask("ed25519", "sign", {{"seed", v["seed"]}, {"msg", v["msg"]}, {"backend", "libsodium"}});
    EXPECT_EQ(answer["sig"], v["signature"]);
    EXPECT_EQ(answer["key"], v["pub_key"]);
  }
  const Json absent = ask("ed25519", "verify", {{"key", std::string(64, '1')}, {"msg", ""}, {"sig", ""}, {"backend", "avx1024"}});
  EXPECT_EQ(absent["error"], "no_backend");
  EXPECT_NE(absent["detail"].get<std::string>().find("libsodium"), std::string::npos);
}

}  // namespace
}  // namespace nrid::inspect
