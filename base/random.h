// Randomness as an argument: the system's in programs, a seeded one in simulation.
#pragma once

#include <cstdint>
#include <span>

namespace nrid {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<uint8_t> out) = 0;
  uint64_t u64();
  uint16_t u16() { return static_cast<uint16_t>(u64()); }
  uint64_t below(uint64_t limit);  // uniform in [0, limit); limit > 0
  double unit();                   // uniform in [0, 1)
};

class SystemRandom final : public Random {  // libsodium; safe from any thread
 public:
  void fill(std::span<uint8_t> out) override;
};

class SeededRandom final : public Random {  // ChaCha20 of the seed: equal seeds, equal runs; one thread
 public:
  explicit SeededRandom(uint64_t seed) : seed_(seed) {}
  void fill(std::span<uint8_t> out) override;

 private:
  uint64_t seed_;
  uint64_t calls_ = 0;
};

}  // namespace nrid
