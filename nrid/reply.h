// Answers: what must be kept of a request to answer it later, how a response and a Heartbeat become a datagram, and the
// outbox in which a thread collects what leaves at the end of its batch.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "base/counters.h"
#include "nrid/datagram_port.h"
#include "nrid/frame.h"
#include "nrid/keyed_digest.h"
#include "nrid/protector.h"

namespace nrid {

inline constexpr size_t kReplySpace = 512;  // the largest we send or store: a Heartbeat with a redirect, about 350
using ReplyOctets = std::array<uint8_t, kReplySpace>;

struct ReplyPath {                       // the socket on which it came is the socket on which we answer
  DatagramPort* port = nullptr;
  Transport transport = Transport::plain;
  Address peer;
  Address local = {};                    // our address that it came to, when the socket has several: answers leave from there
  const PayloadProtector* protector = nullptr;  // of that socket; null: payloads are bare
  bool same_as(const ReplyPath& o) const { return peer == o.peer && port == o.port; }
};

struct Request {
  coap::Type type = coap::Type::non;
  uint16_t id = 0;
  std::array<uint8_t, 8> token{};
  uint8_t token_size = 0;
  uint8_t unwanted = 0;                  // RFC 7967: bit (class - 1) set means no such response
  bool acked = false;                    // the empty ACK of a parked CON has left: the response is a separate one
  bool confirmable() const { return type == coap::Type::con; }
  bool wants(uint8_t code) const { return (unwanted >> ((code >> 5) - 1) & 1) == 0; }
  static Request of(const coap::Message& message);
};

// Our own message ids: a row for each peer, for several flights may stand behind one address, and to it no id may come again
// within EXCHANGE_LIFETIME (RFC 7252 section 4.4). Fixed memory: peers share the rows by a keyed hash, which nobody can aim.
// A row comes round within that time at more than 65536 / 247 = 265 messages a second. Any thread.
class MessageIds {
 public:
  static constexpr size_t kRows = 16'384;

  explicit MessageIds(Random& random);
  uint16_t next(const Address& peer);

 private:
  KeyedDigest keyed_;
  std::vector<std::atomic<uint16_t>> rows_;
};

// A response as the message layer wants it: piggybacked in the ACK of a CON, else a NON of our own message id. A response
// that RFC 7967 declined becomes the empty ACK of a CON, or nothing. `octets` is empty when nothing is to be sent.
struct Response {
  uint8_t code = coap::kChanged;
  Bytes payload;                         // a CWT if code is 2.04, else a diagnostic word
  uint32_t max_age_s = 0;                // with 5.03
  Bytes echo = {};                       // RFC 9175; empty: none
};
Bytes make_reply(const ReplyPath& path, const schc::RuleSet& rules, const Request& request, const Response& response,
                 MessageIds& ids, ReplyOctets& space);
Bytes make_empty(const ReplyPath& path, const schc::RuleSet& rules, coap::Type type, uint16_t id, ReplyOctets& space);
// POST /nrid from the provider to the gateway.
Bytes make_notice(const ReplyPath& path, const schc::RuleSet& rules, coap::Type type, uint16_t id, Bytes token, Bytes cwt,
                  ReplyOctets& space);

class Outbox {                           // one thread
 public:
  void add(const ReplyPath& path, Bytes octets);
  bool empty() const { return entries_.empty(); }
  void clear();
  void flush(CounterBlock& counters);    // sends, counts, empties

 private:
  struct Entry {
    DatagramPort* port = nullptr;
    Address peer;
    Address local;
    size_t offset = 0;
    size_t size = 0;
  };
  std::vector<Entry> entries_;
  Buffer octets_;
  std::vector<Outgoing> run_;
};

}  // namespace nrid
