// The CWT, nrid.md section 3, and the bodies of sections 4, 5 and 9 as a provider reads and writes them.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

// An operation with every word of a provider in it, for what is judged over all datagrams.
constexpr std::string_view kWhole = R"(
      begin
      fly for=2P
      send end
      expect end)";

constexpr Case kSpTokenCases[] = {
    {"C-040a", "what leaves is a COSE_Sign1 with tag 18", "law", kWhole},
    {"C-040b", "tag 61 around tag 18, and an untagged array, are taken", "", R"(
      send start tag=61
      expect heartbeat
      send con tag=none
      expect any-2.04)"},
    {"C-040c", "tag 61 around anything else, and another tag, are refused", "", R"(
      send start tag=61-none
      expect 4.00 bare
      send start tag=17
      expect 4.00 bare)"},
    {"C-041a", "what leaves has alg -8 in the protected header alone", "law", kWhole},
    {"C-041b", "alg -19 is taken", "", R"(
      send start alg=-19
      expect heartbeat)"},
    {"C-041c", "any other alg, or alg outside the protected header, is refused", "", R"(
      send start alg=-7
      expect 4.00 bare
      send start alg=unprotected
      expect 4.00 bare
      send start alg=both
      expect 4.00 bare
      send start alg=none
      expect 4.00 bare)"},
    {"C-041d", "a critical header parameter that nobody understands is refused", "", R"(
      send start alg=crit
      expect 4.00 bare)"},
    {"C-042a", "kid is a DET, in a byte string", "law", kWhole},
    {"C-042b", "kid is taken in three forms and answered in the form that came", "two", R"(
      send start
      expect heartbeat kid=tagged
      send start kid=bare by=gw
      expect heartbeat kid=bare
      send start kid=literal by=other
      expect heartbeat kid=literal ua=other)"},
    {"C-042c", "kid in any other form is refused", "", R"(
      send start kid=short
      expect 4.00 bare
      send start kid=tag
      expect 4.00 bare
      send start kid=missing
      expect 4.00 bare)"},
    {"C-042d", "an iss claim must name kid", "", R"(
      send start claims=iss
      expect heartbeat
      send start claims=iss-wrong
      expect 4.00 bare)"},
    {"C-043a", "sub, exp, nbf = iat and one body leave, nothing else", "law", kWhole},
    {"C-043b", "the draft's literal times 0, 10, 0 are expired", "", R"(
      send start literal-times
      expect 4.01 bare)"},
    {"C-043c", "another subject, or a body of another subject, is refused", "", R"(
      send start sub=NRID-XYZ
      expect 4.00 bare
      send start sub=NRID-EOO
      expect 4.00 bare)"},
    {"C-043d", "claims that nobody knows are passed over", "", R"(
      send start claims=extra
      expect heartbeat)"},
    {"C-044a", "an expired token is refused with 4.01", "", R"(
      send start iat=-70
      expect 4.01 bare)"},
    {"C-044b", "a token from the future is refused with 4.01", "", R"(
      send start iat=45
      expect 4.01 bare
      send start nbf=45 life=60
      expect 4.01 bare)"},
    {"C-044c", "a lifetime that is not 1 to 60 s is refused", "", R"(
      send start life=61
      expect 4.00 bare
      send start life=0
      expect 4.00 bare)"},
    {"C-044d", "a date that is no integer, or missing, is refused", "", R"(
      send start claims=float-exp
      expect 4.00 bare
      send start claims=no-iat
      expect 4.00 bare)"},
    {"C-044e", "clocks may differ by the skew", "", R"(
      send start life=1 iat=-2
      expect heartbeat)"},
    {"C-044f", "what leaves is dated now and lives 1 to 60 s", "law", kWhole},
    {"C-045a", "a token is taken once, also a second later", "", R"(
      send con messages=basic,location as=x
      expect heartbeat
      wait 1
      again con what=x
      silence empty-ok)"},
    {"C-045b", "after its expiry and the skew a replay is expired", "", R"(
      send start life=1 iat=-2 as=x
      expect heartbeat
      wait S+1
      again con what=x
      expect 4.01)"},
    {"C-046a", "what leaves is in deterministic encoding", "law", kWhole},
    {"C-046b", "indefinite lengths and heads that are not the shortest are refused", "", R"(
      send start claims=indefinite
      expect 4.00 bare
      send start claims=long-head
      expect 4.00 bare)"},
    {"C-046c", "keys that come twice, nesting over 8, text that is no UTF-8 and octets behind the end are refused", "", R"(
      send start claims=dup
      expect 4.00 bare
      send start claims=deep
      expect 4.00 bare
      send start claims=utf8
      expect 4.00 bare
      send start claims=trailing
      expect 4.00 bare
      send start pad=700
      expect 4.00 bare)"},
    {"C-046d", "map keys come in any order", "", R"(
      send start claims=order
      expect heartbeat)"},
    {"C-047a", "checks go from cheap to dear: shape before times, times before the addressee, the addressee before the signature", "", R"(
      send start alg=-7 iat=-70
      expect 4.00 bare
      send start iat=-70 sp=other
      expect 4.01 bare
      send start sp=other sign=high-s
      expect 4.03 bare)"},
    {"C-047b", "the Ed25519 signature of the token decides", "", R"(
      send start sign=flip
      expect 4.01 bare
      send start sign=high-s
      expect 4.01 bare)"},
    {"C-050a", "a body without `encoded` is taken", "", R"(
      send start encoded=none
      expect heartbeat)"},
    {"C-050b", "a body of another shape is refused", "", R"(
      send start body=short
      expect 4.00 bare
      send start body=long
      expect 4.00 bare
      send start body=no-tag
      expect 4.00 bare
      send start body=swapped
      expect 4.00 bare)"},
    {"C-051", "a report for another provider is refused with 4.03", "", R"(
      send start sp=other
      expect 4.03 bare)"},
    {"C-052a", "in conformance mode an `encoded` that says what is not in the pack is refused", "conformance", R"(
      send start encoded=wrong
      expect 4.00)"},
    {"C-052b", "`encoded` is a hint: the pack wins", "tolerant", R"(
      send start encoded=wrong
      expect heartbeat)"},
    {"C-052c", "bit 15 of `encoded` says nothing", "", R"(
      send start encoded=bit15
      expect heartbeat)"},
    {"C-060", "a Heartbeat is [det_uas, expected, ? move_sp] under the provider's own signature", "law", kWhole},
    {"C-061a", "the flags are what the provider still lacks", "", R"(
      send con messages=basic,location
      expect heartbeat flags=with:system,operator
      send con messages=location,system
      expect heartbeat flags=without:basic,location,system)"},
    {"C-061b", "a Wrapper whose key nobody knows is answered by asking for the Link", "linkless", R"(
      send start by=gw signer=linkless session=linkless
      expect heartbeat ua=any pages=7f)"},
    {"C-061c", "det_uas is the aircraft, also when its gateway speaks", "", R"(
      send start by=gw
      expect heartbeat ua=ua)"},
};

}  // namespace

std::span<const Case> sp_token_cases() { return kSpTokenCases; }

}  // namespace nrid::conform
