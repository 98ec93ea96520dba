// Plays the service provider, and DNS, against a gateway that a command starts: the `gateway` role. Sockets: a is the provider
// on plain CoAP, s the same on SCHC, c its new address after a move, v its IPv6 address; b, d, e and f are other providers of the
// same registry.
#pragma once

#include "apps/conform/feed.h"
#include "apps/conform/pack.h"
#include "apps/conform/player.h"
#include "apps/conform/process.h"
#include "nrid/dns_responder.h"

namespace nrid::conform {

struct GatewayCommand {                                // shared by all cases
  std::string fly, setup, live;                        // shell commands with {names}; the last two may be empty
  std::string rules_file;
  const MadeRegistry* registry = nullptr;
};

std::span<const VerbRule> sp_verbs();

class SpPlayer final : public Player {
 public:
  SpPlayer(Common common, const GatewayCommand& command, Pair pair, std::string folder)
      : Player(std::move(common)), command_(command), pair_(std::move(pair)), folder_(std::move(folder)) {}
  Status run(const Step& step) override;
  Status finish() override;

 private:
  using Act = Status (SpPlayer::*)(const Step&);
  static Act act_of(std::string_view verb);

  // sp_stage.cc: the gateway as a process, and DNS as it should fail
  Status prepare();
  Status open_provider_sockets();
  Status dns(const Step& step);
  Status launch(const Step& step);
  Status stop(const Step& step);
  Status asked(const Step& step);
  Status said(const Step& step);
  Status distinct(const Step& step);
  Status write_files(const Step& step);
  Status start_feed(const Step& step);
  std::string settings_text(const Step& step) const;
  std::string fill(std::string command, const Step& step) const;
  StatusOr<std::string> failure_of(const std::string& mood);

  // sp_say.cc: what the provider says
  Status reply(const Step& step);
  Status notice(const Step& step);
  StatusOr<Buffer> make_word(const Step& step, const Heard* to, const std::string& socket);
  StatusOr<Move> make_move(const Step& step) const;
  const Identity& provider_at(std::string_view socket) const;

  // sp_expect.cc: what the gateway must do
  Status begin(const Step& step);
  Status expect(const Step& step);
  Status none(const Step& step);
  Status fly(const Step& step);
  Status count(const Step& step);
  Status each(const Step& step);
  Status pause(const Step& step);
  Status rounds(const Step& step);
  Status expect_exit(const Step& step);
  Status judge(const Step& step, const Heard& heard) const;
  Status judge_origin(const Step& step, const Heard& heard) const;
  Heard* find(const Step& step, bool fresh);
  const Heard* original_of(const Heard& heard) const;
  void on_heard(Heard& heard, Socket& socket) override;
  schc::Direction incoming() const override { return schc::Direction::up; }

  // sp_form.cc: what must hold for every word of a gateway
  void judge_form(const Heard& heard);
  void judge_pack(const Heard& heard);

  const GatewayCommand& command_;
  const Pair pair_;
  const std::string folder_;
  std::map<std::string, Identity, std::less<>> providers_;  // by socket
  std::unique_ptr<DnsServer> dns_;
  std::unique_ptr<Process> process_;
  std::map<std::string, size_t> kept_;                 // messages by name
  size_t last_ = SIZE_MAX;                             // the newest that a step spoke of
  int64_t last_iat_ = 0;
  Address peer_;                                       // of the newest datagram
  bool alone_ = false;                                 // the gateway is the aircraft
  std::string origin_;                                 // "": the aircraft signs
  std::unique_ptr<Feed> feed_;
  uint16_t live_port_ = 0;
};

}  // namespace nrid::conform
