// Message-ID deduplication for confirmable requests (nrid.md R-028, RFC 7252 4.2): a CON repeated octet for octet gets
// the stored ACK octet for octet. Only requests whose outer signature verified get an entry, so strangers cannot push
// others out; a bounded LRU, shared by workers (who look) and shards (who answer later).
#pragma once

#include <cstdint>
#include <list>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"
#include "nrid/keyed_digest.h"
#include "nrid/reply.h"

namespace nrid {

class ConReplies {
 public:
  static constexpr Duration kLifetime = seconds(247);         // EXCHANGE_LIFETIME, RFC 7252 4.8.2

  ConReplies(size_t entries_max, Random& random) : entries_max_(entries_max), keyed_(random) {}

  struct Stored {
    bool known = false;                // the same datagram was taken before
    size_t size = 0;                   // 0: its answer is still being made
    ReplyOctets octets{};
    Bytes reply() const { return {octets.data(), size}; }
  };
  // `datagram` as it came, SCHC or plain.
  Stored find(const Address& peer, uint16_t message_id, Bytes datagram, Tick now) const;
  // Called in the worker, when the signature has verified.
  void begin(const Address& peer, uint16_t message_id, Bytes datagram, Tick now);
  // The ACK that left; nothing happens when begin() was not called or the entry is gone.
  void finish(const Address& peer, uint16_t message_id, Bytes reply);
  // No answer left after all: a repeat is judged anew.
  void forget(const Address& peer, uint16_t message_id);
  size_t size() const;

 private:
  struct Key {
    Address peer;
    uint16_t message_id = 0;
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) { return H::combine(std::move(h), k.peer, k.message_id); }
  };
  struct Entry {
    Key key;
    Digest16 datagram{};
    Tick at;
    uint16_t size = 0;
    ReplyOctets reply{};
  };

  const size_t entries_max_;
  KeyedDigest keyed_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;           // oldest first
  absl::flat_hash_map<Key, std::list<Entry>::iterator> by_key_;
};

}  // namespace nrid
