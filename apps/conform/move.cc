#include "apps/conform/move.h"

#include <algorithm>

#include "det/endorsement.h"
#include "nrid/datagram_port.h"

namespace nrid::conform {
namespace {

constexpr std::string_view kScheme = "coap://";

// An IP literal, by itself or as the host of a URI; nothing for a name, which the aircraft's policy judges.
std::optional<Address> literal_of(const std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) return address_from_text((text.find(':') == std::string::npos ? text : "[" + text + "]") + ":1");
  const std::string host = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const auto with_port = address_from_text(host);
  return with_port ? with_port : address_from_text(host + ":1");
}

// "" is one that a host may have.
std::string_view no_host(const Address& address) {
  const Bytes octets = Bytes(address.ip).subspan(address.is_v4() ? 12 : 0);
  if (std::all_of(octets.begin(), octets.end(), [](uint8_t octet) { return octet == 0; })) return "unspecified";
  if (address.is_v4() ? octets[0] >= 224 : octets[0] == 0xff) return "multicast";
  return "";
}

}  // namespace

std::optional<Fault> fault_of(const Move& move, const MoveTerms& terms, Instant now) {
  const auto wrong = [](std::string_view requirement, const std::string& what) { return Fault{requirement, "the redirect: " + what}; };
  if (move.sp == terms.from) return wrong("R-094", "new_sp is the provider itself");
  if (!terms.peers.empty() && std::find(terms.peers.begin(), terms.peers.end(), move.sp) == terms.peers.end()) {
    return wrong("R-094", to_text(move.sp) + " is none of the peers in the profile");
  }
  const auto endorsement = det::decode_endorsement(move.endorsement);
  if (!endorsement.ok()) return wrong("R-091", "new_be: " + std::string(info(endorsement.error()).text));
  if (endorsement->child != move.sp) return wrong("R-091", "new_be endorses " + to_text(endorsement->child) + ", not new_sp");
  if (endorsement->parent != terms.registry) return wrong("R-091", "new_be is by " + to_text(endorsement->parent) + ", not by the registry of both");
  if (const auto holds = det::verify_endorsement(*endorsement, terms.registry_key, now, terms.skew); !holds.ok()) {
    return wrong("R-091", "new_be: " + std::string(info(holds.error()).text));
  }
  const bool uri = move.address.find("://") != std::string::npos;
  if (uri && move.address.rfind(kScheme, 0) != 0) return wrong("R-091", "new_ip " + move.address + " is no coap:// URI");
  const auto literal = literal_of(move.address);
  const std::string_view not_one = literal ? no_host(*literal) : "";
  if (!not_one.empty()) return wrong("R-091", "new_ip " + move.address + " is " + std::string(not_one));
  return std::nullopt;
}

}  // namespace nrid::conform
