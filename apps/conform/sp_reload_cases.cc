// What changes while flights go on: the provider's identity and its timers (nrid.md section 0, R-051, R-064). Our own provider reads its
// settings again; for another's the profile has a command.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Case kSpReloadCases[] = {
    {"C-051b", "while its key changes a provider answers under both DETs, each under the one that was addressed", "rotate next alone", R"(
      begin
      hook rotate
      send con
      expect changed
      send con sp=next
      expect any-2.04
      send end sp=next
      expect end by=next
      send con messages=basic,location
      expect heartbeat)"},
    {"C-051c", "a DET whose key went is that of another provider", "retire next alone", R"(
      begin
      hook retire
      send con
      expect 4.03
      send con sp=next
      expect any-2.04)"},
    {"C-062b", "a longer P, and the old one again, hold for flights under way", "retime alone", R"(
      begin
      hook retime
      fly for=2P
      fly for=6P period=2P count=due
      hook restore
      fly for=2P
      fly for=4P count=due)"},
    {"C-064a", "Heartbeats come under the DET that the aircraft addressed last", "rotate next alone", R"(
      begin
      hook rotate
      fly for=2P
      expect notice
      send flight sp=next
      expect notice by=next within=2P+A
      fly for=2P sp=next count=due)"},
};

}  // namespace

std::span<const Case> sp_reload_cases() { return kSpReloadCases; }

}  // namespace nrid::conform
