// Who flies: a little registry of our own (RAA, HDA, provider) and as many aircraft as wanted, each with a real key, a DET and an
// endorsement of the HDA. All keys come out of one secret in the folder, so a folder is small and takes any number of
// aircraft. The server finds the first of them, and with it the registry, through DNS, which we answer while we run; the others
// it learns from their Links (nrid.md R-009), so that a start is not bound by its budget of DNS questions.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/ed25519.h"
#include "det/zone.h"

namespace nrid::load {

inline constexpr size_t kAircraftMax = 1'000'000;
inline constexpr uint16_t kPlainPort = 5683, kSchcPort = 5787, kHttpPort = 8080, kDnsPort = 5354;

struct Ports {
  uint16_t plain = kPlainPort, schc = kSchcPort, http = kHttpPort, dns = kDnsPort;
};

struct Flier {
  Det det;
  std::unique_ptr<SeedSigner> signer;
  std::array<uint8_t, det::kEndorsementSize> endorsement{};
};

struct Fleet {
  Ports ports;
  Det sp;
  PublicKey sp_key{};
  std::vector<det::RegistryEntry> registry;    // raa, hda, sp, the first aircraft: what DNS says
  std::vector<Flier> fliers;
};

// Writes FOLDER/load.json (0600: the secret), FOLDER/sp.key and FOLDER/nridd.toml, a whole settings file for a server to be
// measured. A folder that has a secret keeps it.
Status make_folder(const std::string& folder, const Ports& ports, Random& random);
// The first `count` aircraft of it.
StatusOr<Fleet> load_folder(const std::string& folder, size_t count);

}  // namespace nrid::load
