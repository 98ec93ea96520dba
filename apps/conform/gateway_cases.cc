// What binds a gateway, nrid.md sections 1 to 9; each case starts one of its own.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

// A flight from start to end, for what is judged over all datagrams.
constexpr std::string_view kWhole = R"(
      begin
      fly for=2P
      count report least=1
      stop
      expect end
      reply end
      expect exit)";

constexpr Case kGatewayCases[] = {
    {"C-003G", "a provider's record that holds another's key stops the start", "", R"(
      dns mismatch
      launch
      none any at=any for=2
      expect exit failed
      said)"},
    {"C-004G", "16 hex digits of hash and the own HID make the provider's DET", "", R"(
      launch sp=hash
      expect report con)"},
    {"C-005Ga", "key, endorsement and address of the provider are asked of DNS before anything is sent", "", R"(
      launch
      expect report con
      asked types=67,68,28,1)"},
    {"C-005Gb", "DNS is asked again at the start: an address that changed since the setup is used", "setup", R"(
      launch setup
      dns moved
      launch
      expect report con at=c
      count any at=a most=0)"},
    {"C-006Ga", "no such name: no start", "", R"(
      dns nxdomain
      launch
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-006Gb", "DNS fails, as it does when DNSSEC is bogus: no start", "", R"(
      dns servfail
      launch
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-006Gc", "DNS is silent: no start", "", R"(
      dns silent
      launch
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-006Gd", "an endorsement whose signature is wrong: no start", "", R"(
      dns bad-be
      launch
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-006Ge", "an endorsement that has expired: no start", "", R"(
      dns expired-be
      launch
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-006Gf", "an endorsement by another than the registry of the provider's HID: no start", "", R"(
      dns wrong-parent
      launch
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-006Gg", "each of these ways to fail is told apart", "", R"(
      distinct nxdomain servfail silent bad-be expired-be wrong-parent)"},
    {"C-007Ga", "the fallback name under hhit.arpa serves when the reverse name does not exist", "", R"(
      dns fallback
      launch
      expect report con)"},
    {"C-007Gb", "of several addresses an IPv6 one is used before an IPv4 one", "ipv6", R"(
      dns both
      launch
      expect report con at=v
      count any at=a most=0)"},
    {"C-007Gc", "AAAA is asked for before A", "", R"(
      launch
      expect report con
      asked order=28,1)"},
    {"C-008Ga", "a chain that ends in no trusted anchor stops the start", "", R"(
      launch anchor=foreign
      expect exit failed
      count any at=any most=0
      said)"},
    {"C-008Gb", "who has the provider's address but not its key is not believed: no flight", "", R"(
      launch
      expect report con
      reply heartbeat forged
      expect report con
      reply heartbeat forged
      none report non for=2P)"},
    {"C-008Gc", "answers that DNSSEC did not validate stop the start where policy wants them validated", "require-ad", R"(
      dns no-ad
      launch
      expect exit failed
      count any at=any most=0)"},
    {"C-020G", "reports are POST to the resource with Content-Format 61", "law", kWhole},
    {"C-027G", "over SCHC everything goes to the SCHC port, compressed by the rules", "law", R"(
      begin schc
      fly at=s for=2P
      count report at=s least=1
      count any at=a most=0)"},
    {"C-028G", "no Message-ID comes twice", "law", kWhole},
    {"C-029G", "an Echo value that came with an answer goes back with the next request, and with no other", "echo", R"(
      launch
      expect report con echo=none
      reply heartbeat echo=a1b2c3d4e5
      expect report echo=a1b2c3d4e5
      expect report echo=none)"},
    {"C-040G", "tokens are COSE_Sign1 with tag 18", "law", kWhole},
    {"C-041G", "alg is -8, in the protected header alone", "law", kWhole},
    {"C-042G", "kid is the gateway's DET, and the signature is its own", "law", kWhole},
    {"C-043G", "sub, exp, nbf = iat and one body, nothing else", "law", kWhole},
    {"C-044G", "tokens are dated now and live 1 to 60 s", "law", kWhole},
    {"C-046G", "tokens are in deterministic encoding", "law", kWhole},
    {"C-050G", "the body is [det_sp, ? encoded, data]", "law", kWhole},
    {"C-051G", "det_sp is the provider to which it is sent", "law", kWhole},
    {"C-052G", "`encoded` says what is in the pack", "law", kWhole},
    {"C-053G", "data is a Message Pack", "law", kWhole},
    {"C-054G", "what the aircraft says stands in a DRIP Wrapper", "law", kWhole},
    {"C-055G", "the aircraft signed the Wrapper, for now and for 300 s at most", "law", kWhole},
    {"C-056Ga", "an aircraft that has its own way to the Internet signs the token too", "", R"(
      begin alone
      fly for=2P
      each wrapped=ua)"},
    {"C-056Gb", "a ground station relays the packs that its aircraft signed, octet for octet, and those of no other", "live", R"(
      begin live=packs origin=relay keyless mixed
      fly for=3P
      each relayed wrapped=ua)"},
    {"C-056Gc", "a ground station that makes the messages out of C2 signs the Wrapper with its own DET and names the aircraft", "live", R"(
      begin live=mavlink origin=c2
      fly for=3P
      each wrapped=gw has=basic,location said)"},
    {"C-056Gd", "or it sends them plain under the signature of its token", "live", R"(
      begin live=mavlink origin=c2_plain
      fly for=3P
      each wrapped=none has=basic,location said)"},
    {"C-056Ge", "the operator's device relays what the aircraft signed, under a DET of its own", "live", R"(
      begin live=packs origin=device keyless
      fly for=3P
      each relayed wrapped=ua)"},
    {"C-057G", "flight messages hold the current Location", "", R"(
      begin
      fly for=P
      expect report non has=location)"},
    {"C-059G", "asked for a Self-ID that it has not, it sends a null one", "", R"(
      launch self-id=none
      expect report con
      reply heartbeat flags=self
      expect report con has=null-self
      reply heartbeat
      expect report non)"},
    {"C-063Ga", "CON at the start, for answers to flags and for the end, NON in flight", "", R"(
      launch
      expect report con
      reply heartbeat flags=system
      expect report con has=system
      reply heartbeat
      expect report non
      none report con for=2P
      stop
      expect end con)"},
    {"C-063Gb", "a CON Heartbeat is answered with a 2.04 that echoes its token, a NON not at all", "", R"(
      begin
      notice con heartbeat
      expect changed within=A
      notice non heartbeat
      wait A
      count changed most=0)"},
};

}  // namespace

std::span<const Case> gateway_cases() { return kGatewayCases; }

}  // namespace nrid::conform
