// Why a DET is not trusted, told to the log and the modules: a look-up that ended without a key, with the resolver's sentence (which
// record of whom at which level of the chain). Anybody can invent DETs, so what is told is bounded (resilience.md T49): each DET
// and error once in half a minute, however many datagrams wait or come again meanwhile, and few a second of all. What anybody can cause has
// a share of its own, so that a flood of invented DETs does not hide why a registered one is refused. What is left out is counted.
#pragma once

#include <deque>

#include "base/counters.h"
#include "base/key_source.h"
#include "base/ring.h"
#include "nrid/host.h"
#include "nrid/rate.h"

namespace nrid {

class Unverifiable {
 public:
  static constexpr int kPerSecond = 2, kBurst = 2;  // of each share
  // In any second, both shares at their fullest. With the sums of what was left out (apps/server/flight_log.cc: one a second, and one at
  // the end) it makes ten lines.
  static constexpr int kToldMax = 2 * (kPerSecond + kBurst);

  // References outlive it.
  Unverifiable(const Clock& clock, Ring<Record>& records, CounterBlock& counters) : clock_(clock), records_(records), counters_(counters) {}
  // The resolver's thread, or one at a time. A key, or a DET that was revoked here (an event of its own), is nothing to tell.
  void heard(const KeySource::Answer& answer);

 private:
  struct Told {
    Det det;
    Error error = Error::none;
    Tick until;
  };
  bool told_lately(const KeySource::Answer& answer, Tick now);

  const Clock& clock_;
  Ring<Record>& records_;
  CounterBlock& counters_;
  SharedBucket invented_{kPerSecond, kBurst};    // no such DET, or no time to ask
  SharedBucket registered_{kPerSecond, kBurst};  // records that do not hold: they take a registry to publish
  std::deque<Told> told_;      // ascending; the shares keep it short
};

}  // namespace nrid
