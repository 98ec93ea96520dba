// A bounded ring between threads: any number of producers, one consumer, a named limit. It has a mutex rather than
// lock-free slots for three reasons: what must never drop (start, end) has to survive while an older position is
// taken out of the middle; batches amortise the lock to a few nanoseconds an item; and the thread sanitizer then
// proves what a reader can see. An idle consumer sleeps on an eventfd, alone or beside sockets in its poll set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"

namespace nrid {

// An eventfd: notify() from any thread makes fd() readable until clear().
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  int fd() const { return fd_; }
  void notify() const;
  void clear() const;
  bool wait(Duration timeout) const;  // true when notified; a signal ends the wait early; stays readable until clear()

 private:
  int fd_ = -1;
};

// T is movable. push* from any thread, the rest from the consumer's. Memory is touched when an item first stands there, and an
// empty ring begins at its front again: a consumer that keeps up stays within a few slots, however large the limit.
template <class T>
class Ring {
 public:
  explicit Ring(size_t limit) : limit_(limit), slots_(std::allocator<T>().allocate(limit)) { CHECK(limit > 0); }
  ~Ring() {
    while (count_ > 0) take_front();
    std::allocator<T>().deallocate(slots_, limit_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  size_t limit() const { return limit_; }
  size_t size() const {  // any thread
    const std::lock_guard lock(mutex_);
    return count_;
  }

  // False when full; the item is then untouched and the caller's to count.
  bool push(T&& item) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (count_ == limit_) return false;
      put(std::move(item));
      wake = take_waiting();
    }
    if (wake) wakeup_.notify();
    return true;
  }
  bool push(const T& item) { return push(T(item)); }

  // A batch under one lock: take(each, how many there are) returns what of it is to be moved in, or null. Must not take when full.
  template <class Batch, class Take>
  void push_each(Batch& batch, Take take) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      for (auto& each : batch) {
        T* const item = take(each, count_);
        if (item == nullptr) continue;
        CHECK(count_ < limit_);
        put(std::move(*item));
        wake = true;
      }
      wake = wake && take_waiting();
    }
    if (wake) wakeup_.notify();
  }

  // A batch under one lock, in its order. When full, the oldest item with may_drop(item) goes for the next one, dropped(item) hears of
  // it, and the order of the others stays. Returns how many were moved in: fewer than all when the ring is full of items that may not
  // be dropped; those that follow are then untouched.
  template <class MayDrop, class Dropped>
  size_t push_drop_oldest(std::span<T> items, MayDrop may_drop, Dropped dropped) {
    size_t pushed = 0;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      for (T& item : items) {
        if (count_ == limit_) {
          const std::optional<T> oldest = take_oldest(may_drop);
          if (!oldest) break;
          dropped(*oldest);
        }
        put(std::move(item));
        ++pushed;
      }
      wake = pushed > 0 && take_waiting();
    }
    if (wake) wakeup_.notify();
    return pushed;
  }

  // Appends up to `batch_max` items to `out`; returns how many.
  size_t pop_many(std::vector<T>& out, size_t batch_max) {
    const std::lock_guard lock(mutex_);
    const size_t taken = std::min(batch_max, count_);
    for (size_t i = 0; i < taken; ++i) out.push_back(take_front());
    return taken;
  }

  // Sleeps until something is there, wake() is called or the time is over; true when something is there.
  bool wait(Duration timeout) {
    if (before_sleep()) wakeup_.wait(timeout);
    after_sleep();
    return size() > 0;
  }
  // For a consumer with its own poll set: sleep on fd() only if before_sleep() is true, then call after_sleep().
  int fd() const { return wakeup_.fd(); }
  bool before_sleep() {
    const std::lock_guard lock(mutex_);
    waiting_ = count_ == 0;
    return waiting_;
  }
  void after_sleep() {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    wakeup_.clear();
  }
  void wake() const { wakeup_.notify(); }  // any thread: to stop the consumer

 private:
  size_t index(size_t offset) const { return (head_ + offset) % limit_; }
  void put(T&& item) { std::construct_at(slots_ + index(count_++), std::move(item)); }
  T take_front() {
    T item = std::move(slots_[head_]);
    std::destroy_at(slots_ + head_);
    head_ = --count_ == 0 ? 0 : (head_ + 1) % limit_;
    return item;
  }
  template <class MayDrop>
  std::optional<T> take_oldest(MayDrop may_drop) {
    for (size_t i = 0; i < count_; ++i) {
      if (!may_drop(std::as_const(slots_[index(i)]))) continue;
      T item = std::move(slots_[index(i)]);
      for (size_t j = i; j > 0; --j) slots_[index(j)] = std::move(slots_[index(j - 1)]);
      take_front();
      return item;
    }
    return std::nullopt;
  }
  bool take_waiting() { return std::exchange(waiting_, false); }

  mutable std::mutex mutex_;
  const size_t limit_;
  T* const slots_;        // `count_` items from head_ on, the rest is raw
  size_t head_ = 0;
  size_t count_ = 0;
  bool waiting_ = false;  // the consumer sleeps or is about to: the next push must notify
  Wakeup wakeup_;
};

}  // namespace nrid
