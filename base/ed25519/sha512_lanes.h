// SHA-512 (FIPS 180-4) of R || A || M, one message a lane, of different lengths. Lanes that end earlier keep their state.
#pragma once

#include "base/ed25519/limbs.h"

namespace nrid::ed25519 {

extern const uint64_t kSha512Rounds[80];  // sha512_constants.cc
extern const uint64_t kSha512Start[8];

struct HashInput {  // borrowed
  const uint8_t* r;    // 32 octets
  const uint8_t* key;  // 32 octets
  const uint8_t* message;
  size_t length;
};

namespace {

// The blocks of one lane: those that lie wholly inside the message are read where they are, the others from `made`.
class LaneBlocks {
 public:
  void start(const HashInput& in) {
    in_ = in;
    count_ = (64 + in.length + 17 + 127) / 128;
  }
  size_t count() const { return count_; }
  const uint8_t* block(size_t index) {
    const size_t from = index * 128;  // of R || A || M
    if (index > 0 && from + 128 <= 64 + in_.length) return in_.message + (from - 64);
    make(index, from);
    return made_;
  }

 private:
  void make(size_t index, size_t from) {
    __builtin_memset(made_, 0, sizeof made_);
    size_t at = 0;
    if (index == 0) {
      __builtin_memcpy(made_, in_.r, 32);
      __builtin_memcpy(made_ + 32, in_.key, 32);
      at = 64;
    }
    const size_t end = 64 + in_.length;
    if (from + at < end) {
      const size_t take = end - from - at < 128 - at ? end - from - at : 128 - at;
      __builtin_memcpy(made_ + at, in_.message + (from + at - 64), take);
    }
    if (from <= end && end < from + 128) made_[end - from] = 0x80;
    if (index + 1 != count_) return;
    const uint64_t bits = uint64_t{end} * 8;  // messages are far below 2^61 octets
    for (size_t i = 0; i < 8; ++i) made_[127 - i] = static_cast<uint8_t>(bits >> (8 * i));
  }

  HashInput in_;
  size_t count_;
  alignas(64) uint8_t made_[128];
};

}  // namespace

template <class V>
NRID_INLINE void sha512_block(const uint8_t* const* at, V* state) {
  V w[16];
  for (size_t i = 0; i < 4; ++i) gather_rows(at, 32 * i, w + 4 * i);
  for (V& word : w) word = swap_octets(word);
  V a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (size_t round = 0; round < 80; round += 16) {
    for (size_t i = 0; i < 16; ++i) {
      const V s1 = xor3(rotate_right<14>(e), rotate_right<18>(e), rotate_right<41>(e));
      const V t1 = (h + V::all(kSha512Rounds[round + i])) + (w[i] + choose(e, f, g)) + s1;
      const V t2 = xor3(rotate_right<28>(a), rotate_right<34>(a), rotate_right<39>(a)) + majority(a, b, c);
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
      if (round == 64) continue;
      const V x = w[(i + 1) & 15], y = w[(i + 14) & 15];
      w[i] = w[i] + xor3(rotate_right<1>(x), rotate_right<8>(x), shr<7>(x)) + w[(i + 9) & 15] +
             xor3(rotate_right<19>(y), rotate_right<61>(y), shr<6>(y));
    }
  }
  const V after[8] = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state[i] = state[i] + after[i];
}

// out: 64 octets a lane.
template <class V>
[[gnu::noinline]] void sha512(const HashInput* in, uint8_t (*out)[64]) {
  LaneBlocks lanes[V::kLanes];
  size_t most = 0;
  for (size_t i = 0; i < V::kLanes; ++i) {
    lanes[i].start(in[i]);
    if (lanes[i].count() > most) most = lanes[i].count();
  }
  V state[8], kept[8];
  for (size_t i = 0; i < 8; ++i) state[i] = V::all(kSha512Start[i]);
  const uint8_t* at[V::kLanes];
  for (size_t block = 0; block < most; ++block) {
    unsigned going = 0;
    for (size_t i = 0; i < V::kLanes; ++i) {
      const bool here = block < lanes[i].count();
      going |= unsigned{here} << i;
      if (here || block == 0) at[i] = lanes[i].block(block);
    }
    for (size_t i = 0; i < 8; ++i) kept[i] = state[i];
    sha512_block(at, state);
    const auto mask = V::mask(going);
    for (size_t i = 0; i < 8; ++i) state[i] = select(mask, state[i], kept[i]);
  }
  uint8_t* to[V::kLanes];
  for (size_t i = 0; i < V::kLanes; ++i) to[i] = out[i];
  for (V& word : state) word = swap_octets(word);
  scatter_rows(state, 0, to);
  scatter_rows(state + 4, 32, to);
}

}  // namespace nrid::ed25519
