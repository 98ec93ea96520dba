// Every datagram of a case, as it left and as it came, and what was wrong in form with those that came.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/conform/token.h"
#include "nrid/datagram_port.h"

namespace nrid::conform {

struct Packet {
  Tick at;
  bool out = false;
  bool schc = false;
  bool up = true;                                      // from the UAS to the provider
  std::string socket;                                  // ours, by its name in the script
  Address peer;
  Buffer octets;
};

// "  1.204 s  a > 127.0.0.1:5683  plain  58d2...": `nrid show HEX` explains the octets; where the line says "schc up" or
// "schc down" it wants --schc --direction up or down.
std::string to_text(const Packet& packet, Tick begin);

struct Evidence {
  Tick begin;
  std::vector<Packet> packets;
  struct Found {
    Fault fault;
    size_t packet = 0;                                 // index into packets
  };
  std::vector<Found> faults;
  std::map<std::string, size_t, std::less<>> examined; // messages by what they were: "uss", "uas", "eoo", "coap"
};

}  // namespace nrid::conform
