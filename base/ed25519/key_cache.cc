#include "base/ed25519/key_cache.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/ed25519/kernel.h"
#include "base/open_addressing.h"

namespace nrid::ed25519 {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kSeenAgain = 16;  // of candidates that wait: reason enough to build fewer than the lanes could

}  // namespace

StatusOr<std::unique_ptr<KeyCache>> KeyCache::make(size_t keys_max, Random& random) {
  CHECK(keys_max > 0 && keys_max < kNone);
  std::unique_ptr<KeyCache> cache(new KeyCache(keys_max, random));
  const size_t size = keys_max * kKeyTableSize + kHugePage;
  void* mapping = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    return Status::failed("no memory for the combs of " + std::to_string(keys_max) + " keys, " + std::to_string(size) + " octets: " +
                          std::strerror(errno));
  }
  cache->mapping_ = mapping;
  cache->mapping_size_ = size;
  const auto at = (reinterpret_cast<uintptr_t>(mapping) + kHugePage - 1) / kHugePage * kHugePage;
  cache->memory_ = reinterpret_cast<uint8_t*>(at);
  static_cast<void>(madvise(cache->memory_, keys_max * kKeyTableSize, MADV_HUGEPAGE));  // refused: slower, not wrong
  return cache;
}

KeyCache::KeyCache(size_t keys_max, Random& random) : keys_max_(keys_max), table_size_(kKeyTableSize), hash_(random), slots_(keys_max) {
  size_t places = 16;
  while (places < 2 * keys_max) places *= 2;
  index_.assign(places, kNone);
  stats_.keys_max = keys_max;
}

KeyCache::~KeyCache() {
  if (mapping_ != nullptr) munmap(mapping_, mapping_size_);
}

size_t KeyCache::place_of(const PublicKey& key) const {
  size_t place = hash_.of(key) & (index_.size() - 1);
  while (index_[place] != kNone && slots_[index_[place]].key != key) place = (place + 1) & (index_.size() - 1);
  return place;
}

void KeyCache::find(std::span<const PublicKey* const> keys, std::span<uint32_t> slots) {
  CHECK(keys.size() <= kTasksMax && slots.size() >= keys.size());
  std::array<size_t, kTasksMax> home;
  for (size_t i = 0; i < keys.size(); ++i) {
    home[i] = hash_.of(*keys[i]) & (index_.size() - 1);
    __builtin_prefetch(&index_[home[i]]);
  }
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    slots[i] = index_[home[i]];  // most often the one
    if (slots[i] != kNone) __builtin_prefetch(&slots_[slots[i]], 1);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (slots[i] != kNone && slots_[slots[i]].key != *keys[i]) slots[i] = index_[place_of(*keys[i])];
    if (slots[i] == kNone) {
      ++stats_.misses;
      continue;
    }
    ++stats_.hits;
    Slot& slot = slots_[slots[i]];
    ++slot.pins;
    slot.used = true;
  }
}

void KeyCache::offer(const PublicKey& key) {
  if (index_[place_of(key)] != kNone) return;  // another thread was faster
  for (size_t i = 0; i < waiting_count_; ++i) {
    if (waiting_[i].key != key) continue;
    ++seen_again_;
    return;
  }
  if (waiting_count_ == kWaitingMax) return;
  if (taken_ == keys_max_ && ++offers_ % kAdmitOneOf != 0) return;
  waiting_[waiting_count_++] = {key, false};
}

size_t KeyCache::finish(std::span<const uint32_t> slots, std::span<const PublicKey* const> verified, std::span<Build> builds) {
  const std::lock_guard lock(mutex_);
  for (const uint32_t slot : slots) {
    if (slot != kNone) --slots_[slot].pins;
  }
  for (const PublicKey* key : verified) offer(*key);
  size_t free = 0;
  for (size_t i = 0; i < waiting_count_; ++i) free += !waiting_[i].building;
  if (free == 0 || (free < builds.size() && seen_again_ < kSeenAgain)) return 0;
  seen_again_ = 0;
  size_t count = 0;
  for (size_t i = 0; i < waiting_count_ && count < builds.size(); ++i) {
    if (waiting_[i].building) continue;
    const uint32_t slot = take_slot();
    if (slot == kNone) break;
    waiting_[i].building = true;
    slots_[slot].key = waiting_[i].key;
    slots_[slot].pins = 1;
    builds[count++] = {waiting_[i].key, slot, memory_ + size_t{slot} * table_size_};
  }
  return count;
}

void KeyCache::ready(std::span<const Build> builds) {
  const std::lock_guard lock(mutex_);
  for (const Build& build : builds) {
    Slot& slot = slots_[build.slot];
    slot.pins = 0;
    slot.used = false;  // the hand has just passed: it has a whole turn to be used
    enter(build.slot);
    ++stats_.admitted;
    for (size_t i = 0; i < waiting_count_; ++i) {
      if (waiting_[i].key == build.key) waiting_[i--] = waiting_[--waiting_count_];
    }
  }
}

uint32_t KeyCache::take_slot() {
  if (taken_ < keys_max_) return static_cast<uint32_t>(taken_++);
  uint32_t fallback = kNone;
  for (size_t step = 0; step < kClockSteps; ++step) {
    const auto at = static_cast<uint32_t>(hand_);
    hand_ = hand_ + 1 == keys_max_ ? 0 : hand_ + 1;
    Slot& slot = slots_[at];
    if (slot.pins > 0) continue;
    fallback = at;
    if (!slot.used) break;
    slot.used = false;
  }
  if (fallback != kNone && slots_[fallback].live) {
    erase(fallback);
    ++stats_.evicted;
  }
  return fallback;
}

void KeyCache::enter(uint32_t slot) {
  index_[place_of(slots_[slot].key)] = slot;
  slots_[slot].live = true;
  ++stats_.keys;
}

void KeyCache::erase(uint32_t slot) {
  const size_t mask = index_.size() - 1;
  const size_t hole = close_gap(
      place_of(slots_[slot].key), mask, [&](size_t place) { return index_[place] != kNone; },
      [&](size_t place) { return hash_.of(slots_[index_[place]].key) & mask; }, [&](size_t from, size_t to) { index_[to] = index_[from]; });
  index_[hole] = kNone;
  slots_[slot].live = false;
  --stats_.keys;
}

KeyCacheStats KeyCache::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace nrid::ed25519
