#include "nrid/reply.h"

#include <algorithm>
#include <cstring>

namespace nrid {
namespace {

constexpr uint8_t kServiceUnavailable = 0xa3;
constexpr uint8_t kTooLarge = 0x8d;

// What cannot be sealed into our own buffer is our mistake in sizes, never a peer's; it is then not sent.
Bytes sealed(const ReplyPath& path, const schc::RuleSet& rules, const coap::Message& message, ReplyOctets& space) {
  const auto octets = seal_frame(path.transport, rules, schc::Direction::down, message, space);
  return octets.ok() ? *octets : Bytes{};
}

// False: it cannot go out bare either.
bool protect(const ReplyPath& path, std::span<uint8_t> space, Bytes& cwt) {
  if (path.protector == nullptr || cwt.empty()) return true;
  const auto sealed = path.protector->seal(path.peer, cwt, space);
  if (sealed.ok()) cwt = *sealed;
  return sealed.ok();
}

}  // namespace

MessageIds::MessageIds(Random& random) : keyed_(random), rows_(kRows) {
  std::vector<uint8_t> first(2 * kRows);
  random.fill(first);
  for (size_t i = 0; i < kRows; ++i) rows_[i].store(static_cast<uint16_t>(first[2 * i] << 8 | first[2 * i + 1]), std::memory_order_relaxed);
}

uint16_t MessageIds::next(const Address& peer) {
  std::array<uint8_t, 22> input;
  std::memcpy(input.data(), peer.ip.data(), 16);
  std::memcpy(input.data() + 16, &peer.port, 2);
  std::memcpy(input.data() + 18, &peer.scope, 4);
  const Digest16 digest = keyed_.of(input);
  return rows_[static_cast<size_t>(digest[0] << 8 | digest[1]) % kRows].fetch_add(1, std::memory_order_relaxed);
}

Request Request::of(const coap::Message& message) {
  Request request;
  request.type = message.type;
  request.id = message.id;
  request.token_size = static_cast<uint8_t>(std::min<size_t>(message.token.size(), 8));
  std::copy_n(message.token.begin(), request.token_size, request.token.begin());
  for (uint8_t code_class = 2; code_class <= 5; ++code_class) {
    if (response_suppressed(message, static_cast<uint8_t>(code_class << 5))) {
      request.unwanted = static_cast<uint8_t>(request.unwanted | 1u << (code_class - 1));
    }
  }
  return request;
}

Bytes make_empty(const ReplyPath& path, const schc::RuleSet& rules, coap::Type type, uint16_t id, ReplyOctets& space) {
  coap::Message message;
  message.type = type;
  message.code = coap::kEmpty;
  message.id = id;
  return sealed(path, rules, message, space);
}

Bytes make_reply(const ReplyPath& path, const schc::RuleSet& rules, const Request& request, const Response& response,
                 MessageIds& ids, ReplyOctets& space) {
  const bool piggyback = request.confirmable() && !request.acked;
  if (!request.wants(response.code)) {
    return piggyback ? make_empty(path, rules, coap::Type::ack, request.id, space) : Bytes{};
  }
  coap::Message message;
  message.type = piggyback ? coap::Type::ack : coap::Type::non;
  message.id = piggyback ? request.id : ids.next(path.peer);
  message.code = response.code;
  message.token = Bytes(request.token.data(), request.token_size);
  std::array<uint8_t, 4> number{};
  if (response.code == coap::kChanged && !response.payload.empty()) {
    message.add(coap::option::content_format, coap::encode_uint(profile::kContentFormatCwt, number));
  }
  if (response.code == kServiceUnavailable) {
    message.add(coap::option::max_age, coap::encode_uint(std::max<uint32_t>(1, response.max_age_s), number));
  }
  if (!response.echo.empty()) message.add(coap::option::echo, response.echo);
  if (response.code == kTooLarge) message.add(coap::option::size1, coap::encode_uint(profile::kPayloadMax, number));
  message.payload = response.payload;
  ReplyOctets inside;
  if (response.code == coap::kChanged && !protect(path, inside, message.payload)) return {};
  return sealed(path, rules, message, space);
}

Bytes make_notice(const ReplyPath& path, const schc::RuleSet& rules, coap::Type type, uint16_t id, Bytes token, Bytes cwt,
                  ReplyOctets& space) {
  coap::Message message;
  message.type = type;
  message.code = coap::kPost;
  message.id = id;
  message.token = token;
  std::array<uint8_t, 4> number{};
  message.add(coap::option::uri_path, as_bytes(profile::kPath));
  message.add(coap::option::content_format, coap::encode_uint(profile::kContentFormatCwt, number));
  message.payload = cwt;
  ReplyOctets inside;
  if (!protect(path, inside, message.payload)) return {};
  return sealed(path, rules, message, space);
}

void Outbox::add(const ReplyPath& path, Bytes octets) {
  if (octets.empty()) return;
  entries_.push_back({path.port, path.peer, path.local, octets_.size(), octets.size()});
  octets_.insert(octets_.end(), octets.begin(), octets.end());
}

void Outbox::clear() {
  entries_.clear();
  octets_.clear();
}

// Runs of one socket go out in one call; order within a socket stays.
void Outbox::flush(CounterBlock& counters) {
  for (size_t i = 0; i < entries_.size();) {
    DatagramPort* const port = entries_[i].port;
    run_.clear();
    for (; i < entries_.size() && entries_[i].port == port; ++i) {
      run_.push_back({entries_[i].peer, Bytes(octets_).subspan(entries_[i].offset, entries_[i].size), entries_[i].local});
    }
    const size_t sent = port->send(run_);
    counters.add(Counter::sent, sent);
    counters.add(Counter::send_failed, run_.size() - sent);
  }
  clear();
}

}  // namespace nrid
