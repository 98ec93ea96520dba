// Counters beside the refusals of base/errors.h. Each thread adds to its own block without a lock; a reader sums the
// blocks. A datagram that was received has exactly one outcome (the conservation law, checked by every test):
//   received == accepted + control + duplicate + parked now + sum of refused[reason]
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <list>
#include <mutex>
#include <string_view>

#include "base/errors.h"

namespace nrid {

enum class Counter : uint8_t {
  received, accepted, control, duplicate,
  // beside the law
  encoded_mismatch, unix_epoch_evidence, extra_auth_page, manifest_seen, late_position, position_dropped, anomaly,
  static_changed, no_location, parked_total, sent, send_failed, replies_withheld, heartbeat_sent, heartbeat_timed,
  operation_started, operation_lost, operation_recovered, operation_ended, operation_abandoned, eoo_unknown, link_learned,
  journal_failed, handler_slow, event_dropped,
  operation_moved, operation_returned, operation_adopted, redirect_sent, redirect_deferred, redirect_refused, redirect_ignored,
  peer_news_dropped,
  manifest_confirmed, manifest_odd, position_shed,
  shed_active, shed_moved, shed_known, shed_unknown, would_refuse_source, would_shed, would_refuse_rate,
  unverifiable_not_told,
  count_
};

struct CounterInfo {
  Counter counter;
  std::string_view name;  // kept for good; /metrics shows nrid_<name>_total
  std::string_view text;
};

inline constexpr CounterInfo kCounters[] = {
    {Counter::received, "received", "datagrams read from the sockets"},
    {Counter::accepted, "accepted", "datagrams accepted: both signatures hold and the operation took them"},
    {Counter::control, "control", "CoAP acknowledgements, resets and pings"},
    {Counter::duplicate, "duplicate", "copies of a datagram or token already accepted"},
    {Counter::encoded_mismatch, "encoded_mismatch", "packs whose content differs from the `encoded` hint"},
    {Counter::unix_epoch_evidence, "unix_epoch_evidence", "DRIP evidence that counts Unix seconds instead of 2019 seconds"},
    {Counter::extra_auth_page, "extra_auth_page", "authentication pages beyond the needed ones (parity), ignored"},
    {Counter::manifest_seen, "manifest_seen", "verified Manifests and Frames: supplementary evidence, and nothing"},
    {Counter::late_position, "late_position", "positions later than the reorder window: stored, not shown live"},
    {Counter::position_dropped, "position_dropped", "positions dropped between server and modules because a ring was full"},
    {Counter::anomaly, "anomaly", "positions that are not plausible: flagged, not dropped"},
    {Counter::static_changed, "static_changed", "static messages that changed in flight"},
    {Counter::no_location, "no_location", "packs without a Location in flight: contact, no position"},
    {Counter::parked_total, "parked_total", "datagrams that had to wait for a key"},
    {Counter::sent, "sent", "datagrams sent"},
    {Counter::send_failed, "send_failed", "datagrams that the kernel refused to send"},
    {Counter::replies_withheld, "replies_withheld", "replies withheld by the limits for unproven addresses"},
    {Counter::heartbeat_sent, "heartbeat_sent", "Heartbeats sent as answers"},
    {Counter::heartbeat_timed, "heartbeat_timed", "Heartbeats sent by the timer"},
    {Counter::operation_started, "operation_started", "operations started"},
    {Counter::operation_lost, "operation_lost", "operations that fell silent"},
    {Counter::operation_recovered, "operation_recovered", "lost operations heard again"},
    {Counter::operation_ended, "operation_ended", "operations ended by the UAS"},
    {Counter::operation_abandoned, "operation_abandoned", "operations closed after op.abandon without an end"},
    {Counter::eoo_unknown, "eoo_unknown", "ends of operations that this provider does not know"},
    {Counter::link_learned, "link_learned", "keys learned from a DRIP Link in a packet"},
    {Counter::journal_failed, "journal_failed", "reports that the journal could not take: not acknowledged"},
    {Counter::handler_slow, "handler_slow", "module handlers that took longer than 1 ms"},
    {Counter::event_dropped, "event_dropped", "events dropped because the modules or a browser were too slow"},
    {Counter::operation_moved, "operation_moved", "operations that went to another provider"},
    {Counter::operation_returned, "operation_returned", "operations that came back from another provider"},
    {Counter::operation_adopted, "operation_adopted", "operations that came from another provider and go on under their id"},
    {Counter::redirect_sent, "redirect_sent", "Heartbeats that carried a redirect"},
    {Counter::redirect_deferred, "redirect_deferred", "redirects that had to wait: 5 % of the flights a second, or no place at the peer"},
    {Counter::redirect_refused, "redirect_refused", "redirects given up: the peer is gone, full or no longer endorsed"},
    {Counter::redirect_ignored, "redirect_ignored", "redirects that the aircraft did not follow"},
    {Counter::peer_news_dropped, "peer_news_dropped", "news of other providers dropped because a ring was full"},
    {Counter::manifest_confirmed, "manifest_confirmed", "messages and packs heard before whose hashes a verified Manifest confirms"},
    {Counter::manifest_odd, "manifest_odd", "verified Manifests whose own hash or Link hash is wrong: confirm nothing"},
    {Counter::position_shed, "position_shed", "positions refused because their shard was nearly full and their flight had a fresh one"},
    {Counter::shed_active, "shed_active", "datagrams shed under load: of signers heard lately from the same address"},
    {Counter::shed_moved, "shed_moved", "datagrams shed under load: of signers heard lately from elsewhere"},
    {Counter::shed_known, "shed_known", "datagrams shed under load: of known signers not heard lately"},
    {Counter::shed_unknown, "shed_unknown", "datagrams shed under load: of signers whose key had to be fetched"},
    {Counter::would_refuse_source, "would_refuse_source", "datagrams that overload.source_rate would refuse; it only counts (overload.dry_run)"},
    {Counter::would_shed, "would_shed", "datagrams that overload.waiting_age would shed; it only counts (overload.dry_run)"},
    {Counter::would_refuse_rate, "would_refuse_rate", "datagrams that policy.rate would refuse; it only counts (overload.dry_run)"},
    {Counter::unverifiable_not_told, "unverifiable_not_told", "look-ups that ended without a key and were not told, because too many did at once"},
};

constexpr bool counters_in_order() {
  if (std::size(kCounters) != static_cast<size_t>(Counter::count_)) return false;
  for (size_t i = 0; i < std::size(kCounters); ++i) {
    if (static_cast<size_t>(kCounters[i].counter) != i) return false;
  }
  return true;
}
static_assert(counters_in_order());

// One thread's block. Only its owner adds; anyone reads.
class CounterBlock {
 public:
  void add(Counter counter, uint64_t n = 1) { bump(values_[static_cast<size_t>(counter)], n); }
  void refuse(Error error) { bump(refused_[static_cast<size_t>(error)], 1); }
  uint64_t get(Counter counter) const { return values_[static_cast<size_t>(counter)].load(std::memory_order_relaxed); }
  uint64_t get(Error error) const { return refused_[static_cast<size_t>(error)].load(std::memory_order_relaxed); }

 private:
  using Cell = std::atomic<uint64_t>;
  static void bump(Cell& cell, uint64_t n) {  // one writer: no locked instruction needed
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::array<Cell, static_cast<size_t>(Counter::count_)> values_{};
  std::array<Cell, static_cast<size_t>(Error::count_)> refused_{};
};

struct CounterTotals {
  std::array<uint64_t, static_cast<size_t>(Counter::count_)> values{};
  std::array<uint64_t, static_cast<size_t>(Error::count_)> refused{};
  uint64_t get(Counter counter) const { return values[static_cast<size_t>(counter)]; }
  uint64_t get(Error error) const { return refused[static_cast<size_t>(error)]; }
  uint64_t refused_sum() const {
    uint64_t sum = 0;
    for (const uint64_t n : refused) sum += n;
    return sum;
  }
};

// All blocks of one server. add_block() at start-up; total() from any thread.
class Counters {
 public:
  CounterBlock& add_block() {
    const std::lock_guard lock(mutex_);
    return blocks_.emplace_back();
  }
  CounterTotals total() const {
    const std::lock_guard lock(mutex_);
    CounterTotals out;
    for (const CounterBlock& block : blocks_) {
      for (size_t i = 0; i < out.values.size(); ++i) out.values[i] += block.get(static_cast<Counter>(i));
      for (size_t i = 0; i < out.refused.size(); ++i) out.refused[i] += block.get(static_cast<Error>(i));
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::list<CounterBlock> blocks_;
};

}  // namespace nrid
