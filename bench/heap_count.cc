#include "bench/heap_count.h"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "base/check.h"

namespace nrid::bench {
void* counted_new(size_t size);
void* counted_new(size_t size, std::align_val_t alignment);
void counted_delete(void* block);
namespace {

std::array<std::atomic<int64_t>, kClasses> blocks{};
std::atomic<int64_t> octets{0}, large_octets{0};

void count(void* block, int64_t sign) {
  const size_t size = malloc_usable_size(block);
  const size_t of = Heap::class_of(size);
  blocks[of].fetch_add(sign, std::memory_order_relaxed);
  octets.fetch_add(sign * static_cast<int64_t>(size), std::memory_order_relaxed);
  if (of == kClasses - 1) large_octets.fetch_add(sign * static_cast<int64_t>(size), std::memory_order_relaxed);
}

void* taken(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  count(block, 1);
  return block;
}

}  // namespace

void* counted_new(size_t size) { return taken(std::malloc(size == 0 ? 1 : size)); }
void* counted_new(size_t size, std::align_val_t alignment) {
  const auto each = static_cast<size_t>(alignment);
  return taken(std::aligned_alloc(each, (size + each - 1) / each * each));
}
void counted_delete(void* block) {
  if (block == nullptr) return;
  count(block, -1);
  std::free(block);
}

Heap heap_now() {
  Heap out;
  for (size_t i = 0; i < kClasses; ++i) out.blocks[i] = blocks[i].load(std::memory_order_relaxed);
  out.octets = octets.load(std::memory_order_relaxed);
  out.large_octets = large_octets.load(std::memory_order_relaxed);
  return out;
}

int64_t resident_octets() {
  malloc_trim(0);
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  CHECK(file != nullptr);
  long size = 0, resident = 0;
  const int fields = std::fscanf(file, "%ld %ld", &size, &resident);
  std::fclose(file);
  CHECK(fields == 2);
  return int64_t{resident} * sysconf(_SC_PAGESIZE);
}

}  // namespace nrid::bench

// The forms that the others call by default are enough: arrays and nothrow go through these.
void* operator new(size_t size) { return nrid::bench::counted_new(size); }
void* operator new(size_t size, std::align_val_t alignment) { return nrid::bench::counted_new(size, alignment); }
void operator delete(void* block) noexcept { nrid::bench::counted_delete(block); }
void operator delete(void* block, size_t) noexcept { nrid::bench::counted_delete(block); }
void operator delete(void* block, std::align_val_t) noexcept { nrid::bench::counted_delete(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { nrid::bench::counted_delete(block); }
