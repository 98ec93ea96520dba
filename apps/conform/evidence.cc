#include "apps/conform/evidence.h"

#include <cstdio>

namespace nrid::conform {

std::string to_text(const Packet& packet, Tick begin) {
  char at[32];
  std::snprintf(at, sizeof at, "%9.3f", static_cast<double>((packet.at - begin).us) / 1e6);
  return std::string(at) + " s  " + packet.socket + (packet.out ? " > " : " < ") + nrid::to_text(packet.peer) + (!packet.schc ? "  plain  " : packet.up ? "  schc up  " : "  schc down  ") +
         to_hex(packet.octets);
}

}  // namespace nrid::conform
