// Which of the datagrams that wait has its signatures judged next (resilience.md section 4). Four classes share the processor by
// weight, counted in signatures; inside a class the newest comes first, because what is old will be sent again; who failed a moment
// ago comes after those who did not. All of this only while we are pressed: otherwise the order is that of arrival.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"

namespace nrid {

enum class VerifyClass : uint8_t { active, moved, known, unknown };

struct VerifyClassInfo {
  VerifyClass name;
  unsigned share;                       // per cent; what a class leaves goes to the others
  Counter shed;
};
inline constexpr std::array<VerifyClassInfo, 4> kVerifyClasses = {{
    {VerifyClass::active, 60, Counter::shed_active},  // a signer heard lately from this address, or with our Echo value
    {VerifyClass::moved, 15, Counter::shed_moved},    // heard lately, from elsewhere
    {VerifyClass::known, 15, Counter::shed_known},    // its key is here, nothing was heard of it lately
    {VerifyClass::unknown, 10, Counter::shed_unknown},  // its key had to be fetched, or a Link brings it
}};

class VerifyQueue {                     // one thread; holds numbers of places that its owner gave out
 public:
  explicit VerifyQueue(size_t places);

  void add(uint32_t place, VerifyClass in, bool suspect, Tick came);
  size_t size() const { return size_; }

  std::optional<uint32_t> next(bool pressed);
  // What a class spent, in signatures.
  void spent(VerifyClass by, unsigned signatures);
  // Who goes when there is no room: the oldest of the class that holds most for its share.
  std::optional<uint32_t> make_room();
  // One that came before `then`.
  std::optional<uint32_t> older_than(Tick then);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kLanes = kVerifyClasses.size() * 2;  // of each class first who is not suspect, then who is
  struct Entry {
    uint32_t older = kNone, newer = kNone;
    uint64_t number = 0;                // of arrival
    Tick came;
    uint8_t lane = 0;
  };
  struct Lane {
    uint32_t oldest = kNone, newest = kNone;
    size_t size = 0;
  };
  uint32_t take(uint32_t place);
  size_t held(size_t of_class) const { return lanes_[of_class * 2].size + lanes_[of_class * 2 + 1].size; }
  uint32_t first_to_come() const;

  std::vector<Entry> entries_;
  std::array<Lane, kLanes> lanes_;
  std::array<double, kVerifyClasses.size()> spent_{};  // signatures by share; the least of those that wait is next
  double virtual_time_ = 0;             // of the class that was served last: who comes back starts there, and owns no savings
  uint64_t number_ = 0;
  size_t size_ = 0;
};

}  // namespace nrid
