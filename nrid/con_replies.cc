#include "nrid/con_replies.h"

#include <cstring>

#include "base/check.h"

namespace nrid {

ConReplies::Stored ConReplies::find(const Address& peer, uint16_t message_id, Bytes datagram, Tick now) const {
  Stored stored;
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find({peer, message_id});
  if (found == by_key_.end()) return stored;
  const Entry& entry = *found->second;
  if (now - entry.at > kLifetime || entry.datagram != keyed_.of(datagram)) return stored;
  stored.known = true;
  stored.size = entry.size;
  std::memcpy(stored.octets.data(), entry.reply.data(), entry.size);
  return stored;
}

void ConReplies::begin(const Address& peer, uint16_t message_id, Bytes datagram, Tick now) {
  const Key key{peer, message_id};
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.erase(found->second);
    by_key_.erase(found);
  }
  while (!entries_.empty() && (entries_.size() >= entries_max_ || now - entries_.front().at > kLifetime)) {
    by_key_.erase(entries_.front().key);
    entries_.pop_front();
  }
  Entry entry;
  entry.key = key;
  entry.datagram = keyed_.of(datagram);
  entry.at = now;
  by_key_[key] = entries_.insert(entries_.end(), entry);
}

void ConReplies::finish(const Address& peer, uint16_t message_id, Bytes reply) {
  CHECK(reply.size() <= kReplySpace);  // every reply is made in a ReplyOctets
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find({peer, message_id});
  if (found == by_key_.end()) return;
  found->second->size = static_cast<uint16_t>(reply.size());
  std::memcpy(found->second->reply.data(), reply.data(), reply.size());
}

void ConReplies::forget(const Address& peer, uint16_t message_id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find({peer, message_id});
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

size_t ConReplies::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace nrid
