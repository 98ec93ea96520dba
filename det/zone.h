// Zone files for DETs (RFC 9886 section 4; records as RFC 3597 unknown types, which every name server reads, or in their own
// presentation form), cut at RAA and HDA or all in one; and the little registry behind the demonstration and the tests: from a description of who exists to keys, DETs,
// endorsements, certificates, BRID and HHIT records, and the zone that publishes them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/random.h"
#include "base/result.h"
#include "det/endorsement.h"
#include "det/lookup.h"

namespace nrid::det {

enum class RecordForm : uint8_t {
  unknown_type,                              // TYPE67 \# length hex, RFC 3597 section 5
  base64,                                    // HHIT base64, RFC 9886 section 5: for name servers that know the types
};

// One DET's records. Empty RDATA is not published.
struct ZoneEntry {
  Det det;
  std::string comment;                       // a line above the records; control characters become spaces
  Buffer hhit_rdata;                         // det/hhit.h
  Buffer brid_rdata;                         // det/brid.h
  std::vector<IpAddress> addresses;
};

struct ZoneSettings {
  std::string origin = "3.0.0.1.0.0.2.ip6.arpa.";   // absolute; every DET must lie under it
  std::string name_server = "ns";                   // relative to the origin, or absolute with its dot
  std::string mailbox = "hostmaster";
  IpAddress name_server_address;                    // A or AAAA of a relative name server; ::/all zero: none is written
  uint32_t serial = 1;
  uint32_t ttl = 60;
  RecordForm form = RecordForm::unknown_type;
  std::vector<std::string> more_name_servers;       // beside the first
  // Zones below whose name servers are others: absolute names that do not lie in the zone itself, for there is no glue.
  std::map<std::string, std::vector<std::string>> delegated;
};

// A zone below this one. Its DS is in a file of its own, because only who keeps the child's keys can tell it.
struct ZoneCut {
  std::string zone;                                 // absolute
  std::vector<std::string> name_servers;
  std::string ds_file;                              // for $INCLUDE: DS records with absolute owner names, or nothing yet
};

// Zone file text: $ORIGIN, $TTL, SOA, NS, the cuts, then the entries, owner names relative to the origin. The Status names the
// entry that does not lie under the origin, or a name that is no domain name.
StatusOr<std::string> write_zone(const ZoneSettings& settings, const std::vector<ZoneEntry>& entries,
                                 const std::vector<ZoneCut>& cuts = {});

// The same as one zone for each authority (zone_cut.cc): the origin, four for each RAA, one for each HDA. NS and the $INCLUDE of
// ZONE.ds stand at each cut; all zones have the name servers of the settings but those that are delegated. In an order in which parents come first.
struct Zone {
  std::string name;                                 // absolute
  std::string text;
};
StatusOr<std::vector<Zone>> write_cut_zones(const ZoneSettings& settings, const std::vector<ZoneEntry>& entries);
// The innermost of these zones in which `det` lies.
std::string zone_of(const std::string& origin, const Det& det);
// The zones of an authority with this DET: four of an RAA, one of an HDA, none of an Apex.
std::vector<std::string> zones_of_authority(const Det& det);

// The records of one DET in one form, as they follow its owner name.
std::vector<std::string> record_texts(const ZoneEntry& entry, RecordForm form);
// `name` without its end `origin` and the dot between; "@" for the origin itself, "" when it does not lie there.
std::string relative_name(std::string_view name, std::string_view origin);

// ---- the registry: `nrid zone make` ----

struct Registered {                          // by a parent whose secret is elsewhere
  Buffer endorsement;
  Buffer certificate;
};
struct RegistryEntity {
  std::string name;                          // for files and references; unique
  std::string type;                          // raa hda sp dp ua gcs uas rid pilot operator dss uss apex, or a number
  uint16_t raa = 0;
  uint16_t hda = 0;
  std::string parent;                        // a name of the list; itself for the root
  std::optional<Seed> seed;                  // generated when missing
  std::optional<PublicKey> key;              // instead of a seed, for an entity whose secret is elsewhere (no children then)
  std::string uri;                           // of the subjectAltName; may be empty
  std::vector<IpAddress> addresses;
  std::optional<Instant> not_before;         // default: the registry's
  std::optional<Instant> not_after;
  std::optional<Registered> registered = std::nullopt;   // taken instead of made, if both are the parent's and of this key
};
struct RegistryEntry {
  RegistryEntity entity;                     // with its seed filled in, unless `key` was given
  Det det;
  PublicKey key{};
  std::array<uint8_t, kEndorsementSize> endorsement{};   // by the parent; the root's own for the root
  Buffer certificate;                        // DER
  ZoneEntry records;
};
// Parents may stand anywhere in the list. The Status names the entity and what is wrong with it: an unknown or circular
// parent, numbers under which the parent may not register it, a name used twice, a registration that is of somebody else.
StatusOr<std::vector<RegistryEntry>> build_registry(std::vector<RegistryEntity> entities, Instant not_before,
                                                    Instant not_after, Random& random);

}  // namespace nrid::det
