// One aircraft's operation as its shard keeps it: STARTING -> ACTIVE <-> LOST -> CLOSED, ACTIVE <-> MOVED (nrid.md R-076), what has been heard, what
// is still missing, where Heartbeats go. The minimal state of R-110: all of it is rebuilt by the next packet after a
// restart. No sending and no timers here; nrid/shard.h does both.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "cwt/claims.h"
#include "nrid/policy.h"
#include "nrid/redirect.h"
#include "nrid/report.h"
#include "nrid/return_path.h"
#include "nrid/track.h"

namespace nrid {

enum class OperationState : uint8_t { starting, active, lost, moved, closed };

struct Operation {
  static constexpr size_t kPacksKept = 24;  // 1 Hz for as long as a token held back may still come: lifetime and skew, and some

  Operation(const Timers& timers, const Policy& policy) : track(timers.reorder_window, policy.speed_max_mps) {}

  Det ua;
  Det gateway;                          // kid of the newest report
  Det sp;                               // whom it addressed
  uint64_t id = 0;
  cwt::KidForm kid_form = cwt::KidForm::tagged_in_bstr;
  OperationState state = OperationState::starting;
  int64_t started_iat = 0;
  int64_t newest_iat = 0;
  Tick last_contact;

  // what the provider knows of it
  uint32_t have = 0;                    // message type bits
  uint32_t asked = 0;                   // type bits of the last Heartbeat: a packet that answers them is answered
  struct Static {
    uint8_t key = 0;                    // type << 4 | id type
    rid::MessageOctets octets{};
  };
  std::vector<Static> statics;          // at most 16 Basic IDs and three others
  std::array<uint64_t, kPacksKept> packs{};  // newest packs, half of the digest of each, to tell a resend
  size_t pack_count = 0;
  Track track;
  std::optional<rid::Location> last_location;  // newest by sample time, never a stale one
  Instant last_sampled;                 // its time

  // Heartbeats
  ReturnPaths paths;
  Tick next_heartbeat;
  int silent = 0;                       // Heartbeat periods since the last contact

  // Other providers (R-090..R-094, R-111)
  struct Redirect {
    RedirectReason reason = RedirectReason::none;
    Det target;
    bool sent = false;                  // a Heartbeat that says so has left
    std::optional<Tick> deadline;       // R*P s after the first of them, until it was judged
    bool counted = false;               // among those that leave, or have left, in Outflow
  };
  Redirect redirect;
  RedirectWish wish;
  std::optional<Det> commanded;         // a module wants it to go there
  std::optional<Det> came_from;
  std::optional<Det> shunned;
  Tick shunned_until;
  Tick held_until;
  bool lent = false;                    // another node of our own DET heard it last and owns its timer

  Tick lost_since;
  bool contradicted = false;            // drip.md 2.12: sticky
  bool lost_told = false;               // modules heard of the loss, so they hear of its end
  int64_t end_iat = 0;                  // closed: the newest EoO, or what was newest when we ended it
  Tick expires;                         // closed: end of op.close_linger; moved: of op.abandon
  Tick scheduled;                       // earliest timer that stands in the heap

  rid::HashRing hashes;                 // of what was heard, for Manifests
  std::optional<std::array<rid::Hash8, 3>> link_hashes;
  uint64_t confirmed = 0;               // of them, by Manifests

  KeyPtr gateway_key;                   // whose chains `evidence` tells
  KeyPtr ua_key;
  std::shared_ptr<const std::string> evidence;  // null: to be told anew

  uint32_t missing(const Policy& policy) const { return policy.required & ~have; }
  bool open() const { return state != OperationState::closed; }
  bool over() const { return state == OperationState::closed || state == OperationState::moved; }  // no Heartbeats from us
  bool knows_pack(const Digest16& digest) const;
  void remember_pack(const Digest16& digest);
  // Keeps a message of the static set; true when it differs from the one before.
  bool keep_static(const rid::MessageOctets& message);
  const std::shared_ptr<const std::string>& evidence_for(const Report& report);
};

// Messages that decode; in a Sighting the last of a type wins. A Basic ID of the session is preferred to others.
void decode_messages(const Report& report, Sighting& sighting);
// Do all of them decode? Refused before anything counts (value_range).
Error check_messages(std::span<const rid::MessageOctets> messages);

}  // namespace nrid
