// The few tables that all workers and shards share, each with its own lock and a named limit; the rows of message ids; what makes
// Echo values.
#pragma once

#include <atomic>
#include <string>

#include "nrid/con_replies.h"
#include "nrid/duplicates.h"
#include "nrid/echo.h"
#include "nrid/fresh_points.h"
#include "nrid/known_paths.h"
#include "nrid/outflow.h"
#include "nrid/owners.h"
#include "nrid/parking.h"
#include "nrid/policy.h"
#include "nrid/rate.h"
#include "nrid/reply.h"

namespace nrid {

struct SharedTables {
  SharedTables(const Policy& policy, const Limits& limits, Random& random)
      : duplicates(limits.duplicates_max, random),
        con_replies(limits.con_replies_max, random),
        rates(limits.rate_max, random),
        unverified_replies(limits.unverified_replies_per_s, limits.unverified_replies_burst),
        owners(policy.gateways),
        parking(limits.parked_max, limits.parked_per_det_max),
        pack_digest(random),
        message_ids(random),
        echoes(random),
        known_paths(limits.rate_max, random),
        reservations(limits.aircraft_max) {}

  Duplicates duplicates;
  ConReplies con_replies;
  DetRates rates;
  SharedBucket unverified_replies;
  Owners owners;
  Parking parking;
  KeyedDigest pack_digest;
  MessageIds message_ids;
  EchoValues echoes;
  FreshPoints fresh_points;
  KnownPaths known_paths;
  PublishedPeers peer_table;
  Outflow outflow;
  Reservations reservations;
  std::atomic<int64_t> alive_us{0};      // tick of the newest step of a shard
  std::atomic<uint64_t> news_dropped{0};
};

}  // namespace nrid
