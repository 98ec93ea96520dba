// Packs and Wrappers, nrid.md R-053 to R-059.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Case kSpPackCases[] = {
    {"C-053a", "a pack whose head does not fit its content is refused", "", R"(
      send start pack=count-0
      expect 4.00 bare
      send start pack=count-10
      expect 4.00 bare
      send start pack=size
      expect 4.00 bare
      send start pack=long
      expect 4.00 bare
      send start pack=short
      expect 4.00 bare)"},
    {"C-053b", "a pack in a pack is refused", "", R"(
      send start pack=nested
      expect 4.00 bare)"},
    {"C-054a", "the Wrapper is taken in its extended and in its full form", "", R"(
      send start wrapper=full
      expect heartbeat
      send con wrapper=extended
      expect any-2.04)"},
    {"C-054b", "evidence whose length is no multiple of 25 is refused", "", R"(
      send start wrapper=full wfault=odd
      expect 4.00)"},
    {"C-054c", "evidence out of order, or of a type that no Wrapper may cover, is refused", "", R"(
      send start wrapper=full wfault=descending
      expect 4.00
      send start wrapper=full wfault=inner-auth
      expect 4.00)"},
    {"C-054d", "a missing page, and another authentication type or method, are refused", "", R"(
      send start wfault=missing-page
      expect 4.00
      send start wfault=auth-type
      expect 4.00
      send start wfault=sam
      expect 4.00)"},
    {"C-054e", "a parity page that a relay added is ignored", "", R"(
      send con messages=basic,location wfault=parity
      expect heartbeat)"},
    {"C-054f", "the extended form covers the messages in the order of their types, in whatever order they stand", "", R"(
      send start pack=reversed
      expect heartbeat)"},
    {"C-054g", "in conformance mode the aircraft's times count from 2019", "conformance", R"(
      send start wfault=unix
      expect 4.01)"},
    {"C-054h", "a Manifest is taken, and what stands beside it feeds nothing", "", R"(
      send con messages=basic,location wrapper=manifest
      expect heartbeat flags=with:basic,location
      begin
      send con messages=location wrapper=manifest
      expect changed)"},
    {"C-054i", "a Frame is taken, and what stands beside it feeds nothing", "", R"(
      send con messages=basic,location wrapper=frame
      expect heartbeat flags=with:basic,location)"},
    {"C-054j", "a Manifest and a Frame need the aircraft's signature too", "", R"(
      send con messages=basic,location wrapper=manifest wfault=flip
      expect 4.01
      send con messages=basic,location wrapper=frame wfault=flip
      expect 4.01)"},
    {"C-055a", "the aircraft's signature decides", "", R"(
      send start wfault=flip
      expect 4.01
      send start wrapper=full wfault=flip
      expect 4.01)"},
    {"C-055b", "VNB and VNA must hold now, stand in order and span 300 s at most", "", R"(
      send start window=-400:-150
      expect 4.01
      send start window=60:120
      expect 4.01
      send start window=0:400
      expect 4.01
      send start window=100:0
      expect 4.01)"},
    {"C-055c", "a Basic ID of another session than the Wrapper's aircraft is refused", "two", R"(
      send start by=gw session=other
      expect 4.03)"},
    {"C-056a", "an aircraft speaks for itself", "", R"(
      send start by=ua
      expect heartbeat)"},
    {"C-056b", "a ground station relays what its aircraft signed", "", R"(
      send start by=gw
      expect heartbeat)"},
    {"C-056c", "a ground station may build the messages: under its own Wrapper, or plain under its token alone", "c2", R"(
      send start by=gw signer=gw session=ua
      expect heartbeat
      send con by=gw wrapper=none messages=basic,location
      expect any-2.04)"},
    {"C-056d", "the gateway of another operator is refused with 4.03", "two", R"(
      send start by=other-gw
      expect 4.03)"},
    {"C-056e", "packs that only the ground station signed are refused where policy says so", "no-c2", R"(
      send start by=gw wrapper=none
      expect 4.03)"},
    {"C-057", "a packet without Location in flight is accepted and is contact", "", R"(
      begin
      send con messages=self
      expect changed
      fly for=RP+2P messages=self count=due)"},
    {"C-058", "several Basic IDs are accepted, and static messages may change in flight", "", R"(
      begin
      send con messages=basic,serial,location
      expect changed
      send con messages=location,system location=moved-operator
      expect changed)"},
    {"C-059", "a null Self-ID is an answer to the question for it", "self-id", R"(
      send start
      expect heartbeat flags=with:self
      send con messages=location,null-self
      expect heartbeat flags=without:self)"},
};

}  // namespace

std::span<const Case> sp_pack_cases() { return kSpPackCases; }

}  // namespace nrid::conform
