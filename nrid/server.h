// The service provider: verify workers (one per socket), operation shards (chosen by DET), one record thread, joined by
// bounded rings (ARCHITECTURE.md). run() gives each its thread; step() runs the same objects once on the caller's thread,
// which is how tests and the simulation drive them with a manual clock and a simulated network.
#pragma once

#include <time.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/counters.h"
#include "base/key_source.h"
#include "base/random.h"
#include "nrid/config.h"
#include "nrid/datagram_port.h"
#include "nrid/frame.h"
#include "nrid/host.h"
#include "nrid/journal.h"
#include "nrid/peers.h"
#include "nrid/protector.h"
#include "nrid/redirect.h"
#include "nrid/unverifiable.h"

namespace nrid {

class Shard;
class Worker;
struct SharedTables;

struct ServerPort {                     // one socket: one verify worker
  DatagramPort* port = nullptr;
  Transport transport = Transport::plain;
  const PayloadProtector* protector = nullptr;  // R-030; borrowed, outlives the server
};

struct ServerSetup {
  Det det;                              // who we are; its key is ServerParts::signer
  Timers timers;
  Policy policy;
  Limits limits;
  int shards = 1;
  bool pin_workers = false;             // worker i runs on the i-th processor that this process may use, in turn
  RedirectSettings redirect;
  std::vector<Identity> former;         // identities that we leave, but still answer for (rotation)
  std::vector<HdaTerms> hdas;
};
// The part of a setup that Server::reload() can change.
Config config_of(const ServerSetup& setup, std::shared_ptr<const Signer> signer);

// Borrowed; all outlive the server.
struct ServerParts {
  const Clock& clock;
  Random& random;
  KeySource& keys;
  const Verifier& verifier;
  const Signer& signer;                 // whose key hashes to setup.det
  Journal& journal;
  Host& host;
  Counters& counters;
  schc::RuleSet rules;                  // for ports with Transport::schc
  std::vector<ServerPort> ports;
  std::vector<const Gate*> gates;
  // how modules add and revoke keys; empty: refused with a sentence
  std::function<Status(const Det&, const PublicKey&, Instant)> add_key;
  std::function<void(const Det&)> revoke_key;
  Peers* peers = nullptr;               // null: nothing connects us to others
};

class Server {
 public:
  Server(ServerSetup setup, ServerParts parts);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Modules plug in by name and order, before start().
  void add(Module& module) { parts_.host.add(module); }
  Status start();                       // starts the host and its modules; no thread runs yet

  // One round of every worker, shard and the host on this thread; returns the number of datagrams read, and one more for a shard that is not done.
  size_t step(Now now);

  // When step() has something to do at the latest, datagrams and answers for keys aside: INT64_MAX when nothing is due.
  Tick next_due() const;

  // What may change while we run, from the next batch on: the whole of it or, for a batch under way, nothing. Any thread.
  void reload(Config config);
  std::shared_ptr<const Config> config() const { return config_.take(); }

  // Threads. stop() drains: what was received is finished, then the modules stop. Both once, in this order.
  void run();
  void stop();

  // The providers that we may redirect to: swapped whole, at any time, any thread. None until the first call.
  void set_peers(std::shared_ptr<const PeerTable> table);
  std::shared_ptr<const PeerTable> peers() const;

  // Datagrams that wait, for a key or for their signatures to be judged: for the conservation law.
  size_t parked() const;
  size_t waiting() const;               // the latter of them
  size_t operations() const;
  // Seconds of processor that each of our threads has used, by its name: worker-0, shard-0, record. Empty unless they run.
  std::vector<std::pair<std::string, double>> thread_cpu_s() const;
  const ServerSetup& setup() const { return setup_; }

 private:
  ServerControl control();
  PeerSeat seat();
  Status redirect(const Det& ua, const Det& new_sp);
  template <class Round>
  void spawn(std::string name, Round round);

  ServerSetup setup_;
  ServerParts parts_;
  Published config_;
  std::unique_ptr<SharedTables> shared_;
  Unverifiable unverifiable_;           // of the resolver's thread
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<int> phase_{0};           // 0 running, 1 workers end, 2 shards end, 3 record thread ends
  std::vector<std::thread> worker_threads_, shard_threads_;
  std::thread record_thread_;
  std::vector<std::pair<std::string, clockid_t>> thread_clocks_;  // fixed by run()
  std::atomic<bool> running_ = false;
  bool stopped_ = false;
};

}  // namespace nrid
