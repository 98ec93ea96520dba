// Tables of fixed size whose empty element is all zero octets: memory that the system hands out zeroed is not written before it is
// used, so a large limit costs nothing until it is needed.
#pragma once

#include <cstddef>
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
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
    void* const memory = std::calloc(count, sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t) { std::free(memory); }
  void construct(T*) {}  // it is what its octets say
  bool operator==(const ZeroedAllocator&) const = default;
};

// Made with its size, which it keeps. Precondition of T: a value of zero octets is T{}.
template <class T>
using ZeroedVector = std::vector<T, ZeroedAllocator<T>>;

}  // namespace nrid
