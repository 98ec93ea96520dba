#include "wire/coap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace nrid::coap {
namespace {

nlohmann::json vectors() {
  std::ifstream file(NRID_VECTORS "/coap/messages.json");
  return nlohmann::json::parse(file)["vectors"];
}

std::string type_name(Type type) {
  const char* const names[] = {"CON", "NON", "ACK", "RST"};
  return names[static_cast<size_t>(type)];
}

std::string code_name(uint8_t code) {
  const std::string detail = std::to_string(code & 31);
  return std::to_string(code >> 5) + "." + std::string(2 - detail.size(), '0') + detail;
}

nlohmann::json options_of(const Message& message) {
  auto list = nlohmann::json::array();
  for (const Option& each : message.options()) list.push_back({each.number, to_hex(each.value)});
  return list;
}

bool inside(Bytes view, Bytes whole) {
  return view.empty() || (view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size());
}

TEST(Coap, GoodVectorsDecodeToTheirFieldsAndBack) {
  int seen = 0;
  for (const auto& vector : vectors()) {
    if (!vector.value("valid", false) || !vector.contains("decoded") || vector["decoded"].is_null()) continue;
    SCOPED_TRACE(vector["name"]);
    const Buffer octets = *from_hex(vector["hex"].get<std::string>());
    const auto message = decode(octets);
    ASSERT_TRUE(message.ok()) << info(message.error()).counter;
    const auto& want = vector["decoded"];
    EXPECT_EQ(type_name(message->type), want["type"]);
    EXPECT_EQ(code_name(message->code), want["code"]);
    EXPECT_EQ(message->id, std::stoul(want["mid"].get<std::string>(), nullptr, 16));
    EXPECT_EQ(to_hex(message->token), want["token"]);
    EXPECT_EQ(options_of(*message), want["options"]);
    EXPECT_EQ(to_hex(message->payload), want["payload"]);
    EXPECT_TRUE(inside(message->payload, octets));
    for (const Option& each : message->options()) EXPECT_TRUE(inside(each.value, octets));

    std::array<uint8_t, 1280> space;
    const auto again = encode(*message, space);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(to_hex(*again), vector["hex"]);
    ++seen;
  }
  EXPECT_GE(seen, 11);
}

TEST(Coap, BadVectorsAreRefused) {
  int seen = 0;
  for (const auto& vector : vectors()) {
    if (vector.value("valid", true)) continue;
    if (vector["name"] == "unknown critical option 9999 (odd)") continue;  // well-formed; the endpoint answers 4.02
    SCOPED_TRACE(vector["name"]);
    EXPECT_FALSE(decode(*from_hex(vector["hex"].get<std::string>())).ok());
    ++seen;
  }
  EXPECT_GE(seen, 25);
}

// Every prefix is refused or is a message by itself; none may read outside its octets (the fuzz build watches).
TEST(Coap, CutVectors) {
  for (const auto& vector : vectors()) {
    if (!vector.contains("hex")) continue;
    const Buffer octets = *from_hex(vector["hex"].get<std::string>());
    for (size_t size = 0; size < octets.size(); ++size) {
      const Buffer cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      const auto message = decode(cut);
      EXPECT_EQ(message.error() == Error::bad_length, size < 4);
      EXPECT_TRUE(!message.ok() || inside(message->payload, cut));
    }
  }
}

struct Refusal {
  const char* hex;
  Error error;
  const char* why;
};

TEST(Coap, RefusalsNameTheirError) {
  const Refusal cases[] = {
      {"400200", Error::bad_length, "three octets"},
      {"00020001", Error::coap_version, "version 0"},
      {"c0020001", Error::coap_version, "version 3"},
      {"490200010000000000000000", Error::coap_format, "token of 9"},
      {"44020001aabb", Error::coap_format, "token cut"},
      {"40020001ff", Error::coap_format, "marker without payload"},
      {"40020001f0", Error::coap_format, "delta 15"},
      {"400200010f", Error::coap_format, "length 15"},
      {"40020001e0ffffe0ffff", Error::coap_format, "option number above 65535"},
      {"4002000130e0ffff", Error::coap_format, "option number 65807 after an empty Uri-Host"},
      {"4100000100", Error::coap_format, "empty with token"},
      {"40000001ff61", Error::coap_format, "empty with payload"},
      {"50001234", Error::coap_format, "empty NON"},
      {"60020001", Error::coap_format, "ACK with a request"},
      {"70450001", Error::coap_format, "RST with a response"},
      {"40200001", Error::coap_format, "class 1"},
      {"40c00001", Error::coap_format, "class 6"},
      {"40e20001", Error::coap_format, "class 7"},
      {"4002000130", Error::coap_option, "empty Uri-Host"},
      {"40020001d30401020 3", Error::coap_option, "Accept of 3 octets"},
      {"4002000130ff", Error::coap_format, "empty Uri-Host, then marker without payload"},
      {"40020001d10400" "00", Error::coap_option, "Accept twice"},
  };
  for (const Refusal& each : cases) {
    SCOPED_TRACE(each.why);
    std::string hex(each.hex);
    hex.erase(std::remove(hex.begin(), hex.end(), ' '), hex.end());
    EXPECT_EQ(decode(*from_hex(hex)).error(), each.error);
  }
}

TEST(Coap, ElectiveOptionsOfWrongLengthAreLeftOut) {
  // Content-Format of 3 octets (libcoap would refuse the message), then Max-Age 60 and a payload.
  const auto octets = *from_hex("44020001aabbccddc3010203213cff61");
  const auto message = decode(octets);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->find(option::content_format), nullptr);
  ASSERT_NE(message->find(option::max_age), nullptr);
  EXPECT_EQ(message->find(option::max_age)->uint(4), 60u);
  EXPECT_EQ(as_text(message->payload), "a");
}

TEST(Coap, UnknownOptionsStayForTheEndpointToJudge) {
  const auto octets = *from_hex("44020001aabbccdde02602ff61");
  const auto message = decode(octets);
  ASSERT_TRUE(message.ok());
  EXPECT_NE(message->find(9999), nullptr);
}

TEST(Coap, HeadOfARefusedMessageServesTheReply) {
  const Buffer octets = *from_hex("42021234aabbff");
  Head head;
  EXPECT_EQ(decode(octets, &head).error(), Error::coap_format);
  EXPECT_EQ(head.type, Type::con);
  EXPECT_EQ(head.code, kPost);
  EXPECT_EQ(head.id, 0x1234);
  EXPECT_EQ(to_hex(head.token), "aabb");
}

TEST(Coap, OptionLimit) {
  std::string hex = "40020001b161";
  for (size_t i = 1; i < kOptionsMax; ++i) hex += "0162";
  EXPECT_TRUE(decode(*from_hex(hex)).ok());
  EXPECT_EQ(decode(*from_hex(hex + "0163")).error(), Error::coap_option);
}

TEST(Coap, UintsAreShort) {
  std::array<uint8_t, 4> space;
  EXPECT_EQ(to_hex(encode_uint(0, space)), "");
  EXPECT_EQ(to_hex(encode_uint(61, space)), "3d");
  EXPECT_EQ(to_hex(encode_uint(1024, space)), "0400");
  EXPECT_EQ(to_hex(encode_uint(0xffffffff, space)), "ffffffff");
  const std::array<uint8_t, 3> three = {1, 2, 3};
  EXPECT_EQ((Option{option::accept, three}.uint(2)), std::nullopt);
  EXPECT_EQ((Option{option::accept, three}.uint(3)), 0x010203u);
  EXPECT_EQ((Option{option::accept, {}}.uint(2)), 0u);
}

TEST(Coap, EncodeRefusesWhatDoesNotFit) {
  std::array<uint8_t, 4> value;
  Message message{Type::con, kPost, 7};
  ASSERT_TRUE(message.add(option::uri_path, as_bytes("nrid")));
  ASSERT_TRUE(message.add(option::content_format, encode_uint(61, value)));
  EXPECT_FALSE(message.add(option::uri_host, as_bytes("late")));
  message.payload = as_bytes("payload");

  std::array<uint8_t, 64> space;
  const auto whole = encode(message, space);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(to_hex(*whole), "40020007b46e726964113dff7061796c6f6164");
  for (size_t size = 0; size < whole->size(); ++size) {
    EXPECT_EQ(encode(message, std::span(space).first(size)).error(), Error::no_space);
  }
}

TEST(Coap, EncodeAddsNoOption) {  // libcoap's own PDU would add Hop-Limit beside Proxy-Uri
  const Buffer octets = *from_hex("40020001b46e726964d10b0eff00");
  const auto message = decode(octets);
  ASSERT_TRUE(message.ok());
  std::array<uint8_t, 64> space;
  EXPECT_EQ(to_hex(*encode(*message, space)), to_hex(octets));
}

}  // namespace
}  // namespace nrid::coap
