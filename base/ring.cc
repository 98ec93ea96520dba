#include "base/ring.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace nrid {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { CHECK(fd_ >= 0); }

Wakeup::~Wakeup() { close(fd_); }

void Wakeup::notify() const {
  const uint64_t one = 1;
  // Fails only when the counter is full: then it is readable already.
  [[maybe_unused]] const auto size = write(fd_, &one, sizeof one);
}

void Wakeup::clear() const {
  uint64_t count = 0;
  // Fails only when nothing was there.
  [[maybe_unused]] const auto size = read(fd_, &count, sizeof count);
}

bool Wakeup::wait(Duration timeout) const {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  const int64_t us = std::max<int64_t>(timeout.us, 0);
  const timespec limit{.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1000};
  return ppoll(&entry, 1, &limit, nullptr) == 1;
}

}  // namespace nrid
