// The tokens of drip/nrid_generated.json, with the keys of those who signed them.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/det.h"
#include "base/ed25519.h"

namespace nrid::cwt {

inline nlohmann::json load_vectors(const std::string& name) {
  std::ifstream file(std::string(NRID_VECTORS "/") + name);
  return nlohmann::json::parse(file);
}

inline Buffer octets(const nlohmann::json& hex) { return *from_hex(hex.get<std::string>()); }

struct Token {
  std::string name;
  Buffer message, protected_header, payload, sig_structure;
};

struct Generated {
  nlohmann::json file = load_vectors("drip/nrid_generated.json");
  std::vector<Token> tokens;
  std::map<Det, PublicKey> keys;
  std::map<Det, Seed> seeds;

  Generated() {
    for (const auto& [name, value] : file["cwt"].items()) tokens.push_back(token(name, value));
    for (const auto& entity : file["entities"]) {
      const Det det = Det::from(octets(entity["det"]));
      const Buffer hi = octets(entity["hi"]), seed = octets(entity["seed"]);
      keys[det] = Reader(hi).array<32>();
      seeds[det] = Reader(seed).array<32>();
    }
  }
  static Token token(const std::string& name, const nlohmann::json& value) {
    return {name, octets(value["message"]), octets(value["protected"]), octets(value["payload"]), octets(value["sig_structure"])};
  }
};

}  // namespace nrid::cwt
