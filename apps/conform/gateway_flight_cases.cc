// Start, flight, redirect and end as a gateway must do them, nrid.md sections 5 to 9.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Case kGatewayFlightCases[] = {
    {"C-064Ga", "a Heartbeat with a wrong signature is ignored and does not stop the wait for one", "", R"(
      begin
      fly for=M+2T sign=flip
      count resend least=1)"},
    {"C-064Gb", "an expired Heartbeat is ignored", "", R"(
      begin
      fly for=M+2T iat=-40
      count resend least=1)"},
    {"C-064Gc", "a Heartbeat about another aircraft is ignored", "", R"(
      begin
      fly for=M+2T ua=other
      count resend least=1)"},
    {"C-064Gd", "a Heartbeat older than the last accepted one is ignored", "", R"(
      begin
      fly for=M+2T iat=-5
      count resend least=1)"},
    {"C-064Ge", "a Heartbeat of another provider is ignored", "", R"(
      begin
      fly for=M+2T by=b
      count resend least=1)"},
    {"C-065G", "another word of the provider is ignored, and the flight goes on", "", R"(
      begin
      notice con heartbeat sub=NRID-MSG
      notice non heartbeat sub=NRID-MSG
      fly for=2P
      count report least=1)"},
    {"C-070G", "the first packet goes out before the aircraft does, signed, with the static messages", "", R"(
      launch
      expect report con ground has=basic,system,operator)"},
    {"C-071Ga", "the first packet is sent F times, each a newer token, and then there is no flight", "", R"(
      launch
      expect exit failed
      count report con fresh least=F most=F
      count report non most=0)"},
    {"C-071Gb", "an answer to the last try is enough", "", R"(
      launch
      expect report con
      expect report con
      expect report con
      expect report con
      reply heartbeat
      expect report non)"},
    {"C-072Ga", "flags are answered with what they ask for", "", R"(
      launch
      expect report con
      reply heartbeat flags=self,system
      expect report con has=self,system)"},
    {"C-072Gb", "after eight rounds of flags the start has failed", "", R"(
      launch
      rounds flags=system most=8
      expect exit failed)"},
    {"C-073G", "nothing flies before a Heartbeat without flags", "", R"(
      launch
      expect report con
      reply heartbeat flags=operator
      expect report con
      reply heartbeat flags=operator
      none report non for=2P)"},
    {"C-075G", "a redirect at the start is followed: the start goes on at the new provider", "redirect", R"(
      launch
      expect report con
      reply heartbeat move=b
      expect report con at=b
      reply heartbeat
      expect report non at=b)"},
    {"C-080G", "a resend is the same pack in a newer token", "", R"(
      begin
      fly silent for=M
      expect report resend)"},
    {"C-081G", "a Heartbeat after N without a word of the gateway makes it resend", "", R"(
      begin speed=0.1
      wait N+0.3
      notice non heartbeat
      expect report resend within=A)"},
    {"C-082Ga", "M without a Heartbeat makes it resend, L times", "", R"(
      begin
      fly silent for=M+LT
      count resend least=L most=L)"},
    {"C-082Gb", "a Heartbeat after the third resend cancels the loss", "", R"(
      begin
      expect report resend within=M+2T
      expect report resend within=2T
      expect report resend within=2T
      notice non heartbeat
      fly for=M
      count resend most=0
      count end most=0
      expect report non)"},
    {"C-082Gc", "Heartbeats in time: nothing is resent", "", R"(
      begin
      fly for=M+2T
      count resend most=0)"},
    {"C-083G", "a redirect in flight: the last message is resent to the new provider", "redirect", R"(
      begin
      fly for=P
      notice non heartbeat move=b from=a
      expect report at=b resend
      reply heartbeat
      expect report non at=b)"},
    {"C-085G", "positions come at least once a second", "", R"(
      begin
      fly for=6
      count report least=5)"},
    {"C-090G", "after a redirect nothing more goes to the provider before", "redirect", R"(
      begin
      notice non heartbeat move=b
      expect report at=b
      reply heartbeat
      none any at=a for=2P)"},
    {"C-091Ga", "a redirect whose endorsement has a wrong signature is not followed", "redirect", R"(
      begin
      notice non heartbeat move=b be=flip
      none any at=b for=P
      expect report non)"},
    {"C-091Gb", "a redirect whose endorsement is of another provider is not followed", "redirect", R"(
      begin
      notice non heartbeat move=b be=child
      none any at=b for=P
      expect report non)"},
    {"C-091Gc", "a redirect whose endorsement is not by the trusted registry is not followed", "redirect", R"(
      begin
      notice non heartbeat move=b be=parent
      none any at=b for=P
      expect report non)"},
    {"C-091Gd", "a redirect whose endorsement has expired is not followed", "redirect", R"(
      begin
      notice non heartbeat move=b be=expired
      none any at=b for=P
      expect report non)"},
    {"C-091Ge", "a redirect to a multicast address is not followed", "redirect", R"(
      begin
      notice non heartbeat move=b address=239.1.2.3
      fly for=2P
      count report least=1)"},
    {"C-091Gf", "a redirect to anything but coap:// is not followed", "redirect", R"(
      begin
      notice non heartbeat move=b scheme=http
      none any at=b for=P
      expect report non)"},
    {"C-091Gg", "a redirect to a private address is not followed where policy does not allow it", "redirect", R"(
      begin private=no
      notice non heartbeat move=b
      none any at=b for=P
      expect report non)"},
    {"C-092Ga", "no more than three redirects in a row", "redirect", R"(
      begin
      notice non heartbeat move=b
      expect report at=b
      reply heartbeat move=d
      expect report at=d
      reply heartbeat move=e
      expect report at=e
      reply heartbeat move=f
      none any at=f for=2P)"},
    {"C-092Gb", "back to a provider that was left less than 30 s ago is a loop, and not followed", "redirect", R"(
      begin
      notice non heartbeat move=b
      expect report at=b
      reply heartbeat
      wait P
      notice non heartbeat move=a from=b
      none any at=a for=2P)"},
    {"C-092Gc", "a new provider that stays silent is left for the old one", "redirect", R"(
      begin
      notice non heartbeat move=b
      expect report at=b
      expect report at=b
      none any at=a for=0.1
      expect report at=a within=LT+2T)"},
    {"C-100G", "an end is [det_sp, code, ref, ? det_ua]", "law", R"(
      begin
      stop
      expect end con code=0)"},
    {"C-101Ga", "an end that nobody acknowledges is sent again, each time a newer token, four times quickly", "", R"(
      begin
      stop
      expect end con as=first
      expect end con newer=first within=2T
      expect end con within=2T
      expect end con within=2T)"},
    {"C-101Gf", "and from then on once in half a minute", "slow", R"(
      begin
      stop
      expect end con
      expect end con within=2T
      expect end con within=2T
      expect end con within=2T as=fourth
      expect end con within=35
      none end for=20
      expect end con newer=fourth within=15)"},
    {"C-101Gb", "an acknowledgement of another request acknowledges nothing", "", R"(
      begin
      stop
      expect end con
      reply end ref=wrong
      expect end con within=2T)"},
    {"C-101Gc", "a forged acknowledgement acknowledges nothing", "", R"(
      begin
      stop
      expect end con
      reply end forged
      expect end con within=2T)"},
    {"C-101Gd", "an acknowledged end is the last word", "", R"(
      begin
      stop
      expect end con
      reply end
      none any for=2T
      expect exit)"},
    {"C-101Ge", "an end by the provider ends the operation", "", R"(
      begin
      notice non end code=2
      wait A
      none any for=2P)"},
};

}  // namespace

std::span<const Case> gateway_flight_cases() { return kGatewayFlightCases; }

}  // namespace nrid::conform
