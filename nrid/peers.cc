#include "nrid/peers.h"

#include <algorithm>
#include <mutex>

#include "base/check.h"

namespace nrid {
namespace {

class NoPeers final : public Peers {
 public:
  void join(PeerSeat) override {}
  void leave() override {}
  bool connected() const override { return false; }
  void tell(const PeerNews&) override {}
  std::optional<PeerLoad> load(const Det&) const override { return std::nullopt; }
  bool reserve(const Det&, const Reservation&) override { return true; }
  bool same(const Det& a, const Det& b) const override { return a == b; }
};

}  // namespace

Peers& no_peers() {
  static NoPeers none;
  return none;
}

class PeerBus::Joined final : public Peers {
 public:
  explicit Joined(PeerBus& bus) : bus_(bus), here_(bus.seats_.end()) {}
  ~Joined() override { leave(); }

  void join(PeerSeat seat) override {
    const std::unique_lock lock(bus_.mutex_);
    CHECK(here_ == bus_.seats_.end());
    here_ = bus_.seats_.insert(bus_.seats_.end(), std::move(seat));
  }
  void leave() override {
    const std::unique_lock lock(bus_.mutex_);
    if (here_ == bus_.seats_.end()) return;
    bus_.seats_.erase(here_);
    here_ = bus_.seats_.end();
  }
  bool connected() const override { return true; }
  void tell(const PeerNews& news) override {
    each([&](const PeerSeat& other) { other.hear(news); });
  }
  std::optional<PeerLoad> load(const Det& sp) const override {
    std::optional<PeerLoad> sum;
    each([&](const PeerSeat& other) {
      if (!other.is(sp)) return;
      const PeerLoad one = other.load();
      if (!sum) sum.emplace();
      sum->operations += one.operations;
      sum->reserved += one.reserved;
      sum->capacity += one.capacity;
      sum->alive = std::max(sum->alive, one.alive);
    });
    return sum;
  }
  bool reserve(const Det& sp, const Reservation& reservation) override {
    bool granted = false;
    each([&](const PeerSeat& other) { granted = granted || (other.is(sp) && other.reserve(reservation)); });
    return granted;
  }
  bool same(const Det& a, const Det& b) const override {
    bool one = a == b;
    each([&](const PeerSeat& other) { one = one || (other.is(a) && other.is(b)); });
    return one;
  }

 private:
  template <class Call>
  void each(Call call) const {
    const std::shared_lock lock(bus_.mutex_);
    for (auto seat = bus_.seats_.begin(); seat != bus_.seats_.end(); ++seat) {
      if (seat != Seats::const_iterator(here_)) call(*seat);
    }
  }

  PeerBus& bus_;
  Seats::iterator here_;
};

std::unique_ptr<Peers> PeerBus::seat() {
  const std::shared_lock lock(mutex_);
  return std::make_unique<Joined>(*this);
}

}  // namespace nrid
