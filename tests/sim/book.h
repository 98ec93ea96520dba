// What was truly said: every token that an honest party has signed and sent, by its octets. The laws judge a provider by
// this book, not by what the provider says of itself. Also the one place where the simulation opens datagrams.
#pragma once

#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/digest.h"
#include "nrid/client.h"
#include "tests/sim/timeline.h"

namespace nrid::sim {

enum class Said : uint8_t { report, end, heartbeat, end_word };

struct Entry {
  Said what = Said::report;
  Det kid;                             // who signed
  Det ua;                              // about whom
  Det sp;                              // to, or by
  int64_t iat = 0;
  int64_t exp = 0;
  Digest16 octets{};                   // all of it
  Time at;                             // first sent
  // reports
  uint32_t types = 0;                  // message types that a Wrapper covers
  bool has_location = false;
  bool wrapped = false;
  Instant sampled;
  std::optional<int32_t> latitude_e7;
  Digest16 pack{};
  // words and ends
  uint64_t code = 0;                   // of an end
  uint64_t ref = 0;
  bool asks_link = false;              // of a Heartbeat
};

// A datagram, opened.
struct Opened {
  coap::Type type = coap::Type::non;
  uint8_t code = 0;
  uint16_t id = 0;
  Token token;
  bool has_token = false;              // a payload that looks like a CWT
  Digest16 digest{};                   // of that payload
  Bytes payload;                       // in the reader's space or in the datagram
  Bytes echo;                          // RFC 9175, in the same place; empty: none
};

class Book {
 public:
  explicit Book(schc::RuleSet rules) : rules_(std::move(rules)) {}

  const schc::RuleSet& rules() const { return rules_; }
  // `way` is the direction in which the datagram travels. Nothing when it is no CoAP message.
  std::optional<Opened> open(Transport transport, schc::Direction way, Bytes datagram, FrameSpace& space) const;
  // A token goes by its signature, the last 64 octets of a COSE_Sign1: that is what R-045 calls the same.
  static Digest16 digest(Bytes cwt) { return keyed_digest({}, cwt.last(std::min<size_t>(cwt.size(), 64))); }
  // All of it, for a token that was changed under its signature.
  static Digest16 whole(Bytes octets) { return keyed_digest({}, octets); }

  // An honest party sends this token; null when it cannot be read, which is a finding.
  const Entry* write(const Opened& opened, Time now);
  const Entry* find(const Digest16& digest) const {
    const auto at = entries_.find(digest);
    return at == entries_.end() ? nullptr : &at->second;
  }
  // Signed by somebody with a good key who had no business to say it.
  void note_betrayal(Bytes cwt) { betrayals_.insert(digest(cwt)); }
  bool is_betrayal(const Digest16& digest) const { return betrayals_.contains(digest); }
  // This aircraft's own gateway changed under its signature what the aircraft had signed.
  void note_altered(const Det& ua) { altered_.insert(ua); }
  bool is_altered(const Det& ua) const { return altered_.contains(ua); }
  size_t size() const { return entries_.size(); }
  void forget_before(Time time);       // tokens first sent before `time`: long expired

 private:
  schc::RuleSet rules_;
  absl::flat_hash_map<Digest16, Entry> entries_;
  absl::flat_hash_set<Digest16> betrayals_;
  absl::flat_hash_set<Det> altered_;
};

}  // namespace nrid::sim
