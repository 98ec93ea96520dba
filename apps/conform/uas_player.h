// Plays the UAS, aircraft and gateway in one, against a service provider: the `sp` role.
#pragma once

#include "apps/conform/identities.h"
#include "apps/conform/pack.h"
#include "apps/conform/player.h"
#include "nrid/dns_responder.h"

namespace nrid::conform {

struct Target {                                        // the provider that is judged
  Identity sp, registry;                               // and the HDA that endorsed it
  Address plain, schc;
  std::map<std::string, Identity, std::less<>> special;
  uint16_t raa = 0, hda = 0;                           // of our identities
  const DnsServer* dns = nullptr;                // only when we serve its DNS
  std::function<Status()> restart;                     // kills it and starts it again; empty: not ours to do
  std::vector<Det> peers;                              // that it may send aircraft to; empty: none that we know of
  std::map<std::string, std::function<Status()>, std::less<>> hooks;  // by the words of kHooks; each returns when it holds
  // Another of the same kind, for a case that would disturb the others; empty: there is this one alone.
  std::function<StatusOr<std::shared_ptr<const Target>>()> another;
};

std::span<const VerbRule> uas_verbs();

class UasPlayer final : public Player {
 public:
  UasPlayer(Common common, const Target& target, Pair own, std::optional<Pair> other)
      : Player(std::move(common)), target_(target), own_(std::move(own)), other_(std::move(other)) {}
  Status run(const Step& step) override;
  Status finish() override;

 private:
  struct Sent {
    std::string socket;
    Letter letter;
    Buffer octets;
    Buffer pack;
    int64_t iat = 0;
    Tick at;
  };
  using Act = Status (UasPlayer::*)(const Step&);
  static Act act_of(std::string_view verb);

  // uas_send.cc
  Status begin(const Step& step);
  Status send(const Step& step);
  Status repeat(const Step& step);
  Status again(const Step& step);
  Status flood(const Step& step);
  StatusOr<Socket*> socket(const std::string& name);
  StatusOr<Identity> who(const std::string& word);
  int64_t next_iat(const Step& step);
  StatusOr<Buffer> make_pack(const Step& step, const std::string& messages);
  StatusOr<Buffer> make_report(const Step& step, Sent& sent);
  StatusOr<Buffer> make_end(const Step& step, Sent& sent);
  StatusOr<Letter> address(const Step& step, coap::Type type, Buffer payload);
  Status dispatch(const Step& step, Sent sent);
  TokenFaults faults_of(const Step& step) const;
  StatusOr<Buffer> echo_for(const Step& step) const;
  StatusOr<Det> addressee(const Step& step);
  StatusOr<GeoPoint> place_of(const Step& step) const;

  // uas_stage.cc: what is done to the provider and its DNS
  Status restart(const Step& step);
  Status hook(const Step& step);
  Status asked(const Step& step);

  // uas_expect.cc
  Status expect(const Step& step);
  Status silence(const Step& step);
  Status quiet(const Step& step);
  Status fly(const Step& step);
  Status prove(const Step& step);
  Status pause(const Step& step);
  Status tally(const Step& step);
  Status judge(const Step& step, const Heard& heard, const Sent* to) const;
  Status judge_word(const Step& step, const Heard& heard, const Sent* to) const;
  Status judge_heartbeat(const Step& step, const Heard& heard) const;
  const Identity* speaker_of(const Heard& heard) const;
  Heard* find_answer(const Sent& sent, bool empty_too = false);
  Heard* find_unwanted(const Sent& sent, bool empty_too);
  Heard* find_notice(std::string_view at, const Step& step = Step());
  const Sent* sent_as(const std::string& name) const;

  void on_heard(Heard& heard, Socket& socket) override;
  void answer_notice(const Heard& heard, Socket& socket);
  void judge_form(const Heard& heard, const Socket& socket);
  schc::Direction incoming() const override { return schc::Direction::down; }

  const Target& target_;
  const Pair own_;
  const std::optional<Pair> other_;
  std::vector<std::pair<std::string, Sent>> sent_;     // the newest last; names may come again
  std::map<std::string, size_t> kept_;                 // answers by name: index into the inbox
  std::map<std::string, Identity> strangers_;          // made up once for each case
  int64_t last_iat_ = 0;
  int number_ = 0;
  std::string prove_ = "on";
  bool hooked_ = false;                                // something has to be restored
};

}  // namespace nrid::conform
