#include "nrid/server.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>

#include "nrid/shard.h"
#include "nrid/worker.h"

namespace nrid {
namespace {

constexpr size_t kRoundsMax = 1000;    // of a shard in one step()

enum Phase : int { kRunning, kWorkersEnd, kShardsEnd, kRecordEnds };

// Where the kernel refuses, the thread runs where it likes, as without.
void pin(std::thread& thread, size_t turn) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const size_t count = static_cast<size_t>(CPU_COUNT(&allowed));
  if (count == 0) return;
  size_t skip = turn % count;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
    return;
  }
}

}  // namespace

Config config_of(const ServerSetup& setup, std::shared_ptr<const Signer> signer) {
  Config config;
  config.identities.push_back({setup.det, std::move(signer)});
  config.identities.insert(config.identities.end(), setup.former.begin(), setup.former.end());
  config.timers = setup.timers;
  config.policy = setup.policy;
  config.hdas = setup.hdas;
  return config;
}

Server::Server(ServerSetup setup, ServerParts parts)
    : setup_(std::move(setup)), parts_(std::move(parts)),
      config_(config_of(setup_, {std::shared_ptr<void>(), &parts_.signer})),  // borrowed: it outlives us
      shared_(std::make_unique<SharedTables>(setup_.policy, setup_.limits, parts_.random)),
      unverifiable_(parts_.clock, parts_.host.records(), parts_.counters.add_block()) {
  if (parts_.peers == nullptr) parts_.peers = &no_peers();
  CHECK(setup_.shards > 0 && !parts_.ports.empty());
  const size_t shards = static_cast<size_t>(setup_.shards);
  for (size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(ShardParts{i, shards, setup_, config_, parts_.rules, parts_.random, parts_.journal,
                                                         *shared_, parts_.counters.add_block(), parts_.host.records(),
                                                         *parts_.peers}));
  }
  std::vector<Ring<ShardInput>*> rings;
  for (const auto& shard : shards_) rings.push_back(&shard->inputs());
  for (const ServerPort& port : parts_.ports) {
    workers_.push_back(std::make_unique<Worker>(WorkerParts{setup_.limits, config_, port, parts_.rules, parts_.keys, parts_.verifier, parts_.gates,
                                                            *shared_, parts_.counters.add_block(), parts_.random, rings,
                                                            parts_.host.records()}));
  }
  parts_.keys.on_answer([this](const KeySource::Answer& answer) {
    shared_->parking.answered(answer.det, answer.error);
    unverifiable_.heard(answer);
  });
  parts_.host.set_control(control());
}

ServerControl Server::control() {
  SharedTables* const shared = shared_.get();
  ServerControl control;
  control.add_key = parts_.add_key;
  control.revoke = parts_.revoke_key;
  control.allow_gateway = [shared](const Det& gateway, const Det& ua, bool allowed) { shared->owners.allow(gateway, ua, allowed); };
  control.end_operation = [this](const Det& ua, std::string_view reason) -> Status {
    if (!shared_->owners.is_open(ua)) return Status::failed(to_text(ua) + ": no open operation");
    Shard& shard = *shards_[shard_of(ua, shards_.size())];
    if (!shard.inputs().push(ShardInput{EndCommand{ua, std::string(reason)}})) return Status::failed(to_text(ua) + ": the server is overloaded");
    return {};
  };
  control.redirect = [this](const Det& ua, const Det& new_sp) { return redirect(ua, new_sp); };
  return control;
}

// only to peers of the signed list, and only while they can take it. What may still prevent it then, the shard counts.
Status Server::redirect(const Det& ua, const Det& new_sp) {
  const auto refused = [&](RedirectRefusal refusal) { return Status::failed(to_text(ua) + ": " + to_text(new_sp) + " " + std::string(info(refusal).text)); };
  if (config_.take()->identity(new_sp) != nullptr) return refused(RedirectRefusal::ourselves);
  const auto table = peers();
  const Peer* const peer = table->find(new_sp);
  if (peer == nullptr) return refused(RedirectRefusal::not_peer);
  if (!shared_->owners.is_open(ua)) return Status::failed(to_text(ua) + ": no open operation");
  const Now now = parts_.clock.now();
  const RedirectRefusal refusal = judge_peer(*peer, RedirectReason::command, {}, node_view(*table, setup_, *shared_, *parts_.peers, now), now);
  if (refusal != RedirectRefusal::none) return refused(refusal);
  Shard& shard = *shards_[shard_of(ua, shards_.size())];
  if (!shard.inputs().push(ShardInput{RedirectCommand{ua, new_sp}})) return Status::failed(to_text(ua) + ": the server is overloaded");
  return {};
}

void Server::set_peers(std::shared_ptr<const PeerTable> table) { shared_->peer_table.publish(std::move(table)); }
std::shared_ptr<const PeerTable> Server::peers() const { return shared_->peer_table.snapshot(); }

// What other providers may ask of us, on their threads. News that find no room are counted; the next Heartbeat period
// brings them again.
PeerSeat Server::seat() {
  PeerSeat seat;
  seat.is = [this](const Det& sp) { return config_.take()->identity(sp) != nullptr; };
  const auto capacity = [this] { return capacity_of(*peers(), setup_.limits); };
  seat.load = [this, capacity] {
    return PeerLoad{shared_->owners.open_count(), shared_->reservations.count(parts_.clock.now().tick), capacity(), Tick{shared_->alive_us.load(std::memory_order_relaxed)}};
  };
  seat.reserve = [this, capacity](const Reservation& wanted) {
    const Tick now = parts_.clock.now().tick;
    const Duration life = config_.take()->timers.silence();
    if (!shared_->reservations.reserve(wanted.ua, shared_->owners.open_count(), capacity(), life, now)) return false;
    Shard& shard = *shards_[shard_of(wanted.ua, shards_.size())];
    if (shard.inputs().push(ShardInput{ExpectedArrival{wanted, now + life}})) return true;
    shared_->reservations.arrived(wanted.ua);
    return false;
  };
  seat.hear = [this](const PeerNews& news) {
    Shard& shard = *shards_[shard_of(news.ua, shards_.size())];
    if (!shard.inputs().push(ShardInput{news})) shared_->news_dropped.fetch_add(1, std::memory_order_relaxed);
  };
  return seat;
}

Server::~Server() {
  stop();
  parts_.peers->leave();
  parts_.keys.on_answer([](const KeySource::Answer&) {});  // the tables are about to go
}

Status Server::start() {
  parts_.peers->join(seat());
  return parts_.host.start();
}

void Server::reload(Config config) {
  shared_->owners.list(config.policy.gateways);
  config_.publish(std::move(config));
}

size_t Server::step(Now now) {
  size_t read = 0;
  for (const auto& worker : workers_) read += worker->step(now);
  for (const auto& shard : shards_) {
    size_t rounds = 0;
    while (shard->step(now) > 0) {
      if (++rounds < kRoundsMax) continue;
      ++read;                            // it is not done: the caller comes again, and sees that it never ends if it never does
      break;
    }
  }
  while (parts_.host.step(now) > 0) {
  }
  return read;
}

Tick Server::next_due() const {
  Tick due = shared_->parking.next_due();
  for (const auto& shard : shards_) due = std::min(due, shard->next_due());
  return std::min(due, parts_.host.next_due());
}

// Rounds go on until the phase asks this kind of thread to end, and then until a round finds nothing more to do, so that
// what the threads before it handed over is finished.
template <class Round>
void Server::spawn(std::string name, Round round) {
  std::thread thread(round);
  pthread_setname_np(thread.native_handle(), name.substr(0, 15).c_str());
  clockid_t clock{};
  if (pthread_getcpuclockid(thread.native_handle(), &clock) == 0) thread_clocks_.emplace_back(name, clock);
  if (name.starts_with("worker")) {
    if (setup_.pin_workers) pin(thread, worker_threads_.size());
    worker_threads_.push_back(std::move(thread));
  } else if (name.starts_with("shard")) {
    shard_threads_.push_back(std::move(thread));
  } else {
    record_thread_ = std::move(thread);
  }
}

void Server::run() {
  CHECK(!running_ && !stopped_);
  spawn("record", [this] {
    for (bool end = false; !end;) {
      end = phase_ >= kRecordEnds;
      while (parts_.host.step(parts_.clock.now()) > 0) {
      }
      if (!end) parts_.host.wait(milliseconds(100));
    }
  });
  for (size_t i = 0; i < shards_.size(); ++i) {
    spawn("shard-" + std::to_string(i), [this, shard = shards_[i].get()] {
      for (bool end = false; !end;) {
        end = phase_ >= kShardsEnd;
        while (shard->step(parts_.clock.now()) > 0) {
        }
        if (!end) shard->wait(parts_.clock.now());
      }
      shard->drain(parts_.clock);
    });
  }
  for (size_t i = 0; i < workers_.size(); ++i) {
    spawn("worker-" + std::to_string(i), [this, worker = workers_[i].get()] {
      while (phase_ < kWorkersEnd) {
        worker->wait(worker->step(parts_.clock.now()));
      }
      for (int rounds = 0; rounds < 64 && worker->step(parts_.clock.now()) > 0; ++rounds) {  // what the socket still holds
      }
      while (worker->judge(parts_.clock.now()) > 0) {
      }
    });
  }
  running_ = true;
}

void Server::stop() {
  if (stopped_) return;
  stopped_ = true;
  phase_ = kWorkersEnd;
  for (std::thread& thread : worker_threads_) thread.join();
  phase_ = kShardsEnd;
  for (const auto& shard : shards_) shard->wake();
  for (std::thread& thread : shard_threads_) thread.join();
  phase_ = kRecordEnds;
  parts_.host.wake();
  if (record_thread_.joinable()) record_thread_.join();
  parts_.host.stop();
}

std::vector<std::pair<std::string, double>> Server::thread_cpu_s() const {
  std::vector<std::pair<std::string, double>> out;
  if (!running_ || phase_ != kRunning) return out;
  for (const auto& [name, clock] : thread_clocks_) {
    timespec used{};  // a thread that has just ended has no clock any more
    if (clock_gettime(clock, &used) == 0) out.emplace_back(name, static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9);
  }
  return out;
}

size_t Server::parked() const { return shared_->parking.size() + waiting(); }
size_t Server::waiting() const {
  size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->waiting();
  return sum;
}
size_t Server::operations() const { return shared_->owners.open_count(); }

}  // namespace nrid
