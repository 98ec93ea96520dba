#include "apps/server/keys.h"

#include <chrono>

#include "base/log.h"

namespace nrid::provider {
namespace {

constexpr std::chrono::seconds kEvery{1};
constexpr uint64_t kTellEvery = 60;           // failures in a row

// What decides whether a chain is believed; anchors are looked at row by row.
std::string policy_text(const det::ResolverSettings& dns) {
  return std::string("require_ad ") + (dns.require_ad ? "1" : "0") + ", require_endorsement " + (dns.require_endorsement ? "1" : "0") + ", fallback_name " +
         (dns.fallback_name ? "1" : "0");
}

}  // namespace

StatusOr<std::unique_ptr<Keys>> Keys::open(const ServerSettings& settings, const Clock& clock, Random& random) {
  std::unique_ptr<Keys> keys(new Keys());
  TRY(dns, det::DnsClient::open({settings.dns.servers, settings.dns.timeout_ms, settings.dns.tries}, random));
  keys->dns_ = std::move(dns);
  if (!settings.data_dir.empty()) {
    auto store = det::KeyStore::open(settings.data_dir + "/keys.db", policy_text(settings.dns), settings.keys.keys_max);
    if (store.ok()) keys->store_ = std::move(*store);
    else log_event(LogLevel::error, "keys_not_remembered", {{"reason", store.text()}});
  }
  keys->source_ = std::make_unique<det::DnsKeySource>(settings.dns, settings.keys, *keys->dns_, clock, keys->store_.get());
  if (const Status status = keys->source_->restore(); !status.ok()) log_event(LogLevel::error, "keys_not_restored", {{"reason", status.text()}});
  keys->source_->revoke_listed(settings.revoked);
  return keys;
}

Keys::~Keys() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  upkeep();
}

Status Keys::check(const ServerSettings& settings, Now now) const {
  if (!settings.check_dns) return {};
  const auto self = det::resolve_now(settings.dns, settings.setup.det, false, seconds(10));
  if (self.ok()) return {};
  const std::string reason = "dns.servers " + settings.dns.servers + ": " + self.text() + " (" + std::string(info(self.error()).counter) + ")";
  if (!det::is_resolver_trouble(self.error()) || !source_->remembers(settings.setup.det, now)) return Status::failed(reason);
  log_event(LogLevel::warn, "dns_in_trouble", {{"reason", reason}, {"keys", "as they were before the restart"}});
  return {};
}

void Keys::run() {
  thread_ = std::jthread([this](std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, kEvery, [] { return false; });
      if (!stop.stop_requested()) upkeep();
    }
  });
}

void Keys::upkeep() {
  const Status status = source_->upkeep();
  if (status.ok()) return;
  if (write_failures_++ % kTellEvery == 0) log_event(LogLevel::error, "keys_not_written", {{"reason", status.text()}});
}

}  // namespace nrid::provider
