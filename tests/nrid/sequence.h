// A provider's life as a program of four-octet instructions: what a fuzzer mutates and a test can write down. Aircraft, ground stations and
// a stranger send reports, ends, copies, forgeries and junk over both ports from several addresses while time passes, keys come,
// the journal fails and the provider restarts. After every instruction the laws hold or the process ends:
//   conservation (style.md 4); no more than three octets to an unproven address for each one from it; tables within their limits;
//   what is answered echoes its token and is signed; nothing reaches the modules but what a party signed (T3).
#pragma once

#include <map>

#include "tests/nrid/instructions.h"
#include "tests/nrid/server_support.h"

namespace nrid::testing {

// What a run reached, summed by whoever runs many: a fuzzer that never leaves the start phase shows it here.
struct Reached {
  uint64_t instructions = 0, datagrams = 0, accepted = 0, refused = 0, duplicate = 0, parked = 0, started = 0, active = 0, lost = 0,
           recovered = 0, ended = 0, abandoned = 0, ended_by_sp = 0, proven = 0, restarts = 0, withheld = 0, schc = 0, redirected = 0, moved = 0;
  void print(std::FILE* out) const;  // "reached: started=12 active=9 ..."
};

class Sequence {
 public:
  explicit Sequence(uint8_t how);    // bits: shards, conformance, c2, small tables
  void run(Bytes program, Reached& reached);

 private:
  struct Ledger {
    uint64_t in = 0, out = 0;
    bool proven = false;
  };
  void step(std::span<const uint8_t, kInstructionSize> instruction);
  void report(uint8_t a, uint8_t b, uint8_t c);
  void end(uint8_t a, uint8_t b, uint8_t c);
  void again(uint8_t a, uint8_t b, uint8_t c, bool changed);
  void prove(uint8_t a, uint8_t b);
  void pass(uint8_t a);
  void keys(uint8_t a);
  void disturb(uint8_t a);
  void send(Bytes datagram, uint8_t from, Transport transport);
  void restart();
  void give_peers();
  void collect();
  void check_laws();
  void hear(Transport transport);
  const Party& party(uint8_t number) const;

  World world_;
  Party other_{8};                                    // a provider to which aircraft may be sent
  std::map<std::pair<Address, int>, Ledger> ledgers_;
  std::vector<std::pair<Transport, Buffer>> sent_;    // by us, to be sent again
  std::vector<Heard> notices_;                        // CON Heartbeats that a 2.04 may answer
  std::set<Buffer> signed_;                           // payloads of tokens that a party signed
  size_t sightings_seen_ = 0, events_seen_ = 0;
  Reached reached_;
};

}  // namespace nrid::testing
