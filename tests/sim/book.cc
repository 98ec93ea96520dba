#include "tests/sim/book.h"

#include "rid/auth.h"

namespace nrid::sim {
namespace {

std::optional<Det> session_of(const rid::Pack& pack) {
  for (size_t i = 0; i < pack.count; ++i) {
    if (rid::type_of(pack.message(i)) != rid::MessageType::basic_id) continue;
    const auto id = rid::decode_basic_id(pack.message(i));
    if (id.ok() && id->session_det()) return id->session_det();
  }
  return std::nullopt;
}

// What a pack says and of whom: under a Wrapper what that covers; else, if a ground station speaks for another,
// all of it under the CWT alone; beside a Link nothing, unless so.
void read_pack(Bytes octets, Entry& entry) {
  const auto pack = rid::decode_pack(octets);
  if (!pack.ok()) return;
  entry.pack = Book::whole(octets);
  const auto auth = rid::read_auth(*pack);
  if (!auth.ok()) return;
  const auto take = [&](rid::RawMessage message) {
    if (rid::type_of(message) == rid::MessageType::authentication) return;
    entry.types |= 1u << static_cast<unsigned>(rid::type_of(message));
    if (rid::type_of(message) != rid::MessageType::location) return;
    const auto location = rid::decode_location(message);
    if (!location.ok()) return;
    entry.has_location = true;
    entry.latitude_e7 = location->latitude_e7;
    entry.sampled = rid::absolute_time(*location, at_second(entry.iat)).value_or(at_second(entry.iat));
  };
  const auto session = session_of(*pack);
  if (auth->wrapper) {
    entry.ua = auth->wrapper->ua;
    entry.wrapped = true;
    for (size_t i = 0; i < auth->wrapper->message_count; ++i) take(auth->wrapper->message(i));
    return;
  }
  entry.ua = session.value_or(entry.kid);
  if (auth->link && entry.ua == entry.kid) return;
  for (size_t i = 0; i < pack->count; ++i) take(pack->message(i));
}

}  // namespace

std::optional<Opened> Book::open(Transport transport, schc::Direction way, Bytes datagram, FrameSpace& space) const {
  Frame frame;
  if (open_frame(transport, rules_, way, datagram, space, frame) != Error::none) return std::nullopt;
  Opened out;
  out.type = frame.message.type;
  out.code = frame.message.code;
  out.id = frame.message.id;
  out.token = Token::of(frame.message.token);
  out.payload = frame.message.payload;
  if (const coap::Option* const echo = frame.message.find(coap::option::echo)) out.echo = echo->value;
  out.has_token = out.payload.size() > 64;
  if (out.has_token) out.digest = digest(out.payload);
  return out;
}

const Entry* Book::write(const Opened& opened, Time now) {
  if (const Entry* known = find(opened.digest)) return known;
  const auto sign1 = cwt::decode_sign1(opened.payload);
  if (!sign1.ok()) return nullptr;
  const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
  if (!claims.ok()) return nullptr;
  Entry entry;
  entry.kid = sign1->kid;
  entry.iat = claims->iat;
  entry.exp = claims->exp;
  entry.octets = whole(opened.payload);
  entry.at = now;
  if (const auto* report = std::get_if<cwt::UasBody>(&claims->body)) {
    entry.what = Said::report;
    entry.sp = report->sp;
    read_pack(report->data, entry);
  } else if (const auto* word = std::get_if<cwt::UssBody>(&claims->body)) {
    entry.what = Said::heartbeat;
    entry.sp = entry.kid;
    entry.ua = word->ua;
    entry.asks_link = word->expected.pages.value_or(0) == profile::kPagesLink;
  } else if (const auto* end = std::get_if<cwt::EooBody>(&claims->body)) {
    const bool answer = end->code == profile::kEooAcknowledged || end->code == profile::kEooBySp;
    entry.what = answer ? Said::end_word : Said::end;
    entry.code = end->code;
    entry.ref = end->ref;
    entry.sp = answer ? entry.kid : end->peer;
    entry.ua = answer ? end->peer : end->ua.value_or(entry.kid);
  }
  return &(entries_[opened.digest] = entry);
}

void Book::forget_before(Time time) {
  absl::erase_if(entries_, [&](const auto& each) { return each.second.at < time; });
}

}  // namespace nrid::sim
