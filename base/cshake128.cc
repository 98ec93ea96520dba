#include "base/cshake128.h"

#include <utility>

#include "base/check.h"

namespace nrid {
namespace {

constexpr size_t kRate = 168;  // octets: 1600 - 2 * 128 bits
using State = std::array<uint64_t, 25>;

constexpr uint64_t rotate(uint64_t x, unsigned n) { return n == 0 ? x : x << n | x >> (64 - n); }

// FIPS 202 section 3.2.5: the round constants.
constexpr uint64_t kRound[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
// Rho offsets and pi targets along pi's single cycle through the 24 lanes other than lane 0 (FIPS 202 3.2.2, 3.2.3).
constexpr uint8_t kRho[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
constexpr uint8_t kPi[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};

// Calls step(I) with I = 0 .. N-1 as constants: the rotations become immediate and the lanes stay in registers, which the loop does not.
template <size_t... I, class Step>
constexpr void unrolled(std::index_sequence<I...>, Step step) {
  (step(std::integral_constant<size_t, I>{}), ...);
}

constexpr void permute(State& a) {  // Keccak-f[1600]
  constexpr std::make_index_sequence<5> kFive;
  constexpr std::make_index_sequence<24> kLanes;
  for (const uint64_t constant : kRound) {
    uint64_t column[5]{};
    unrolled(kFive, [&](auto x) { column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]; });
    unrolled(kFive, [&](auto x) {
      const uint64_t theta = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
      unrolled(kFive, [&](auto y) { a[x + 5 * y] ^= theta; });
    });
    uint64_t moving = a[1];
    unrolled(kLanes, [&](auto i) { moving = std::exchange(a[kPi[i]], rotate(moving, kRho[i])); });
    unrolled(kFive, [&](auto y) {
      const uint64_t row[5] = {a[5 * y], a[5 * y + 1], a[5 * y + 2], a[5 * y + 3], a[5 * y + 4]};
      unrolled(kFive, [&](auto x) { a[5 * y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]); });
    });
    a[0] ^= constant;
  }
}

struct Sponge {
  State state{};
  size_t at = 0;

  constexpr void octet(uint8_t value) {
    state[at / 8] ^= static_cast<uint64_t>(value) << (8 * (at % 8));
    if (++at == kRate) {
      permute(state);
      at = 0;
    }
  }
  template <class Octets>
  constexpr void absorb(const Octets& octets) {
    for (const auto value : octets) octet(static_cast<uint8_t>(value));
  }
  // SP 800-185 section 2.3.1; octets, not bits, come in, so the count is multiplied by 8 where the standard says bits.
  constexpr void left_encode(uint64_t value) {
    uint8_t size = 1;
    while (size < 8 && value >> (8 * size) != 0) ++size;
    octet(size);
    for (uint8_t i = size; i > 0; --i) octet(static_cast<uint8_t>(value >> (8 * (i - 1))));
  }
  template <class Octets>
  constexpr void encode_string(const Octets& octets) {
    left_encode(octets.size() * 8);
    absorb(octets);
  }
  // bytepad(encode_string(N) || encode_string(S), 168): a whole number of blocks.
  template <class Name, class Custom>
  constexpr void customise(const Name& name, const Custom& custom) {
    left_encode(kRate);
    encode_string(name);
    encode_string(custom);
    while (at != 0) octet(0);
  }
  void squeeze(uint8_t suffix, std::span<uint8_t> out) {
    state[at / 8] ^= static_cast<uint64_t>(suffix) << (8 * (at % 8));
    state[kRate / 8 - 1] ^= uint64_t{0x80} << 56;
    permute(state);
    size_t from = 0;
    for (uint8_t& value : out) {
      if (from == kRate) {
        permute(state);
        from = 0;
      }
      value = static_cast<uint8_t>(state[from / 8] >> (8 * (from % 8)));
      ++from;
    }
  }
};

constexpr uint8_t kSuffixShake = 0x1f;   // FIPS 202 section 6.2: 1111, then the first padding bit
constexpr uint8_t kSuffixCshake = 0x04;  // SP 800-185 section 3.3: 00, then the first padding bit

template <class Custom>
constexpr Sponge customised(const Custom& custom) {
  Sponge sponge;
  sponge.customise(std::string_view(), custom);
  return sponge;
}

// RFC 9374 section 8.3: the Context ID of DETs.
constexpr std::array<uint8_t, 16> kDetContext = {0x00, 0xb5, 0xa6, 0x9c, 0x79, 0x5d, 0xf5, 0xd5,
                                                 0xf0, 0x08, 0x7f, 0x56, 0x84, 0x3f, 0x2c, 0x40};
constexpr Sponge kDetSponge = customised(kDetContext);
constexpr Sponge kMessageSponge = customised(std::string_view("Remote ID Auth Hash"));

}  // namespace

void cshake128(Bytes message, std::string_view N, Bytes S, std::span<uint8_t> out) {
  Sponge sponge;
  const bool plain = N.empty() && S.empty();
  if (!plain) sponge.customise(N, S);
  sponge.absorb(message);
  sponge.squeeze(plain ? kSuffixShake : kSuffixCshake, out);
}

std::array<uint8_t, 8> orchid_hash(Bytes prefix8, Bytes hi32) {
  CHECK(prefix8.size() == 8 && hi32.size() == 32);
  Sponge sponge = kDetSponge;
  sponge.absorb(prefix8);
  sponge.absorb(hi32);
  std::array<uint8_t, 8> out{};
  sponge.squeeze(kSuffixCshake, out);
  return out;
}

std::array<uint8_t, 8> drip_message_hash(Bytes message) {
  Sponge sponge = kMessageSponge;
  sponge.absorb(message);
  std::array<uint8_t, 8> out{};
  sponge.squeeze(kSuffixCshake, out);
  return out;
}

}  // namespace nrid
