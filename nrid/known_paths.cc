#include "nrid/known_paths.h"

#include <cstring>

namespace nrid {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }
uint32_t second_of(Tick tick) { return static_cast<uint32_t>(tick.us / 1'000'000); }

}  // namespace

KnownPaths::KnownPaths(size_t signers_max, Random& random) : keyed_(random), entries_((signers_max * kSpare / kWays + 1) * kWays) {}

KnownPaths::Place KnownPaths::place_of(const Det& kid) const {
  const Digest16 digest = keyed_.of(kid.bytes());
  uint64_t hash;
  uint32_t tag;
  std::memcpy(&hash, digest.data(), 8);
  std::memcpy(&tag, digest.data() + 8, 4);
  return {hash % (entries_.size() / kWays) * kWays, tag | 1};
}

uint32_t KnownPaths::path_of(const Address& peer) const {
  std::array<uint8_t, 22> octets;
  std::memcpy(octets.data(), peer.ip.data(), 16);
  std::memcpy(octets.data() + 16, &peer.port, 2);
  std::memcpy(octets.data() + 18, &peer.scope, 4);
  const Digest16 digest = keyed_.of(octets);
  uint32_t path;
  std::memcpy(&path, digest.data(), 4);
  return path | 1;
}

void KnownPaths::note(const Det& kid, const Address& peer, Tick now) {
  const Place place = place_of(kid);
  const uint32_t path = path_of(peer);
  Entry* chosen = nullptr;
  uint64_t oldest = 0;
  for (size_t i = place.first; i < place.first + kWays; ++i) {
    const uint64_t who = entries_[i].who.load(kRelaxed);
    if (high(who) == place.tag) {
      chosen = &entries_[i];
      break;
    }
    if (chosen != nullptr && static_cast<uint32_t>(who) >= static_cast<uint32_t>(oldest)) continue;
    chosen = &entries_[i];
    oldest = who;
  }
  const uint64_t before = high(chosen->who.load(kRelaxed)) == place.tag ? chosen->paths.load(kRelaxed) : 0;
  chosen->who.store(uint64_t{place.tag} << 32 | second_of(now), kRelaxed);
  if (high(before) != path) chosen->paths.store(uint64_t{path} << 32 | high(before), kRelaxed);
}

KnownPaths::Heard KnownPaths::find(const Det& kid, const Address& peer, Tick now, Duration recent) const {
  const Place place = place_of(kid);
  for (size_t i = place.first; i < place.first + kWays; ++i) {
    const uint64_t who = entries_[i].who.load(kRelaxed);
    if (high(who) != place.tag) continue;
    // Signed: another worker may have noted it in a second that has not begun for this one.
    if (static_cast<int32_t>(second_of(now) - static_cast<uint32_t>(who)) > recent.seconds()) return Heard::never;
    const uint64_t paths = entries_[i].paths.load(kRelaxed);
    const uint32_t path = path_of(peer);
    return high(paths) == path || static_cast<uint32_t>(paths) == path ? Heard::here : Heard::elsewhere;
  }
  return Heard::never;
}

}  // namespace nrid
