// The other service providers, as a server sees them (nrid.md ): what we tell them, what they tell us,
// and a place that is reserved before an aircraft is sent there. What connects providers is behind this interface; here
// are the one that joins the servers of one process and the one for providers that nothing connects.
//
// Nothing here waits: tell() hands over or drops, reserve() answers at once. One that crosses a network answers
// reserve() from places that the target lent it beforehand, and says nothing of a target that it has not heard lately.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "base/clock.h"
#include "base/det.h"

namespace nrid {

struct PeerLoad {
  uint64_t operations = 0;               // carried now
  uint64_t reserved = 0;                 // places kept for aircraft on their way
  uint64_t capacity = 0;
  Tick alive;                            // last sign of life, on our clock
  uint64_t taken() const { return operations + reserved; }
};

struct PeerNews {
  enum class Kind : uint8_t {
    here,                                // the operation is now ours
    still_here,                          // the same, once a Heartbeat period (the lease of R-111)
    lost,                                // it fell silent here, and we have said so
    ended,
  };
  Kind kind = Kind::here;
  Det sp;                                // that the aircraft addresses; one whose key the teller holds
  Det ua;
  uint64_t operation = 0;                // its id, the same at all providers
  int64_t iat = 0;                       // of the newest report; older news than what the reader has is late
};

struct Reservation {
  Det ua;
  Det from;
  uint64_t operation = 0;                // so that the operation goes on under its id
};

// What a server offers to the others. Called from any thread; does not call back.
struct PeerSeat {
  std::function<bool(const Det&)> is;    // a DET that it answers for now; two while it rotates its key
  std::function<PeerLoad()> load;
  std::function<bool(const Reservation&)> reserve;  // false: full
  std::function<void(const PeerNews&)> hear;
};

class Peers {
 public:
  virtual ~Peers() = default;
  // Once each, by the server; after leave() nothing of the seat is called any more.
  virtual void join(PeerSeat seat) = 0;
  virtual void leave() = 0;

  // Any thread.
  virtual bool connected() const = 0;                                     // false: no news will ever come
  virtual void tell(const PeerNews& news) = 0;                            // to all others, also nodes of our own DET
  virtual std::optional<PeerLoad> load(const Det& sp) const = 0;          // nodes of one DET added up; nothing: not there
  virtual bool reserve(const Det& sp, const Reservation& reservation) = 0;
  virtual bool same(const Det& a, const Det& b) const = 0;                // one provider: equal, or both answered for by one
};

// Nothing connects the providers: a redirect is over after R*P s, and a capacity is what the peer file says.
Peers& no_peers();

// Joins the servers of one process. Outlives the seats that it hands out.
class PeerBus {
 public:
  std::unique_ptr<Peers> seat();

 private:
  class Joined;
  using Seats = std::list<PeerSeat>;
  mutable std::shared_mutex mutex_;       // held while a seat is called, so that leave() waits for it
  Seats seats_;
};

}  // namespace nrid
