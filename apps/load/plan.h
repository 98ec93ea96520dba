// A step in full before it begins: who says what when, signed already if so wanted, and what attackers send beside it.
#pragma once

#include <memory>
#include <vector>

#include "apps/load/schedule.h"
#include "apps/load/traffic.h"

namespace nrid::load {

struct Planned {
  int64_t offset_us = 0;                               // from the begin of the step
  uint32_t flier = 0;
  uint16_t id = 0;
  bool probe = false;                                  // confirmable, so that it is answered
  bool lost = false;                                   // on purpose
};

struct Mix {                                           // datagrams a second beside the genuine ones
  double forged_unknown = 0;                           // T19: DETs that no registry knows
  double forged_active = 0;                            // T20: DETs of aircraft in flight
  double junk = 0;                                     // T23
  bool confirmable = false;                            // forgeries ask for answers, which a provider has few of for strangers
  bool any() const { return forged_unknown + forged_active + junk > 0; }
};

struct StepPlan {
  Step step;
  Tick begin;
  Instant begin_wall;
  std::vector<Planned> messages;
  std::unique_ptr<Ring> ring;                          // one slot for each message; null: signed as they leave
  std::vector<Bytes> storm;                            // one for each aircraft, out of storm_ring
  std::unique_ptr<Ring> storm_ring;
};

struct PlanParts {
  const Fleet& fleet;
  const Maker& maker;
  Traffic& traffic;
  double probe_share = 1.0 / 16;
  double loss = 0;
  Arrivals arrivals = Arrivals::even;
  size_t fliers = 1;                                   // the first so many speak; attackers name all
};

// Aircraft in turn, each as often as the others. Ids are drawn from the sockets.
std::vector<Planned> plan_messages(const PlanParts& parts, const Step& step, Random& random);
// Fills plan.ring, all cores; `begin_wall` must be known. False when a message could not be made.
bool sign_messages(const PlanParts& parts, StepPlan& plan);
// Microseconds that one message takes to sign on one core, measured now.
double sign_cost_us(const PlanParts& parts, Instant now);

}  // namespace nrid::load
