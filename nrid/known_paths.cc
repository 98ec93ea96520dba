#include "nrid/known_paths.h"

#include <cstring>

namespace nrid {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }
uint32_t second_of(Tick tick) { return static_cast<uint32_t>(tick.us / 1'000'000); }

}  // namespace

KnownPaths::KnownPaths(size_t signers_max, Random& random) : hash_(random), sets_(signers_max * kSpare / kWays + 1) {}

KnownPaths::Place KnownPaths::place_of(const Det& kid) const {
  const uint64_t hash = hash_.of(kid.octets);
  return {(hash & 0xffffffff) * sets_.size() >> 32, high(hash) | 1};
}

uint32_t KnownPaths::path_of(const Address& peer) const {
  std::array<uint8_t, 32> octets{};
  std::memcpy(octets.data(), peer.ip.data(), 16);
  std::memcpy(octets.data() + 16, &peer.port, 2);
  std::memcpy(octets.data() + 18, &peer.scope, 4);
  return high(hash_.of(octets)) | 1;
}

void KnownPaths::note(const Det& kid, const Address& peer, Tick now) {
  const Place place = place_of(kid);
  const uint32_t path = path_of(peer);
  Entry* chosen = nullptr;
  uint64_t oldest = 0;
  for (Entry& entry : sets_[place.set].entries) {
    const uint64_t who = entry.who.load(kRelaxed);
    if (high(who) == place.tag) {
      chosen = &entry;
      break;
    }
    if (chosen != nullptr && static_cast<uint32_t>(who) >= static_cast<uint32_t>(oldest)) continue;
    chosen = &entry;
    oldest = who;
  }
  const uint64_t before = high(chosen->who.load(kRelaxed)) == place.tag ? chosen->paths.load(kRelaxed) : 0;
  chosen->who.store(uint64_t{place.tag} << 32 | second_of(now), kRelaxed);
  if (high(before) != path) chosen->paths.store(uint64_t{path} << 32 | high(before), kRelaxed);
}

KnownPaths::Heard KnownPaths::find(const Det& kid, const Address& peer, Tick now, Duration recent) const {
  const Place place = place_of(kid);
  for (const Entry& entry : sets_[place.set].entries) {
    const uint64_t who = entry.who.load(kRelaxed);
    if (high(who) != place.tag) continue;
    // Signed: another worker may have noted it in a second that has not begun for this one.
    if (static_cast<int32_t>(second_of(now) - static_cast<uint32_t>(who)) > recent.seconds()) return Heard::never;
    const uint64_t paths = entry.paths.load(kRelaxed);
    const uint32_t path = path_of(peer);
    return high(paths) == path || static_cast<uint32_t>(paths) == path ? Heard::here : Heard::elsewhere;
  }
  return Heard::never;
}

}  // namespace nrid
