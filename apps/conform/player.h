// What both roles share: sockets by name, an inbox, the evidence. A socket whose name begins with s speaks SCHC. One thread
// for each case; a step waits in pump(), which hears every socket of the case.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>

#include "apps/conform/evidence.h"
#include "apps/conform/script.h"
#include "base/random.h"
#include "nrid/client.h"
#include "nrid/udp_port.h"

namespace nrid::conform {

// How a message travels, decided by its author step by step.
struct Letter {
  coap::Type type = coap::Type::non;
  uint8_t code = coap::kPost;
  uint16_t id = 0;
  Buffer token;
  std::vector<std::pair<uint16_t, Buffer>> options;    // in any order
  Buffer payload;
};

struct Heard {
  std::string socket;
  Address peer;
  Address to;                                          // our address that it came to
  Tick at;
  size_t packet = 0;                                   // in the evidence
  bool readable = false;                               // as CoAP, after SCHC
  Letter letter;
  TokenRead token;                                     // of its payload, if it has one that should be a CWT
  bool used = false;                                   // a step has spoken of it
  bool request() const { return letter.code > 0 && letter.code < 0x20; }
  bool response() const { return letter.code >= 0x40; }
  const Buffer* option(uint16_t number) const;
  std::optional<uint32_t> number(uint16_t option_number) const;
};

std::string code_text(uint8_t code);                   // "2.04"
std::string describe(const Heard& heard);              // "4.01 in an ACK, no payload"

struct Common {                                        // borrowed, shared by all cases
  const Profile& profile;
  schc::RuleSet rules;
  const Clock& clock;
  const std::atomic<bool>& interrupted;
};

class Player {
 public:
  explicit Player(Common common) : common_(std::move(common)) { evidence_.begin = now().tick; }
  virtual ~Player() = default;
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // Runs one step; a failed Status is the verdict, in a sentence.
  virtual Status run(const Step& step) = 0;
  // After the last step, whatever happened: leaves nothing behind. A failed Status: something is left.
  virtual Status finish() = 0;
  Evidence& evidence() { return evidence_; }
  bool interrupted() const { return common_.interrupted; }

 protected:
  struct Socket {
    std::string name;
    std::unique_ptr<UdpPort> port;
    bool schc = false;
    uint64_t sent = 0, received = 0;                   // octets, the ledger of R-029
    bool proven = false;
  };

  Now now() const { return common_.clock.now(); }
  const Profile& profile() const { return common_.profile; }
  StatusOr<Duration> duration(const Step& step, std::string_view name, std::string_view otherwise) const;
  Status open_socket(const std::string& name, const Address& local);
  Socket* find_socket(std::string_view name);

  Status send_octets(Socket& socket, const Address& to, Bytes octets);
  StatusOr<Buffer> seal(const Letter& letter, bool schc, schc::Direction direction) const;
  // Hears everything until `until`, or until enough() says so, or the run is interrupted.
  void pump(Tick until, const std::function<bool()>& enough = [] { return false; });
  Status wait(Duration time);
  void fault(std::string_view requirement, std::string text, size_t packet) { evidence_.faults.push_back({{requirement, std::move(text)}, packet}); }

  // Each datagram as it comes: forms and automatic answers. `heard` already stands in the inbox.
  virtual void on_heard(Heard& heard, Socket& socket) = 0;
  virtual schc::Direction incoming() const = 0;

  Common common_;
  SystemRandom random_;
  Evidence evidence_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<std::unique_ptr<Heard>> inbox_;
  uint16_t next_id_ = SystemRandom().u16();

 private:
  bool hear(Socket& socket);
  void read(Heard& heard, Bytes octets, bool schc);
};

}  // namespace nrid::conform
