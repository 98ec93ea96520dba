#include "nrid/host.h"

#include <algorithm>
#include <chrono>

namespace nrid {
namespace {

constexpr size_t kRecordsPerStep = 512;
constexpr Duration kTickEvery = seconds(1);
constexpr Duration kHandlerLimit = milliseconds(1);

constexpr std::string_view kOutboxSchema[] = {
    "create table outbox (id integer primary key, topic text not null, key text not null, json text not null)",
};

}  // namespace

Host::Host(HostParts parts) : parts_(std::move(parts)), records_(parts_.record_ring) {}

Host::~Host() { stop(); }

Status Host::start() {
  TRY_VOID(open_outbox());
  for (Module* module : modules_) {
    const Status status = module->start(*this);
    if (!status.ok()) return Status::failed("module " + std::string(module->name()) + ": " + status.text());
    ++started_;
  }
  ticked_ = now().tick;
  for (int i = 0; i < parts_.workers; ++i) threads_.emplace_back([this] { work_loop(); });
  return {};
}

size_t Host::step(Now now) {
  size_t done = deliver_records(now);
  done += deliver_posts();
  done += deliver_bus();
  if (parts_.workers == 0) {
    std::deque<Job> jobs;
    {
      const std::lock_guard lock(jobs_mutex_);
      jobs.swap(jobs_);
    }
    done += jobs.size();
    for (Job& job : jobs) run_one(std::move(job));
  }
  if (now.tick - ticked_ >= kTickEvery) {
    ticked_ = now.tick;
    for (Module* module : modules_) timed(module->name(), [&] { module->on_tick(now.wall); });
  }
  return done;
}

Tick Host::next_due() const { return modules_.empty() ? Tick{INT64_MAX} : ticked_ + kTickEvery; }

// A handler that takes longer than 1 ms holds up all modules: counted, so that the operator sees which build to blame.
template <class Call>
void Host::timed(std::string_view, Call call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  const auto taken = std::chrono::steady_clock::now() - begin;
  if (taken > std::chrono::microseconds(kHandlerLimit.us)) parts_.counters.add(Counter::handler_slow);
}

// Sightings are gathered until an event comes between them: modules hear everything in the order of the shards.
size_t Host::deliver_records(Now) {
  batch_.clear();
  const size_t count = records_.pop_many(batch_, kRecordsPerStep);
  for (Record& record : batch_) {
    if (auto* sighting = std::get_if<Sighting>(&record.what)) {
      sightings_.push_back(std::move(*sighting));
    } else if (const auto* event = std::get_if<FlightEvent>(&record.what)) {
      deliver_sightings();
      for (Module* module : modules_) timed(module->name(), [&] { module->on_event(*event); });
    }
  }
  deliver_sightings();
  return count;
}

void Host::deliver_sightings() {
  if (sightings_.empty()) return;
  for (Module* module : modules_) timed(module->name(), [&] { module->on_sightings(sightings_); });
  sightings_.clear();
}

size_t Host::deliver_posts() {
  std::vector<std::function<void()>> posts;
  {
    const std::lock_guard lock(posts_mutex_);
    posts.swap(posts_);
  }
  for (const auto& post : posts) timed("post", post);
  return posts.size();
}

void Host::stop() {
  if (stopped_) return;
  stopped_ = true;
  {
    const std::lock_guard lock(jobs_mutex_);
    jobs_end_ = true;
  }
  jobs_wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  deliver_records(now());
  deliver_posts();
  deliver_bus();
  for (size_t i = started_; i > 0; --i) modules_[i - 1]->stop();
}

StatusOr<SettingsSection> Host::settings(std::string_view module) {
  if (parts_.settings == nullptr) return Status::failed("no settings file: section [" + std::string(module) + "] is missing");
  return parts_.settings->section(module);
}

StatusOr<std::shared_ptr<Store>> Host::store(std::string_view module) {
  if (const auto found = stores_.find(module); found != stores_.end()) return found->second;
  const std::string path = parts_.data_dir.empty() ? ":memory:" : parts_.data_dir + "/" + std::string(module) + ".db";
  TRY(opened, open_sqlite(path));
  stores_.emplace(std::string(module), opened);
  return opened;
}

void Host::add_routes(std::string_view module, std::vector<Route> routes) {
  for (Route& route : routes) routes_.push_back({std::string(module), std::move(route)});
}

void Host::add_page_part(std::string_view module, PagePart part) { page_parts_.push_back({std::string(module), std::move(part)}); }

void Host::add_counter(std::string_view name, std::string_view text, std::function<uint64_t()> read) {
  counters_.push_back({std::string(name), std::string(text), std::move(read)});
}

void Host::subscribe(std::string_view topic, std::function<void(const BusMessage&)> handler) {
  subscribers_.emplace(std::string(topic), std::move(handler));
}

void Host::post(std::function<void()> on_record_thread) {
  {
    const std::lock_guard lock(posts_mutex_);
    posts_.push_back(std::move(on_record_thread));
  }
  records_.wake();
}

void Host::run(std::function<void()> work, std::function<void()> then) {
  {
    const std::lock_guard lock(jobs_mutex_);
    jobs_.push_back({std::move(work), std::move(then)});
  }
  jobs_wake_.notify_one();
}

void Host::run_one(Job job) {
  job.work();
  if (job.then) post(std::move(job.then));
}

void Host::work_loop() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(jobs_mutex_);
      jobs_wake_.wait(lock, [&] { return jobs_end_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    run_one(std::move(job));
  }
}

Status Host::add_key(const Det& det, const PublicKey& key, Instant valid_until) {
  if (!control_.add_key) return Status::failed(to_text(det) + ": this server takes no local keys");
  return control_.add_key(det, key, valid_until);
}

void Host::revoke(const Det& det) {
  if (control_.revoke) control_.revoke(det);
}

void Host::allow_gateway(const Det& gateway, const Det& ua, bool allowed) {
  if (control_.allow_gateway) control_.allow_gateway(gateway, ua, allowed);
}

Status Host::end_operation(const Det& ua, std::string_view reason) {
  if (!control_.end_operation) return Status::failed(to_text(ua) + ": no server runs");
  return control_.end_operation(ua, reason);
}

Status Host::redirect(const Det& ua, const Det& new_sp) {
  if (!control_.redirect) return Status::failed(to_text(ua) + ": no server runs");
  return control_.redirect(ua, new_sp);
}

// Durable messages stand in the outbox before publish() returns and are deleted after their handlers ran: at least once,
// also across a restart.
Status Host::open_outbox() {
  TRY(opened, store("bus"));
  outbox_ = opened;
  TRY_VOID(outbox_->migrate(kOutboxSchema));
  return outbox_->execute("select id, topic, key, json from outbox order by id", {}, [this](const StoreRow& row) {
    bus_.push_back({{std::get<std::string>(row[1]), std::get<std::string>(row[2]), std::get<std::string>(row[3])}, std::get<int64_t>(row[0])});
  });
}

void Host::publish(const BusMessage& message, bool durable) {
  Queued queued{message, 0};
  if (durable) {
    const StoreValue values[] = {message.topic, message.key, message.json};
    const Status status = outbox_->execute("insert into outbox (topic, key, json) values (?, ?, ?) returning id", values,
                                           [&](const StoreRow& row) { queued.outbox_id = std::get<int64_t>(row[0]); });
    if (!status.ok()) parts_.counters.add(Counter::journal_failed);  // delivered all the same, but not after a crash
  }
  bus_.push_back(std::move(queued));
}

size_t Host::deliver_bus() {
  std::deque<Queued> due;
  due.swap(bus_);  // what handlers publish waits for the next round
  for (const Queued& queued : due) {
    const auto [first, last] = subscribers_.equal_range(queued.message.topic);
    for (auto it = first; it != last; ++it) timed(queued.message.topic, [&] { it->second(queued.message); });
    if (queued.outbox_id == 0) continue;
    const StoreValue values[] = {queued.outbox_id};
    if (!outbox_->execute("delete from outbox where id = ?", values).ok()) parts_.counters.add(Counter::journal_failed);
  }
  return due.size();
}

}  // namespace nrid
