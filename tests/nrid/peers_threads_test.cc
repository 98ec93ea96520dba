// The servers of one process that talk to each other, each on threads of its own.
#include "nrid/peers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace nrid {
namespace {

// A seat is left while others call it: nothing of it is called afterwards, and no place is given twice.
TEST(PeerBus, seats_come_and_go_while_others_talk) {
  PeerBus bus;
  Det stays, comes;
  stays.octets[15] = 1;
  comes.octets[15] = 2;
  std::atomic<int> heard{0}, places{1000}, given{0}, calling{0};
  const auto seat_of = [&](const Det& own, std::atomic<bool>& there) {
    PeerSeat seat;
    seat.is = [&there, own](const Det& det) { EXPECT_TRUE(there); return det == own; };
    seat.load = [&there] { EXPECT_TRUE(there); return PeerLoad{1, 0, 10, Tick{1}}; };
    seat.reserve = [&](const Reservation&) { return places.fetch_sub(1) > 0; };
    seat.hear = [&](const PeerNews&) { ++heard; };
    return seat;
  };
  std::atomic<bool> always{true}, there{false}, stop{false};
  const auto one = bus.seat(), other = bus.seat();
  one->join(seat_of(stays, always));
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] {
      ++calling;
      while (!stop) {
        one->tell({PeerNews::Kind::here, stays, stays, 1, 1});
        if (one->reserve(comes, {stays, stays, 1})) ++given;
        if (const auto load = one->load(comes)) {
          EXPECT_EQ(load->capacity, 10u);
        }
      }
    });
  }
  while (calling < 2) std::this_thread::yield();
  std::thread guest([&] {
    for (int i = 0; i < 300; ++i) {
      there = true;
      other->join(seat_of(comes, there));
      EXPECT_EQ(other->load(stays)->capacity, 10u);
      other->leave();
      there = false;
    }
    stop = true;
  });
  guest.join();
  for (std::thread& each : callers) each.join();
  EXPECT_LE(given, 1000);
  EXPECT_FALSE(one->load(comes));
  one->leave();
}

}  // namespace
}  // namespace nrid
