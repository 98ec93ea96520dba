// Identities and keys, nrid.md section 1, as a provider must treat them.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Case kSpIdentityCases[] = {
    {"C-001", "who signs has a DET: a kid outside 2001:30::/28 is refused", "", R"(
      send start by=prefix
      expect 4.00 bare)"},
    {"C-002", "only suite 5, Ed25519 with cSHAKE128, is taken", "", R"(
      send start by=suite
      expect 4.00 bare)"},
    {"C-003", "a key belongs to a DET only if it hashes to it, whatever the registry publishes", "mismatch", R"(
      send start by=mismatch
      expect 4.01 bare)"},
    {"C-008", "a chain that ends in no configured trust anchor makes no key", "untrusted", R"(
      send start by=untrusted
      expect 4.01 bare)"},
    {"C-009a", "a datagram whose key is not known yet waits; its CON is acknowledged at once, and 4.01 says that nobody knows the key", "", R"(
      send start by=stranger
      expect ack
      expect 4.01 bare)"},
    {"C-009b", "any number of datagrams of one unknown DET is one question to DNS", "dns", R"(
      flood start count=30 by=stranger
      wait 3+A
      asked of=stranger most=1)"},
    {"C-009c", "a Link in the packet, endorsed by a trusted registry, replaces the question to DNS", "unpublished", R"(
      send start                       # so that the registry's own key is known
      expect heartbeat
      send con messages=basic,location wrapper=link by=unpublished
      expect heartbeat ua=any
      send start by=unpublished
      expect heartbeat ua=any)"},
    {"C-009d", "while DNS is silent the answer is 5.03 with Max-Age", "silent", R"(
      send start by=silent
      expect 5.03 max-age)"},
    {"C-011", "a DET of a registry that is not accepted is refused with 4.03", "accept-hids", R"(
      send start by=foreign
      expect 4.03 bare)"},
};

}  // namespace

std::span<const Case> sp_identity_cases() { return kSpIdentityCases; }

}  // namespace nrid::conform
