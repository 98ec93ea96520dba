#include "tests/sim/network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace nrid::sim {
namespace {

constexpr int kBurstMax = 3;           // corrupted octets of one datagram

Duration of_ms(double ms) { return {static_cast<int64_t>(ms * 1000)}; }

}  // namespace

Port::Port(Network& network, const Address& address) : network_(network), address_(address) {
  CHECK(network_.ports_.emplace(address, this).second);
}

Port::~Port() { network_.ports_.erase(address_); }

size_t Port::receive(std::span<Received> out) {
  held_.clear();
  while (held_.size() < out.size() && !inbox_.empty()) {
    held_.push_back(std::move(inbox_.front()));
    inbox_.pop_front();
    if (on_taken) on_taken(held_.back());
  }
  for (size_t i = 0; i < held_.size(); ++i) out[i] = {held_[i].from, held_[i].octets};
  return held_.size();
}

size_t Port::send(std::span<const Outgoing> datagrams) {
  if (cut) return datagrams.size();
  for (const Outgoing& one : datagrams) {
    if (on_sent) on_sent(one.peer, one.octets);
    network_.carry(this, address_, one.peer, one.octets);
  }
  return datagrams.size();
}

void Network::carry(const Port* port, const Address& from, const Address& to, Bytes octets) {
  ++stats_.sent;
  if (tap && tap(from, to, octets)) return;
  one_copy(port, from, to, octets);
  if (healed_ || !dice_.chance(faults_.duplicate)) return;
  ++stats_.duplicated;
  one_copy(port, from, to, octets);
}

void Network::one_copy(const Port* port, const Address& from, const Address& to, Bytes octets) {
  const double base = faults_.latency_ms;
  Duration wait = of_ms(healed_ ? 5 : dice_.between(base / 2, base * 1.5));
  if (healed_) return deliver_after(wait, from, to, Buffer(octets.begin(), octets.end()));
  if (dice_.chance(faults_.loss)) {
    ++stats_.lost;
    return;
  }
  if (dice_.chance(faults_.reorder)) {
    ++stats_.reordered;
    wait = {wait.us + of_ms(dice_.between(0.0, faults_.reorder_s * 1000)).us};
  }
  if (const Blocked* block = blocking(port, find(to))) {
    ++stats_.blocked;
    if (block->how == Block::drop) return;
    wait = std::max(wait, Duration{block->until.us - timeline_.now().us});
  }
  Buffer copy(octets.begin(), octets.end());
  if (!copy.empty() && dice_.chance(faults_.corrupt)) {
    ++stats_.corrupted;
    for (int64_t n = dice_.between(1, kBurstMax); n > 0; --n) copy[dice_.below(copy.size())] ^= static_cast<uint8_t>(1u << dice_.below(8));
  }
  deliver_after(wait, from, to, std::move(copy));
}

void Network::deliver_after(Duration wait, const Address& from, const Address& to, Buffer octets) {
  timeline_.after(wait, [this, from, to, octets = std::move(octets)]() mutable { deliver(from, to, std::move(octets)); });
}

void Network::deliver(const Address& from, const Address& to, Buffer octets) {
  Port* const port = find(to);
  if (port == nullptr || port->cut || port->inbox_.size() >= kInboxMax) {
    ++stats_.unroutable;
    return;
  }
  ++stats_.delivered;
  port->inbox_.push_back({from, std::move(octets)});
  if (port->on_arrival) port->on_arrival();
}

void Network::rebind(Port& port, const Address& to) {
  ports_.erase(port.address_);
  port.address_ = to;
  CHECK(ports_.emplace(to, &port).second);
}

void Network::block(const Port* from, const Port* to, Block how, Time until) { blocked_.push_back({from, to, how, until}); }

void Network::heal() {
  healed_ = true;
  blocked_.clear();
}

const Network::Blocked* Network::blocking(const Port* from, const Port* to) {
  std::erase_if(blocked_, [&](const Blocked& b) { return b.until <= timeline_.now(); });
  for (const Blocked& b : blocked_) {
    if ((b.from == nullptr || b.from == from) && (b.to == nullptr || b.to == to)) return &b;
  }
  return nullptr;
}

Port* Network::find(const Address& address) const {
  const auto at = ports_.find(address);
  return at == ports_.end() ? nullptr : at->second;
}

}  // namespace nrid::sim
