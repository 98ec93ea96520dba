// The gateway as a state machine without I/O of its own: what is to be said comes from a FlightSource, datagrams go through a
// DatagramPort, time is an argument, and step() says when it wants to be called next. One object is one operation: start
// (R-070..R-073), flight (R-080..R-083),
// redirect (R-090..R-092), end. A provider that lacks our key gets a Link. What happened goes out as events; what
// to do about it (abort, land) is policy.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/log.h"
#include "base/random.h"
#include "nrid/aircraft.h"
#include "nrid/client.h"
#include "nrid/datagram_port.h"
#include "nrid/file_source.h"
#include "nrid/host_lookup.h"
#include "nrid/protector.h"
#include "nrid/spool.h"

namespace nrid {

enum class LostAction : uint8_t { continue_, hover, return_home, land_now };
std::string_view to_word(LostAction action);

struct GatewayTimers {                   // nrid.md section 0
  Duration resend_after = seconds(3);    // N
  Duration heartbeat_timeout = seconds(12);  // M
  int first_tries = 4;                   // F
  int lost_tries = 4;                    // L
  Duration try_interval = seconds(2);    // +-20 %
  int flag_rounds = 8;
  int end_tries = 4;                     // R-101, then every end_slow until end_limit is over
  Duration end_slow = seconds(30);
  Duration end_limit = seconds(600);
  int redirect_hops = 3;
};

struct GatewayPolicy {
  LostAction on_lost_sp = LostAction::return_home;
  bool redirect_private = false;         // may a redirect name a private address
  uint16_t schc_port = profile::kSchcPort;
  std::string redirect_domain;           // host names in coap:// URIs end in it; empty: none is followed
  bool link_first = false;               // DNS is in trouble where we stand: the provider gets our key in the first packet
  double speed = 1;                      // flight seconds per second, of a flight file
  bool loop = false;
  SpoolPolicy spool;
};

struct Provider {                        // the SP, as DNS and endorsement gave it
  Det det;
  PreparedKey key;
  Address address;
  Det hda;                               // parent in its endorsement
  PreparedKey hda_key;
  std::string host = {};                 // of a redirect: a name to be looked up before `address` is one
};

// "start_ok" and its facts; borrowed for the call.
using GatewayEvents = std::function<void(std::string_view name, std::initializer_list<LogField> fields)>;

enum class Phase : uint8_t { starting, flying, ending, done };
enum class Outcome : uint8_t { none, ended, start_failed, sp_lost, end_unacknowledged, ended_by_sp };
std::string_view to_word(Phase phase);
std::string_view to_word(Outcome outcome);

struct GatewayStatus {                   // for the status line and --json
  Phase phase = Phase::starting;
  Outcome outcome = Outcome::none;
  Det sp;
  uint64_t sent = 0;
  uint64_t resent = 0;
  uint64_t heartbeats = 0;
  uint64_t send_failed = 0;
  uint64_t errors = 0;                   // CoAP error codes that came back
  uint64_t refused = 0;                  // datagrams and words that were ignored
  uint64_t redirects = 0;
  uint32_t missing = 0;                  // flags of the last Heartbeat
  std::optional<Duration> heartbeat_age;
  bool sp_lost = false;
  std::string reason;                    // why it is done, or why the start waits
  size_t spooled = 0;                    // positions to be sent again
  SpoolCounts spool;
  SourceProgress flown;
};

class Gateway {
 public:
  struct Parts {                         // all borrowed
    Aircraft& aircraft;
    DatagramPort& port;
    Random& random;
    GatewayEvents on_event;
    HostLookup* hosts = nullptr;         // for redirects to names; nullptr: none is followed
    const PayloadProtector* protector = nullptr;  // R-030; nullptr: payloads are bare
    std::optional<LinkEndorsement> endorsement = {};  // of a gateway that is not the aircraft, for its Link, when known
  };

  // `source` is borrowed. The second one flies a file, at the policy's speed.
  Gateway(GatewayTimers timers, GatewayPolicy policy, Carriage carriage, Speaker speaker, FlightSource& source, Provider provider, Parts parts);
  Gateway(GatewayTimers timers, GatewayPolicy policy, Carriage carriage, Speaker speaker, Flight flight, Provider provider, Parts parts);

  // Sends the first packet. Once.
  void start(Now now);
  // Takes what arrived, sends what is due; returns when to be called next at the latest.
  Tick step(Now now);
  // Ends the operation: code 0, or 3 when aborted.
  void end(Now now, std::string_view reason, bool aborted = false);

  bool done() const { return status_.phase == Phase::done; }
  GatewayStatus status(Now now) const;
  uint64_t refused(Error error) const { return refused_[static_cast<size_t>(error)]; }

 private:
  struct Tries {                         // a counted series of sends
    int left = 0;
    Tick next;
    bool active = false;
  };

  // nrid/gateway.cc: the phases
  void step_start(Now now);
  void step_flight(Now now);
  void step_lost_watch(Now now);
  void step_end(Now now);
  void fly(Now now);
  void drain(Now now);
  void begin_tries(Tries& tries, int count, Now now) { tries = {count, now.tick, true}; }
  // True when a send of the series is due; takes it. `tries.left` is then what remains.
  bool due(Tries& tries, Now now, Duration interval);
  void lose(Now now);
  void fail_start(std::string reason);
  void finish(Outcome outcome, std::string_view reason);
  Tick next_wake() const;

  // nrid/gateway_send.cc
  void send_pack(const Result<SourcePack>& pack, coap::Type type, Now now);
  void send_last(coap::Type type, Now now);
  void send_end(Now now);
  bool send_report(Bytes pack, int64_t iat, coap::Type type, Now now);  // true: the network took it
  bool send_spooled(Bytes pack, Now now);
  int64_t fresh_iat(Now now);
  bool post(Bytes cwt, coap::Type type, Now now);
  bool transmit(const Result<Bytes>& datagram, const Address& to);
  void event(std::string_view name, std::initializer_list<LogField> fields = {}) const;
  void refuse(Error error);

  // nrid/gateway_receive.cc: what the provider says
  void receive(Now now);
  void on_datagram(const Received& received, Now now);
  void reset(uint16_t message_id);
  void on_response(const Inbound& in, Now now);
  // True when the word was accepted; only then is a CON Heartbeat answered.
  bool on_word(Bytes cwt, Now now);
  void on_heartbeat(const Heartbeat& heartbeat, Now now);
  void on_flags(const Heartbeat& heartbeat, Now now);
  void on_started(Now now);
  void on_end_word(const EndWord& word);

  // nrid/gateway_link.cc: a provider that lacks our key
  const std::optional<LinkEndorsement>& own_endorsement() const;
  std::optional<Buffer> own_link(Now now);
  void begin_with_link(Now now);
  bool link_of_aircraft(Now now);        // true: it is what is said next
  void on_unavailable(Now now);
  void step_link(Now now);

  // nrid/gateway_redirect.cc
  // True when the Heartbeat's other words are now another provider's affair.
  bool on_redirect(const cwt::MoveSp& move, Now now);
  void refuse_redirect(const Det& sp, Error error, const std::string& why);
  void follow(const Provider& target, Now now);
  void step_redirect(Now now);
  void step_names(Now now);
  void go_back(Now now);
  void switch_to(const Provider& provider, Now now);

  GatewayTimers timers_;
  GatewayPolicy policy_;
  Carriage carriage_;
  Speaker speaker_;
  std::unique_ptr<FlightSource> own_source_;
  FlightSource& source_;
  Provider provider_;
  Parts parts_;

  GatewayStatus status_;
  std::array<uint64_t, static_cast<size_t>(Error::count_)> refused_{};
  Tries tries_;                          // first packet, answers to flags, end
  Tries lost_;                           // resends after M
  Tries moved_;                          // resends to a new provider
  int rounds_ = 0;                       // of flags
  Tick flags_answered_;
  cwt::MessageSet flags_;                // the ones answered last
  Buffer last_pack_;
  int64_t last_iat_ = 0;                 // of the last CWT sent
  int64_t last_location_s_ = 0;
  uint16_t message_id_ = 0;
  std::array<Token, 16> tokens_{};       // of the newest requests: an answer must echo one
  size_t token_next_ = 0;
  Buffer echo_;                          // the provider's newest Echo value (RFC 9175), for the next request
  uint8_t last_code_ = 0;                // last CoAP error code that came back
  Tick last_sent_;
  Tick heard_;                           // last accepted Heartbeat, or when the wait for one began
  bool heard_any_ = false;
  int64_t iat_newest_ = 0;               // of accepted words of this provider
  bool unavailable_ = false;             // 5.03 came, and no Heartbeat since
  std::optional<Tick> link_due_;
  bool aircraft_link_ = false;           // the aircraft's goes after ours, unasked
  // end of operation
  uint64_t end_code_ = 0;
  bool end_patient_ = true;              // after the tries go on every end_slow
  Tick end_began_;
  std::vector<int64_t> end_iats_;        // of the requests that may be acknowledged
  Outcome outcome_after_end_ = Outcome::ended;
  // redirect
  std::optional<Provider> previous_;
  int hops_ = 0;
  bool returned_ = false;
  std::vector<std::pair<Det, Tick>> left_;  // providers we left, and when
  struct Named {
    Provider target;
    Tick until;
  };
  std::optional<Named> named_;           // a redirect whose host is being looked up
  // store and forward
  Spool spool_;
  std::optional<Tick> over_since_;       // the flight is over, the spool is not
};

// R-091, without the network: who may we be sent to? A name inside the policy's domain comes back as `host`, with the port in
// `address`. On refusal `why` has one sentence. Errors: bad_endorsement,
// det_hi_mismatch, value_range (address).
Result<Provider> judge_redirect(const cwt::MoveSp& move, const Provider& current, const GatewayPolicy& policy, bool schc, Instant now,
                                std::string& why);
// Error::value_range with a sentence: nobody may be sent to this address.
Result<void> judge_address(const Address& address, const GatewayPolicy& policy, std::string& why);

}  // namespace nrid
