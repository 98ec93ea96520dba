// A whole provider on one thread: manual clock, seeded randomness, sockets that are queues, keys that a test hands out.
// conserved() is the law of every test: each datagram received has exactly one counted outcome.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "det/det.h"
#include "det/endorsement.h"
#include "nrid/client.h"
#include "nrid/server.h"
#include "rid/auth.h"

namespace nrid::testing {

constexpr uint8_t kCode(int code_class, int detail) { return static_cast<uint8_t>(code_class << 5 | detail); }
inline constexpr int64_t kNow = 1'780'315'200;  // 2026-06-01T12:00:00Z

struct Party {  // somebody with a key and a DET
  explicit Party(uint8_t seed) : signer(seed_of(seed)), det(det::derive(16376, 10, signer.public_key())) {}
  static Seed seed_of(uint8_t fill) {
    Seed seed;
    seed.fill(fill);
    return seed;
  }
  SeedSigner signer;
  Det det;
};

class QueuePort final : public DatagramPort {
 public:
  explicit QueuePort(uint16_t port) { local_.port = port; }
  Address local() const override { return local_; }
  size_t receive(std::span<Received> out) override {
    held_.clear();
    while (held_.size() < out.size() && !inbox.empty()) {
      held_.push_back(std::move(inbox.front()));
      inbox.pop_front();
    }
    for (size_t i = 0; i < held_.size(); ++i) out[i] = {held_[i].first, held_[i].second, arrives_at};
    return held_.size();
  }
  size_t send(std::span<const Outgoing> datagrams) override {
    for (const Outgoing& d : datagrams) {
      if (watch) watch(d);
      sent.emplace_back(d.peer, Buffer(d.octets.begin(), d.octets.end()));
      left_from.push_back(d.from);
    }
    return datagrams.size();
  }
  void wait(Duration) override {}
  bool filling() const override { return room == 0 || inbox.size() >= room / 2; }

  std::deque<std::pair<Address, Buffer>> inbox;
  size_t room = 0;                       // how many the inbox stands for; 0: cannot tell
  std::vector<std::pair<Address, Buffer>> sent;
  std::function<void(const Outgoing&)> watch;  // called as each leaves
  Address arrives_at;                    // our address that datagrams come to, as of a port with several
  std::vector<Address> left_from;        // one per sent datagram

 private:
  Address local_;
  std::vector<std::pair<Address, Buffer>> held_;
};

class TestKeys final : public KeySource {
 public:
  void know(const Party& party) { keys_[party.det] = entry(party.det, party.signer.public_key()); }
  Result<KeyPtr> find(const Det& det, Now) override {
    if (const auto found = keys_.find(det); found != keys_.end()) return found->second;
    if (const auto no = refused_.find(det); no != refused_.end()) return no->second;
    return Error::key_unavailable;
  }
  void request(const Det& det) override { asked.push_back(det); }
  void on_answer(std::function<void(const Answer&)> callback) override { callback_ = std::move(callback); }
  Result<KeyPtr> learn(Bytes endorsement136, Now now) override {
    const auto e = det::decode_endorsement(endorsement136);
    if (!e.ok()) return e.error();
    if (e->parent != hda.det) return Error::untrusted_chain;
    on_verify();
    const auto good = det::verify_endorsement(*e, hda.signer.public_key(), now.wall, seconds(5));
    if (!good.ok()) return good.error();
    return keys_[e->child] = entry(e->child, e->child_key);
  }
  // The resolver answers.
  void answer(const Party& party) {
    know(party);
    callback_({party.det, keys_[party.det], Error::none, ""});
  }
  void answer(const Det& det, Error error, std::string reason = "") {
    if (error != Error::key_unavailable) refused_[det] = error;
    callback_({det, nullptr, error, std::move(reason)});
  }
  void revoke(const Det& det) {
    keys_.erase(det);
    refused_[det] = Error::det_revoked;
  }

  Party hda{200};
  Instant valid_until = at_second(kNow + 86'400);
  std::vector<Det> asked;
  std::function<void()> on_verify = [] {};  // of an endorsement's signature

 private:
  KeyPtr entry(const Det& det, const PublicKey& key) const {
    return std::make_shared<const KeyEntry>(KeyEntry{det, *PreparedKey::from(key), Trust::anchor, valid_until, false, to_text(det) + " < anchor"});
  }
  std::map<Det, KeyPtr> keys_;
  std::map<Det, Error> refused_;
  std::function<void(const Answer&)> callback_ = [](const Answer&) {};
};

class Recorder final : public Module {
 public:
  std::string_view name() const override { return "recorder"; }
  Status start(ModuleHost& host) override {
    host_ = &host;
    return {};
  }
  void on_sightings(std::span<const Sighting> batch) override { sightings.insert(sightings.end(), batch.begin(), batch.end()); }
  void on_event(const FlightEvent& event) override { events.push_back(event); }
  void on_tick(Instant) override { ++ticks; }

  size_t count(FlightEventKind kind) const {
    size_t n = 0;
    for (const FlightEvent& event : events) n += event.kind == kind ? 1 : 0;
    return n;
  }
  ModuleHost& host() { return *host_; }

  std::vector<Sighting> sightings;
  std::vector<FlightEvent> events;
  int ticks = 0;

 private:
  ModuleHost* host_ = nullptr;
};

class FailingJournal final : public Journal {
 public:
  Status append(const JournalEntry& entry) override {
    if (append_fails) return Status::failed("disk full");
    ++unsafe;
    return memory.append(entry);
  }
  Status sync() override {
    if (sync_fails) return Status::failed("disk gone");
    unsafe = 0;
    return {};
  }
  bool append_fails = false;
  bool sync_fails = false;
  size_t unsafe = 0;                     // taken since the last sync that succeeded
  MemoryJournal memory;
};

inline Address address_of(uint8_t host, uint16_t port = 40'000) {
  Address address;
  address.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, host};
  address.port = port;
  return address;
}

// What the provider sent, read by the gateway's own reader.
struct Heard {
  Address to;
  Buffer datagram;
  coap::Type type = coap::Type::non;
  uint8_t code = 0;
  uint16_t id = 0;
  Buffer token;
  Buffer payload;
  bool post() const { return code == coap::kPost; }
};

// Small tables: a test that restarts the provider for every bit of a datagram must not spend its time on clearing memory.
inline Limits small_limits() {
  Limits limits;
  limits.duplicates_max = 8192;
  limits.rate_max = 256;
  limits.con_replies_max = 256;
  limits.report_ring = 256;
  limits.record_ring = 512;
  limits.overload.waiting_max = 1024;
  limits.overload.sources_max = 2048;
  limits.overload.suspects_max = 512;
  return limits;
}

struct Options {
  Timers timers;
  Policy policy;
  Limits limits = small_limits();
  int shards = 2;
  uint8_t sp_seed = 1;                   // whose key the provider has
  RedirectSettings redirect;
  Peers* peers = nullptr;
  std::vector<const Gate*> gates;
};

class World {
 public:
  explicit World(Options options = {}, uint64_t seed = 1);
  ~World() { EXPECT_TRUE(conserved()); }

  void start();                          // a new Server over the same keys and ports: what a restart is
  void run();                            // steps until nothing is left to do
  void pass(Duration time, Duration step = milliseconds(100));
  ::testing::AssertionResult conserved() const;
  uint64_t count(Counter counter) const { return counters->total().get(counter); }
  uint64_t count(Error error) const { return counters->total().get(error); }
  std::vector<Heard> heard(Transport transport = Transport::plain);  // and forgets it

  // Sender's side
  int64_t now_s() const { return clock.now().wall.seconds(); }
  rid::MessageOctets basic(const Det& of) const { return *rid::encode(rid::BasicId::of_session(of, 2)); }
  rid::MessageOctets location(Instant sampled, int32_t latitude_e7 = 473'900'000, int32_t longitude_e7 = 85'400'000) const;
  rid::MessageOctets system(int32_t latitude_e7 = 473'900'000) const;
  rid::MessageOctets operator_id(std::string_view text = "CHE87astrdge12k8") const;
  rid::MessageOctets self_id(std::string_view text) const;
  Buffer wrapped(std::vector<rid::MessageOctets> messages, const Party& by, rid::WrapperForm form = rid::WrapperForm::extended) const;
  Buffer plain(std::vector<rid::MessageOctets> messages) const;
  Buffer start_pack(const Party& by) const { return wrapped({basic(by.det), location(clock.now().wall), system(), operator_id()}, by); }
  Buffer flight_pack(const Party& by, int32_t north = 0) const { return wrapped({location(clock.now().wall, 473'900'000 + north)}, by); }
  Buffer uas_cwt(const Party& kid, Bytes pack, std::optional<int64_t> iat = {}) const;
  Buffer end_cwt(const Party& kid, const Det& of, uint64_t code = 0, std::optional<int64_t> iat = {}) const;
  Buffer post(coap::Type type, Bytes cwt, Transport transport = Transport::plain);

  void inject(Bytes datagram, const Address& from = address_of(1), Transport transport = Transport::plain);
  // post + inject + run
  void send(coap::Type type, Bytes cwt, const Address& from = address_of(1), Transport transport = Transport::plain);
  void fly_start(const Party& by, const Address& from = address_of(1));  // to ACTIVE
  Heartbeat heartbeat(const Heard& heard, const Det& of) const;           // EXPECTs that it is one
  std::optional<EndWord> end_word(const Heard& heard, const Det& of) const;

  Options options;
  Party sp{options.sp_seed}, ua{2}, gcs{3}, stranger{4};
  const Party* addressed = &sp;             // whom the sender addresses, and whose word it expects
  const Signer* provider_signer = nullptr;  // null: sp's own; takes effect at start()
  const Verifier* verifier = nullptr;       // null: libsodium's; takes effect at start()
  const PayloadProtector* protector = nullptr;  // of the plain port; takes effect at start()
  ManualClock clock{at_second(kNow)};
  SeededRandom random;
  TestKeys keys;
  FailingJournal journal;
  NullEventStream events;
  NoHttpCaller http;
  schc::RuleSet rules;
  QueuePort plain_port{5683}, schc_port{5787};
  std::unique_ptr<Counters> counters;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<Host> host;
  std::unique_ptr<Server> server;

 private:
  uint16_t next_id_ = 1;
};

}  // namespace nrid::testing
