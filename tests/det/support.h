// What the tests of det/ share: the vector files, and entities with keys of their own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.h"
#include "base/det.h"
#include "base/ed25519.h"

namespace nrid {

inline nlohmann::json vectors(const std::string& name) {
  std::ifstream in(std::string(NRID_VECTORS) + "/drip/" + name);
  EXPECT_TRUE(in.good()) << name;
  return nlohmann::json::parse(in);
}

// One part of a file, by value: a range-for over a part of a temporary would dangle.
inline nlohmann::json vectors(const std::string& name, const std::string& part) { return vectors(name)[part]; }

inline Buffer octets(const nlohmann::json& hex) {
  const auto out = from_hex(hex.get<std::string>());
  EXPECT_TRUE(out.has_value()) << hex;
  return out.value_or(Buffer{});
}

template <size_t N>
std::array<uint8_t, N> fixed(const nlohmann::json& hex) {
  std::array<uint8_t, N> out{};
  const Buffer in = octets(hex);
  EXPECT_EQ(in.size(), N) << hex;
  std::copy_n(in.begin(), std::min(in.size(), N), out.begin());
  return out;
}

inline Det det_of(const nlohmann::json& hex) { return Det::from(fixed<16>(hex)); }
inline PublicKey key_of(const nlohmann::json& hex) { return fixed<32>(hex); }

// Entities of nrid_generated.json by name.
inline nlohmann::json entity_of(const std::string& name) {
  for (const auto& entity : vectors("nrid_generated.json", "entities")) {
    if (entity["name"] == name) return entity;
  }
  ADD_FAILURE() << "no entity " << name;
  return {};
}

}  // namespace nrid
