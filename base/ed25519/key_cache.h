// The combs of known keys: memory for a fixed number, reserved once, on 2 MiB pages where the system gives them. A key comes in after
// its first valid signature, so a forger fills nothing; the least recently used goes (clock, second chance). When the cache is full
// only every eighth candidate comes in, because a comb costs about as much as eight verifications save: a working set larger than
// the cache then keeps most of what it has.
// One cache for all verify workers: an aircraft's packets may come to any of them, and a table costs 43 kB. A batch takes the lock
// twice, for as long as its look-ups last; tables in use are pinned, so they are read and built outside the lock.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/ed25519.h"
#include "base/salted_hash.h"

namespace nrid::ed25519 {

class KeyCache {
 public:
  static constexpr uint32_t kNone = 0xffffffff;
  static constexpr size_t kWaitingMax = 64;      // candidates at once
  static constexpr size_t kAdmitOneOf = 8;       // when full
  static constexpr size_t kClockSteps = 64;      // slots looked at to find one to give up

  struct Build {
    PublicKey key;
    uint32_t slot = kNone;
    uint8_t* table = nullptr;
  };

  // keys_max > 0. Fails when the memory cannot be reserved. `random` salts the hash.
  static StatusOr<std::unique_ptr<KeyCache>> make(size_t keys_max, Random& random);
  ~KeyCache();
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  // All calls: any thread. slots[i] is the pinned slot of keys[i], or kNone.
  void find(std::span<const PublicKey* const> keys, std::span<uint32_t> slots);
  const uint8_t* table(uint32_t slot) const { return memory_ + size_t{slot} * table_size_; }
  // Unpins, and takes in the keys that have verified a signature without a comb. Returns how many of `builds` the caller is to build now and
  // then hand to ready(): none until builds.size() wait, or fewer have been seen often.
  size_t finish(std::span<const uint32_t> slots, std::span<const PublicKey* const> verified, std::span<Build> builds);
  void ready(std::span<const Build> builds);

  KeyCacheStats stats() const;

 private:
  struct Slot {
    PublicKey key{};
    uint32_t pins = 0;
    bool used = false;  // since the clock's hand passed
    bool live = false;  // in the index
  };
  struct Waiting {
    PublicKey key{};
    bool building = false;
  };

  KeyCache(size_t keys_max, Random& random);
  size_t place_of(const PublicKey& key) const;  // in index_: where it is, or would be
  void enter(uint32_t slot);
  void erase(uint32_t slot);
  uint32_t take_slot();
  void offer(const PublicKey& key);

  const size_t keys_max_;
  const size_t table_size_;
  const SaltedHash hash_;
  void* mapping_ = nullptr;
  size_t mapping_size_ = 0;
  uint8_t* memory_ = nullptr;

  mutable std::mutex mutex_;  // of everything below
  std::vector<uint32_t> index_;  // open addressing, at most half full
  std::vector<Slot> slots_;
  size_t taken_ = 0;             // slots that were ever taken
  size_t hand_ = 0;
  std::array<Waiting, kWaitingMax> waiting_{};
  size_t waiting_count_ = 0;
  size_t seen_again_ = 0;        // of those that wait, since the last build
  uint64_t offers_ = 0;
  KeyCacheStats stats_;
};

}  // namespace nrid::ed25519
