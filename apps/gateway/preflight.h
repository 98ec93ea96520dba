// Before take-off (R-005..R-008): DNS gives the provider's key, endorsement and address; the chain is walked to a trust
// anchor. While DNS is in trouble, what it said before may stand in (apps/gateway/remembered.h). Each way to fail has its own sentence, and nothing is sent before all of it holds.
#pragma once

#include <functional>
#include <string>

#include "apps/gateway/settings.h"

namespace nrid::gateway {

struct Preflight {
  Provider provider;
  std::string chain;                     // for people
  Buffer aircraft_endorsement;           // for the Link, if it is published
  Buffer gateway_endorsement;            // the same of a gateway that is not the aircraft
  std::string remembered;                // DNS is in trouble, and what this stands on; "" when DNS said all of it
};

struct PreflightFailure {
  std::string step;                      // "provider", "address", "registry"
  Error error = Error::none;
  std::string text;
};

// `say` hears each step that succeeded. Blocks for at most some seconds.
StatusOr<Preflight> run_preflight(const GatewaySettings& settings, PreflightFailure& failure,
                                  const std::function<void(std::string_view step, const std::string& fact)>& say);

}  // namespace nrid::gateway
