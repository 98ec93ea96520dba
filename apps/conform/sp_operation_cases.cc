// An operation from its start to its end, nrid.md sections 5 to 10, as a provider must follow it.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Case kSpOperationCases[] = {
    {"C-062", "a Heartbeat comes every P, whatever was received", "", R"(
      begin
      fly for=6P count=due)"},
    {"C-063a", "a packet of the start phase, an answer to flags and an end are answered at once", "", R"(
      send con messages=basic,location
      expect heartbeat
      send con messages=location,system
      expect heartbeat
      send end
      expect end)"},
    {"C-063b", "in flight a NON is not answered, a CON with 2.04 without payload", "", R"(
      begin
      send flight
      silence
      send con
      expect changed)"},
    {"C-063c", "a NON of the start phase is answered with a NON", "", R"(
      send start non
      expect heartbeat non)"},
    {"C-063d", "a timed Heartbeat is a POST to the resource", "law", R"(
      begin
      expect notice)"},
    {"C-071", "each try of the first packet is answered, also when the answers before were lost", "", R"(
      send con messages=basic,location
      expect heartbeat
      send con messages=basic,location
      expect heartbeat
      send con messages=basic,location
      expect heartbeat)"},
    {"C-072", "every answer to flags brings updated flags, until none is left", "", R"(
      begin
      expect notice flags=0)"},
    {"C-076", "an aircraft that was lost goes on where it was: no second start phase", "", R"(
      begin
      fly silent for=RP+P+A
      send flight
      silence
      expect notice flags=0 within=P+A)"},
    {"C-080", "the same pack in a newer token is contact", "", R"(
      begin
      send con as=x
      expect changed
      send con pack-of=x
      expect changed
      fly for=RP+2P pack-of=x count=due)"},
    {"C-084a", "after R Heartbeats without a word of the aircraft it counts as lost", "", R"(
      begin
      fly silent for=RP+3P count=lost)"},
    {"C-084b", "the next packet of a lost aircraft brings its Heartbeats back", "", R"(
      begin
      fly silent for=RP+P+A
      send flight
      expect notice within=P+A
      send flight
      expect notice within=P+A)"},
    {"C-085", "more messages than the rate of a DET are 4.29, and the operation goes on", "", R"(
      begin
      flood con
      tally 4.29 least=1
      wait 2
      send con
      expect changed)"},
    {"C-086", "a position that jumps is not refused", "", R"(
      begin
      send con location=jump
      expect changed)"},
    {"C-100a", "an end of another form, or with a code that is not the UAS's, is refused", "", R"(
      begin
      send end body=short
      expect 4.00 bare
      send end body=long
      expect 4.00 bare
      send end code=1
      expect 4.00 bare)"},
    {"C-100b", "an end is answered by [det_uas, 1, iat of the request]", "law", R"(
      begin
      send end by=gw
      expect end)"},
    {"C-102a", "an end is acknowledged and stops the Heartbeats", "", R"(
      begin
      send end
      expect end
      quiet for=2P+A)"},
    {"C-102b", "a repeated end gets its answer again", "", R"(
      begin
      send end as=x
      expect end
      send end
      expect end
      send end code=3
      expect end)"},
    {"C-102c", "the end of an operation that nobody knows is answered", "", R"(
      send end
      expect end)"},
    {"C-103a", "an end by a gateway that is not the owner is refused, and the operation goes on", "two", R"(
      begin
      send end by=other-gw about=ua
      expect 4.03
      send end by=ua about=other
      expect 4.03
      fly for=2P count=due)"},
    {"C-103b", "what is not newer than the end opens nothing", "", R"(
      begin
      send end
      expect end
      send con iat=-3
      expect 4.03)"},
    {"C-104", "an aircraft lost for longer than op.abandon begins anew", "", R"(
      begin
      fly silent for=RP+2P+D
      send flight
      expect heartbeat non flags=some)"},
    {"C-111", "any packet of an operation is served, by whatever worker or node it reaches", "", R"(
      begin
      send con from=b
      expect changed
      send con from=c
      expect changed
      send con from=d
      expect changed
      send con from=a
      expect changed)"},
};

}  // namespace

std::span<const Case> sp_operation_cases() { return kSpOperationCases; }

}  // namespace nrid::conform
