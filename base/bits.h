// Bit cursors for SCHC residues (RFC 8724 section 7.4): most significant bit first, no alignment between fields. Both remember
// their first failure. Runs of octets go as memcpy when aligned, else shifted in 64-bit words, since a SCHC payload starts
// wherever the residue happened to end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"

namespace nrid {

inline uint64_t load_be64(const uint8_t* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  return value;
}

inline void store_be64(uint8_t* to, uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
}

// A 64-bit window that starts anywhere inside an octet still holds 57 bits.
inline constexpr size_t kBitsAtOnce = 56;

class BitReader {
 public:
  explicit BitReader(Bytes in) : in_(in) {}

  bool ok() const { return ok_; }
  size_t at() const { return at_; }                       // in bits
  size_t left() const { return in_.size() * 8 - at_; }    // in bits

  // Up to kBitsAtOnce bits, right-aligned; 0 after a failure.
  uint64_t bits(size_t count) {
    if (!take(count) || count == 0) return 0;
    const size_t from = at_ - count;
    return window(from / 8) << (from % 8) >> (64 - count);
  }
  // Fills `out`; leaves it alone after a failure.
  void octets(std::span<uint8_t> out) {
    if (!take(out.size() * 8) || out.empty()) return;
    const size_t from = at_ - out.size() * 8;
    const uint8_t* source = in_.data() + from / 8;
    const size_t shift = from % 8;
    if (shift == 0) {
      std::memcpy(out.data(), source, out.size());
      return;
    }
    size_t i = 0;
    for (; i + 8 <= out.size(); i += 8) {  // the run ends inside octet source[out.size()], so source[i + 8] exists
      store_be64(&out[i], load_be64(source + i) << shift | source[i + 8] >> (8 - shift));
    }
    for (; i < out.size(); ++i) out[i] = static_cast<uint8_t>(source[i] << shift | source[i + 1] >> (8 - shift));
  }
  void skip(size_t count) { take(count); }

 private:
  bool take(size_t count) {
    if (!ok_ || count > left()) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }
  uint64_t window(size_t octet) const {
    if (octet + 8 <= in_.size()) return load_be64(in_.data() + octet);
    uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) value = value << 8 | (octet + i < in_.size() ? in_[octet + i] : 0U);
    return value;
  }

  Bytes in_;
  size_t at_ = 0;
  bool ok_ = true;
};

// The bits after the last one written, up to its octet's end, are zero: padding costs nothing.
class BitWriter {
 public:
  explicit BitWriter(std::span<uint8_t> out) : out_(out) {}

  bool ok() const { return ok_; }
  size_t at() const { return at_; }                       // in bits
  size_t size() const { return (at_ + 7) / 8; }
  Bytes written() const { return out_.first(size()); }

  // The low `count` bits of value, up to kBitsAtOnce.
  void bits(uint64_t value, size_t count) {
    const size_t from = at_;
    if (!take(count) || count == 0) return;
    const size_t octet = from / 8;
    const size_t before = from % 8;
    uint64_t word = value << (64 - count) >> before;
    if (before != 0) word |= static_cast<uint64_t>(out_[octet]) << 56;
    if (octet + 8 <= out_.size()) {
      store_be64(&out_[octet], word);
      return;
    }
    for (size_t i = octet; i < size(); ++i, word <<= 8) out_[i] = static_cast<uint8_t>(word >> 56);
  }
  void octets(Bytes in) {
    const size_t from = at_;
    if (!take(in.size() * 8) || in.empty()) return;
    uint8_t* target = out_.data() + from / 8;
    const size_t shift = from % 8;
    if (shift == 0) {
      std::memcpy(target, in.data(), in.size());
      return;
    }
    uint8_t carry = *target;  // its low bits are still zero
    size_t i = 0;
    for (; i + 8 <= in.size(); i += 8) {
      const uint64_t word = load_be64(&in[i]);
      store_be64(target + i, static_cast<uint64_t>(carry) << 56 | word >> shift);
      carry = static_cast<uint8_t>(word << (8 - shift));
    }
    for (; i < in.size(); ++i) {
      target[i] = static_cast<uint8_t>(carry | in[i] >> shift);
      carry = static_cast<uint8_t>(in[i] << (8 - shift));
    }
    target[i] = carry;
  }
  // `count` bits from another cursor; a failure of either shows in its own ok().
  void copy(BitReader& in, size_t count) {
    for (; count > kBitsAtOnce; count -= kBitsAtOnce) bits(in.bits(kBitsAtOnce), kBitsAtOnce);
    bits(in.bits(count), count);
  }

 private:
  bool take(size_t count) {
    if (!ok_ || count > out_.size() * 8 - at_) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }

  std::span<uint8_t> out_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace nrid
