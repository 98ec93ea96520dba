// CWTs by our own hand, both ways: written with whatever is to be wrong about them, and read strictly, independently of the
// decoder of the programs that are judged. Shapes: nrid.md sections 3 to 5 and 9; keys come from the profile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/conform/profile.h"
#include "base/ed25519.h"
#include "cwt/claims.h"
#include "cwt/cose.h"

namespace nrid::conform {

enum class Kind : uint8_t { uas, uss, eoo };
std::string_view subject_of(Kind kind);

struct Move {
  Det sp;
  std::string address;                                 // "2001:db8::1", "192.0.2.1" or a URI with "://"
  Buffer endorsement;
};

struct Body {                                          // of any kind; what does not belong to the kind is not there
  Kind kind = Kind::uas;
  Det party;                                           // det_sp, det_uas, det_peer
  std::optional<cwt::MessageSet> set;                  // encoded or expected
  Buffer data;                                         // uas: the pack
  std::optional<Move> move;                            // uss
  uint64_t code = 0, ref = 0;                          // eoo
  std::optional<Det> ua;                               // eoo
};

struct TokenValues {
  std::string subject;
  int64_t iat = 0, nbf = 0, exp = 0;
  Body body;
};

// What is wrong with a token that we write: words of the steps, "" for nothing.
struct TokenFaults {
  std::string claims;                                  // dup no-iat float-exp order indefinite long-head deep trailing utf8 extra iss iss-wrong
  std::string body;                                    // short long no-tag swapped
  std::string tag;                                     // none 61 61-none 17
  std::string alg;                                     // -19 -7 unprotected both none crit
  std::string kid;                                     // bare literal short tag missing
  std::string signature;                               // flip zero high-s
};

struct TokenSpeaker {
  Det kid;
  const Signer* signer = nullptr;
};

Buffer write_claims(const TokenValues& values, const Profile& profile, const TokenFaults& faults = {}, const Det* kid = nullptr);
Buffer write_token(const TokenValues& values, const TokenSpeaker& speaker, const Profile& profile, const TokenFaults& faults = {});

struct Fault {                                         // of a message that came
  std::string_view requirement;                        // "R-046"
  std::string text;
};

struct TokenRead {
  bool readable = false;                               // else the first fault says why not
  TokenValues values;
  Det kid;
  cwt::KidForm kid_form = cwt::KidForm::tagged_in_bstr;
  Buffer to_verify;
  Signature signature{};
  std::vector<Fault> faults;                           // of form; times and signature are judged by who knows the sender
  bool signed_by(const PublicKey& key) const { return readable && verify_one(key, to_verify, signature); }
};
TokenRead read_token(Bytes cwt, const Profile& profile);

}  // namespace nrid::conform
