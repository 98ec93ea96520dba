// What the tests of DRIP authentication share: the two vector files, and packs taken apart and put together.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "rid/auth.h"
#include "rid/auth_pages.h"

namespace nrid::rid::test {

using nlohmann::json;

inline json load(const char* name) {
  std::ifstream file(std::string(NRID_VECTORS "/drip/") + name);
  return json::parse(file);
}
inline const json& published() {
  static const json all = load("rfc9575_appendix_b.json");
  return all;
}
inline const json& generated() {
  static const json all = load("nrid_generated.json");
  return all;
}

inline Buffer octets_of(const json& hex) { return *from_hex(hex.get<std::string>()); }

using Messages = std::vector<MessageOctets>;

inline Messages split(const Buffer& pack) {
  Messages out((pack.size() - 3) / kMessageSize);
  for (size_t i = 0; i < out.size(); ++i) {
    std::copy_n(pack.begin() + static_cast<std::ptrdiff_t>(3 + i * kMessageSize), kMessageSize, out[i].begin());
  }
  return out;
}

inline Buffer join(const Messages& messages) {
  Buffer out(kPackSizeMax);
  const auto pack = encode_pack(messages, out);
  EXPECT_TRUE(pack.ok());
  out.resize(pack.ok() ? pack->size() : 0);
  return out;
}

inline Messages pages_of(const json& pages) {
  Messages out;
  for (const auto& page : pages) {
    const Buffer octets = octets_of(page);
    std::copy_n(octets.begin(), kMessageSize, out.emplace_back().begin());
  }
  return out;
}

inline Result<PackAuth> read(const Messages& messages) {
  const Buffer octets = join(messages);
  const auto pack = decode_pack(octets);
  if (!pack.ok()) return pack.error();
  return read_auth(*pack);
}

inline Error error_of(const Messages& messages) {
  const auto auth = read(messages);
  return auth.ok() ? Error::none : auth.error();
}

inline PublicKey key_of(const json& hex) {
  PublicKey key{};
  const Buffer octets = octets_of(hex);
  std::copy_n(octets.begin(), key.size(), key.begin());
  return key;
}

inline const json& entity(const std::string& name) {
  for (const auto& e : generated()["entities"]) {
    if (e["name"] == name) return e;
  }
  return generated()["entities"][0];
}

inline SeedSigner signer_of(const std::string& name) { return SeedSigner(key_of(entity(name)["seed"])); }
inline Det det_of(const std::string& name) { return *det_from_text(entity(name)["det"].get<std::string>()); }
inline Instant now() { return at_second(generated()["now_unix"].get<int64_t>()); }

inline Messages plain(std::initializer_list<const char*> names) {
  Messages out;
  for (const char* name : names) {
    const Buffer octets = octets_of(generated()["astm"][name]);
    std::copy_n(octets.begin(), kMessageSize, out.emplace_back().begin());
  }
  return out;
}

inline Messages wrapped(Bytes evidence, Messages beside, uint8_t sam = 2) {
  Buffer data = {sam, 0, 0, 0, 13, 1, 0, 0, 13};
  data.insert(data.end(), evidence.begin(), evidence.end());
  const Det ua = det_of("ua");
  data.insert(data.end(), ua.octets.begin(), ua.octets.end());
  data.insert(data.end(), 64, 0x11);
  PackMessages pages;
  EXPECT_TRUE(append_pages(data, 5, pages).ok());
  beside.insert(beside.end(), pages.list.begin(), pages.list.begin() + static_cast<std::ptrdiff_t>(pages.count));
  return beside;
}

inline Buffer flat(const Messages& messages) {
  Buffer out;
  for (const auto& message : messages) out.insert(out.end(), message.begin(), message.end());
  return out;
}

inline MessageOctets of_type(uint8_t type, uint8_t mark = 0) {
  MessageOctets message{};
  message[0] = static_cast<uint8_t>(type << 4 | 2);
  message[24] = mark;
  return message;
}

}  // namespace nrid::rid::test
