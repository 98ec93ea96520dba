// Tables of fixed size whose empty element is all zero octets: memory that the system hands out zeroed is not written before it is
// used, so a large limit costs nothing until it is needed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <vector>

namespace nrid {

template <class T>
struct ZeroedAllocator {
  using value_type = T;
  ZeroedAllocator() = default;
  template <class U>
  ZeroedAllocator(const ZeroedAllocator<U>&) {}

  T* allocate(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > (SIZE_MAX - kSpare) / sizeof(T)) throw std::bad_alloc();
    void* const memory = std::calloc(count * sizeof(T) + kSpare, 1);
    if (memory == nullptr) throw std::bad_alloc();
    const auto first = (reinterpret_cast<uintptr_t>(memory) + kSpare) / kAlign * kAlign;
    reinterpret_cast<void**>(first)[-1] = memory;
    return reinterpret_cast<T*>(first);
  }
  void deallocate(T* memory, size_t) { std::free(reinterpret_cast<void**>(memory)[-1]); }
  void construct(T*) {}  // it is what its octets say
  bool operator==(const ZeroedAllocator&) const = default;

 private:
  static constexpr size_t kAlign = std::max(alignof(T), alignof(std::max_align_t));  // calloc() knows no larger one
  static constexpr size_t kSpare = kAlign + sizeof(void*);
};

// Made with its size, which it keeps. Precondition of T: a value of zero octets is T{}.
template <class T>
using ZeroedVector = std::vector<T, ZeroedAllocator<T>>;

}  // namespace nrid
