// Transport, nrid.md section 2: CoAP, SCHC, addresses, copies.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Case kSpTransportCases[] = {
    {"C-020", "POST to the resource with Content-Format 61 is answered in kind", "law", R"(
      send start
      expect heartbeat)"},
    {"C-021", "a restart loses no operation: the next packet needs no new start phase and is accepted", "restart alone", R"(
      begin
      fly for=2P
      restart
      send flight con
      expect any-2.04)"},
    {"C-022a", "Heartbeats go to the source of the newest authentic packet, and two more to the address before it", "", R"(
      begin
      send flight from=b
      expect notice at=b
      expect notice at=a within=P+A)"},
    {"C-022b", "a copy of a packet from another address moves nothing", "", R"(
      begin
      send flight as=x
      wait 0.3
      again what=x from=b
      quiet at=b for=P+A
      expect notice at=a within=P+A)"},
    {"C-022c", "a packet that is older than the newest moves no address", "", R"(
      begin
      send flight
      send flight from=b iat=-3
      quiet at=b for=P+A
      expect notice at=a within=P+A)"},
    {"C-023a", "the same token from another address is answered by no second Heartbeat", "", R"(
      send start as=x
      expect heartbeat
      again con what=x from=b
      silence empty-ok)"},
    {"C-023b", "copies are no contact: with nothing but copies the aircraft counts as lost, and Heartbeats stop", "", R"(
      begin
      send flight as=x
      fly for=RP+P+A duplicates=x
      quiet for=2P)"},
    {"C-024", "packets out of order are accepted, each", "", R"(
      begin
      send con iat=2
      expect changed
      send con iat=0
      expect changed
      send con iat=1
      expect changed)"},
    {"C-025", "a Location without a time stamp is accepted; the token's iat dates it", "", R"(
      begin
      send con location=no-time
      expect changed)"},
    {"C-027a", "the SCHC port takes compressed messages and answers compressed", "", R"(
      send start from=s
      expect heartbeat)"},
    {"C-027b", "SCHC is never sniffed on the plain port", "", R"(
      send start from=s as=x
      expect heartbeat
      repeat what=x from=a
      silence)"},
    {"C-027c", "plain CoAP on the SCHC port is no rule of the set, and dropped", "", R"(
      send start from=s uncompressed
      silence)"},
    {"C-027d", "an unknown RuleID is dropped", "", R"(
      send from=s octets=7f0102030405060708
      silence)"},
    {"C-027e", "timed Heartbeats come in the form of the packet before them", "law", R"(
      begin from=s
      fly from=s for=3P count=due)"},
    {"C-028a", "the answer to a CON comes in its ACK, with its Message-ID and token; nothing is answered that was not sent", "law", R"(
      send con messages=basic,location
      expect heartbeat
      send con messages=basic,location token=0102030405060708
      expect heartbeat piggyback)"},
    {"C-028b", "a CON repeated octet for octet gets the same ACK octet for octet", "", R"(
      send con messages=basic,location
      expect heartbeat
      send con messages=basic,location as=x
      expect heartbeat as=first
      repeat what=x
      expect heartbeat same=first)"},
    {"C-028c", "an unknown critical option is 4.02", "", R"(
      send start option=65001:00
      expect 4.02 bare)"},
    {"C-028d", "another path is 4.04", "", R"(
      send start path=other
      expect 4.04 bare
      send start path=none
      expect 4.04 bare)"},
    {"C-028e", "another method is 4.05", "", R"(
      send start method=get
      expect 4.05 bare
      send start method=unknown
      expect 4.05 bare)"},
    {"C-028f", "Accept of another format is 4.06", "", R"(
      send start accept=60
      expect 4.06 bare)"},
    {"C-028g", "another Content-Format is 4.15; 18 is taken, and none means 61", "", R"(
      send start format=50
      expect 4.15 bare
      send start format=18
      expect heartbeat
      send con format=none
      expect any-2.04)"},
    {"C-028h", "a payload over 1024 octets is 4.13 with Size1", "", R"(
      send start pad=1100
      expect 4.13 bare size1=1024)"},
    {"C-028i", "Block1 is not offered: 4.02", "", R"(
      send start option=27:08
      expect 4.02 bare)"},
    {"C-028j", "proxying is not offered: 5.05", "", R"(
      send start option=35:636f61703a2f2f782f
      expect 5.05 bare
      send start option=39:636f6170
      expect 5.05 bare)"},
    {"C-028k", "an empty CON is answered with RST", "", R"(
      send octets=40001234
      expect rst)"},
    {"C-028l", "a message format error in a CON is answered with RST, in a NON with silence", "", R"(
      send octets=4f021236
      expect rst
      send octets=5f021237
      silence)"},
    {"C-028m", "ACK and RST are never answered", "", R"(
      send octets=60441238
      silence
      send octets=70001239
      silence
      send octets=60441240ff
      silence)"},
    {"C-028n", "another version, and fewer than four octets, are silence", "", R"(
      send octets=80021241
      silence
      send octets=400212
      silence)"},
    {"C-028o", "No-Response is honoured; a CON still gets its empty ACK", "", R"(
      send start no-response=2
      expect ack
      send start path=other no-response=26
      expect ack)"},
    {"C-028p", "Uri-Host and Uri-Port are known and ignored, unknown elective options too", "", R"(
      send start option=3:6578616d706c65 option2=7:1633
      expect heartbeat
      send con option=65000:00
      expect any-2.04)"},
    {"C-028q", "a refusal of a NON is silence unless its outer signature verified", "", R"(
      send start non path=other
      silence
      send start non sign=flip
      silence
      send start non wfault=flip
      expect 4.01 non)"},
    {"C-028r", "a critical option of a wrong length counts as unknown", "", R"(
      send start option=7:112233
      expect 4.02 bare)"},
    {"C-028s", "a response to nothing that was asked is rejected with RST when confirmable", "", R"(
      send octets=40441242
      expect rst)"},
    {"C-029a", "before the signatures verify nothing but an empty ACK, RST or a code leaves", "", R"(
      send start sign=flip
      expect 4.01 bare
      send start sign=zero
      expect 4.01 bare)"},
    {"C-029b", "an address that is not proven gets at most three times the octets that came from it", "law c2", R"(
      prove off
      send con wrapper=none messages=basic by=gw
      expect any-2.04
      wait RP+2P)"},
    {"C-029c", "Heartbeats are CON until their token comes back in a 2.04, then NON", "", R"(
      prove off
      begin
      expect notice con
      send flight
      prove on
      expect notice con within=P+A
      send flight
      expect notice non within=P+A)"},
    {"C-029d", "an empty ACK proves nothing, nor does another token", "", R"(
      prove empty
      begin
      expect notice con
      send flight
      prove wrong
      expect notice con within=P+A
      send flight
      expect notice con within=P+A)"},
    {"C-029e", "Heartbeats that nobody asked for go only to addresses heard within R*P", "", R"(
      begin
      fly silent for=RP+P+A
      quiet for=2P)"},
    {"C-029f", "an Echo value that comes back proves the address", "echo", R"(
      prove off
      begin
      send con echo=a
      expect changed
      expect notice non within=P+A)"},
    {"C-029g", "an Echo value that was given to another address proves nothing", "echo", R"(
      prove off
      begin
      send con from=b echo=a
      expect changed
      expect notice con at=b within=P+A)"},
    {"C-029h", "an Echo value that is none of the provider's proves nothing, and is no error", "echo", R"(
      prove off
      begin
      send con echo=wrong
      expect changed
      expect notice con within=P+A)"},
    {"C-029i", "an Echo value opens nothing to who does not sign", "echo", R"(
      begin
      send start sign=flip from=b
      expect 4.01 bare
      send start sign=flip from=b echo=b
      expect 4.01 bare)"},
};

}  // namespace

std::span<const Case> sp_transport_cases() { return kSpTransportCases; }

}  // namespace nrid::conform
