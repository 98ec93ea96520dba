// Who takes part: the provider, and pairs of an aircraft and the gateway that may speak for it. For a foreign provider they
// come from a folder that `nrid zone make` wrote and its operator trusts; otherwise we are the registry ourselves.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "det/zone.h"

namespace nrid::conform {

struct Identity {
  std::string name;
  Det det;
  PublicKey key{};
  std::shared_ptr<const SeedSigner> signer;            // null: we know its key but not its secret
  std::array<uint8_t, det::kEndorsementSize> endorsement{};
};

struct Pair {                                          // gwN may speak for uaN
  Identity ua;
  Identity gateway;
};

struct Identities {
  Identity sp;
  Identity hda;                                        // the registry that endorsed it
  std::vector<Pair> pairs;
  // Others that a case may need. "mismatch": DNS gives it another's key. "untrusted": its chain ends in no anchor.
  // "silent": DNS never answers for it. "unpublished" and "linkless": endorsed, but not in DNS;
  // every gateway may speak for "linkless". "next": the provider's identity after a rotation of its key.
  std::map<std::string, Identity, std::less<>> special;
};

// An identity of our own making that no registry knows.
Identity stranger(uint16_t raa, uint16_t hda, Random& random);

// From registry.json and the NAME.key files: pairs of uaN and gwN, and the special ones by their names. `sp` is a DET or a
// name of the registry; "" is the first entity of type sp.
StatusOr<Identities> load_identities(const std::string& folder, const std::string& sp);

// A registry of our own: records for a DNS responder beside the identities.
struct MadeRegistry {
  Identities all;
  std::vector<det::RegistryEntry> entries;             // by name below
  std::vector<det::RegistryEntry> foreign;             // another root, HDA and provider of the same numbers
  std::string anchor;                                  // "DET=HI"
  const det::RegistryEntry& entry(std::string_view name) const;  // precondition: it is there
};
StatusOr<MadeRegistry> make_registry(size_t pairs, Random& random);

Identity identity_of(const det::RegistryEntry& entry);

}  // namespace nrid::conform
