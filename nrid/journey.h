// The life of a datagram from the socket to the operation (design 4), for a batch at a time because signatures are verified
// many at once. Pure judging: no sockets, no replies, no operation state; the tables it reads are shared and bounded.
// Checks run in the order of nrid.md R-047, cheapest first; the first that fails names the counter.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/counters.h"
#include "base/key_source.h"
#include "cwt/claims.h"
#include "cwt/cose.h"
#include "nrid/config.h"
#include "nrid/frame.h"
#include "nrid/module.h"
#include "nrid/reply.h"
#include "nrid/shared_tables.h"
#include "rid/auth.h"

namespace nrid {

enum class Fate : uint8_t { open, control, duplicate, parked, refused };  // open: still on its way, or at its end verified

// One datagram on its way. Reused from batch to batch; everything borrowed lives as long as the batch.
struct Item {
  // given
  Bytes datagram;
  ReplyPath path;
  Instant received;
  bool acked = false;              // was parked before: its empty ACK has left
  bool rate_taken = false;
  Error key_answer = Error::none;  // was parked before: what the resolver said
  bool parked_before = false;
  // judged
  Fate fate = Fate::open;
  Error error = Error::none;
  bool outer_verified = false;
  bool remembered = false;         // in the replay filter; a CON has its entry in the stored replies
  bool wrapper_key_missing = false;  // the answer asks for the Link
  Det waits_for;                   // Fate::parked
  unsigned signatures = 0;         // judged for it
  // read
  Frame frame;
  cwt::Sign1 token;
  cwt::Claims claims;
  bool relative_times = false;
  rid::Pack pack;
  rid::PackAuth auth;
  Digest16 digest{};
  KeyPtr key;                      // of kid; null behind screen(): a Link has it
  KeyPtr ua_key;                   // of the Wrapper
  Det ua;
  Verdict verdict = Verdict::verified;
  Origin origin = Origin::aircraft;
  std::array<rid::MessageOctets, rid::kPackMessagesMax> messages;  // authenticated
  size_t message_count = 0;
  FrameSpace space;
  std::unique_ptr<std::array<uint8_t, profile::kPayloadMax>> bare;  // what a PayloadProtector opened; null where none ever did

  // Another datagram takes this place: nothing of the one before is left but its room.
  void begin(Bytes octets, const ReplyPath& from, Instant at);
  bool is_end() const { return std::holds_alternative<cwt::EooBody>(claims.body); }
  const Det& sp() const { return is_end() ? std::get<cwt::EooBody>(claims.body).peer : uas().sp; }  // whom it addresses
  const cwt::UasBody& uas() const { return std::get<cwt::UasBody>(claims.body); }
  const rid::Evidence* evidence() const {  // what the aircraft signed, of any kind
    if (is_end()) return nullptr;
    return auth.wrapper ? &*auth.wrapper : auth.other ? &*auth.other : nullptr;
  }
};

struct JourneyParts {
  const schc::RuleSet& rules;
  KeySource& keys;
  const Verifier& verifier;
  std::span<const Gate* const> gates;
  SharedTables& shared;
  CounterBlock& counters;          // of the thread that calls screen() and judge()
  bool dry_rate = false;           // policy.rate only counts
};

class Journey {
 public:
  explicit Journey(JourneyParts parts) : parts_(parts) {}
  // What can be told without a signature: in the order of nrid.md R-047. Those still open wait for judge(), with their key or a Link.
  void screen(std::span<Item* const> batch, Now now, const Config& config);
  // The rest: every item leaves with its fate; those still open are verified, fresh and entered in the replay filter. One set of
  // rules judges the whole batch.
  void judge(std::span<Item* const> batch, Now now, const Config& config);

 private:
  // Each returns Error::none, or why the item goes no further. They may also set another fate than refused.
  Error open(Item& item, Now now) const;
  Error read_token(Item& item) const;
  Error judge_claims(Item& item) const;
  Error digest(Item& item) const;
  Error refuse_duplicate(Item& item, Now now) const;
  Error find_key(Item& item, Now now);
  Error learn_key(Item& item, Now now);
  Error admit(Item& item, Now now) const;
  Error read_pack(Item& item);
  Error find_wrapper_key(Item& item, Now now);
  Error remember(Item& item, Now now);

  // What the next steps read of the tables lies anywhere in memory: asked for first for the whole batch, it comes side by side.
  template <class Table>
  void fetch(std::span<Item* const> batch, Table table) const;
  void verify_outer(std::span<Item* const> batch);
  void verify_wrapper(std::span<Item* const> batch);

  // nrid/journey_pack.cc: origin cases of R-056
  Error read_wrapped(Item& item);
  Error read_plain(Item& item);
  Error owner_ok(const Item& item) const;
  bool take_rate(const Det& kid, Now now) const;
  static std::optional<std::array<uint8_t, rid::kEndorsementSize>> link_in(const Item& item);
  bool learn_link(Item& item, const Det& wanted, Now now, KeyPtr& key);
  Error key_of(Item& item, const Det& det, Now now, KeyPtr& key);
  static Error no_key(Item& item, const Det& det, Error why);  // parked, or why it goes no further

  template <class Step>
  void each(std::span<Item* const> batch, Step step);

  JourneyParts parts_;
  const Config* config_ = nullptr;   // of the batch under way
  std::vector<VerifyJob> jobs_;
  std::vector<std::array<uint8_t, cwt::kSignedBytesMax>> signed_bytes_;  // of one batch's outer signatures
  std::vector<Item*> judged_;
};

// The session DET of the first Basic ID of type 4 among these messages.
std::optional<Det> session_of(std::span<const rid::MessageOctets> messages);

}  // namespace nrid
