// A bounded table of authorities by DET. When it is full, the HID that has most of it gives its oldest, so that one registry, however
// many authorities it makes, pushes out its own and nobody else's. Holds hundreds: the search for who must go looks at all of them,
// and only when one is new and there is no room. Not locked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "base/det.h"

namespace nrid::det {

template <class Value>
class HidMap {
 public:
  explicit HidMap(size_t max) : max_(max) {}
  size_t size() const { return entries_.size(); }

  // Null when it is not there; valid until the next put() or erase().
  const Value* find(const Det& det) const {
    const auto at = entries_.find(det);
    return at == entries_.end() ? nullptr : &at->second.value;
  }
  Value* find(const Det& det) { return const_cast<Value*>(std::as_const(*this).find(det)); }
  void erase(const Det& det) { entries_.erase(det); }
  template <class Use>
  void each(Use use) {
    for (auto& [det, entry] : entries_) use(det, entry.value);
  }
  // What was there is replaced and is the newest again.
  void put(const Det& det, Value value) {
    if (entries_.size() >= max_ && !entries_.contains(det)) make_room();
    entries_.insert_or_assign(det, Entry{std::move(value), ++put_});
  }

 private:
  struct Entry {
    Value value;
    uint64_t put = 0;                              // the how manieth
  };

  void make_room() {
    auto goes = entries_.begin();
    size_t most = 0;
    for (auto at = entries_.begin(); at != entries_.end();) {
      const uint64_t hid = at->first.upper();      // DETs of one HID stand side by side
      auto oldest = at;
      size_t held = 0;
      for (; at != entries_.end() && at->first.upper() == hid; ++at, ++held) {
        if (at->second.put < oldest->second.put) oldest = at;
      }
      if (held < most || (held == most && oldest->second.put > goes->second.put)) continue;
      most = held;
      goes = oldest;
    }
    entries_.erase(goes);
  }

  const size_t max_;
  uint64_t put_ = 0;
  std::map<Det, Entry> entries_;
};

}  // namespace nrid::det
