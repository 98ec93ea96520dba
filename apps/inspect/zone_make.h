// `nrid zone make --spec registry.json --out DIR [--cut]`: a whole registry from one description. It makes what is missing (keys,
// DETs, Broadcast Endorsements, certificates), and publishes it as a zone file that any name server loads.
//
// registry.json
//   {"origin": "3.0.0.1.0.0.2.ip6.arpa.",       default; every DET lies under it
//    "ttl": 60, "serial": 1,                    defaults
//    "name_servers": ["ns"], "ns_address": "127.0.0.1",     defaults; the address is that of the first name server, if that is relative (glue)
//    "not_before": 1767225600,                  Unix seconds; default: an hour ago
//    "not_after":  1798761600,                  default: a year from now (certificates and endorsements alike)
//    "entities": [
//      {"name": "raa", "type": "raa", "raa": 16376, "hda": 0,  "parent": "raa"},
//      {"name": "hda", "type": "hda", "raa": 16376, "hda": 10, "parent": "raa"},
//      {"name": "sp1", "type": "sp",  "raa": 16376, "hda": 10, "parent": "hda",
//       "addresses": ["127.0.0.1"], "uri": "coap://127.0.0.1:5683/nrid"},
//      {"name": "ua1", "type": "ua",  "raa": 16376, "hda": 10, "parent": "hda"}]}
//   An entity may add "key_file" (its seed in a file of mode 0600 or stricter), or only its public key as "key" (64 hex digits) or
//   "public_key_file" (NAME.pub of `nrid det key`): then it can have no children and gets no key file. Further "not_before",
//   "not_after", "publish": false (registered, but not in the zone), "registered": FILE (the registry.json of a parent that is elsewhere
//   gives what is not said here, the endorsement and the certificate; both must be the parent's and of this key). File names are relative to the working directory.
//   An RAA or HDA may have "name_servers" of its own for its zones with --cut: absolute names outside of them.
//   "raa" and "hda" may be left out: they are the parent's. Types: apex raa hda sp dp ua gcs uas rid pilot operator dss
//   uss sdsp dime, or a number of RFC 9886's registry.
//   Without any of these the seed is that of DIR/NAME.key if the file exists, so that a second run keeps every DET, else a new one.
//
// DIR afterwards
//   zone             zone file text ($ORIGIN, SOA, NS, TYPE67, TYPE68, A, AAAA); load it under the name in "origin"
//   NAME.key         64 hex digits of the seed and a newline, mode 0600: nridd's and nrid-gateway's key files
//   NAME.be          272 hex digits of the parent's Broadcast Endorsement and a newline
//   NAME.der         its certificate
//   registry.json    {"origin", "anchor": "DET=HI" of the root, "entities": {NAME: {"det", "ipv6", "hi", "be", "certificate",
//                    "type", "raa", "hda", "parent", "owner", "key_file", "addresses", "uri", "zone", "hhit", "brid" (RDATA)}}}; no secrets
// With --cut there is no file zone but
//   zones            the names of the zones: the origin, four for each RAA, one for each HDA (det/zone_cut.cc)
//   ZONE.zone        zone file text; NS at each cut, and the DS of the child by $INCLUDE
//   ZONE.ds          DS records of ZONE, empty until whoever signs it has put them there (`keymgr ZONE ds`); a second run keeps them
// --base64 writes "HHIT base64" and "BRID base64" for name servers that know them, instead of TYPE67 and TYPE68.
//
// Standard output: one line per entity, "NAME TYPE DET (colon form) HI"; with --json the content of registry.json.
#pragma once

#include "apps/inspect/command.h"

namespace nrid::inspect {

Command zone_make_command();

}  // namespace nrid::inspect
