// The encoder, fed with what a request says: first octet transport, answer and its payload, then the datagram. Law: an answer is a
// message that its receiver reads, under the request's id and token, of the type that RFC 7252 sections 4 and 5 demand, and
// never longer than what was asked for plus a fixed head.
#include "base/check.h"
#include "nrid/reply.h"

using namespace nrid;

namespace {

constexpr uint8_t kCodes[] = {0x44, 0x80, 0x81, 0x82, 0x83, 0x84, 0x8d, 0x8f, 0x9d, 0xa0, 0xa3, 0xa5};
constexpr size_t kPayloads[] = {0, 12, 152, 329, 360};
constexpr size_t kHeadMax = 4 + 8 + 6 + 1;

const schc::RuleSet& rules() {
  static const auto loaded = schc::load_rules_file(std::string(NRID_VECTORS) + "/../../schc/rules/nrid.json");
  CHECK(loaded.ok());
  return *loaded;
}

coap::Message opened(Transport transport, Bytes octets, FrameSpace& space) {
  Frame frame;
  CHECK(open_frame(transport, rules(), schc::Direction::down, octets, space, frame) == Error::none);
  return frame.message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ReplyPath path{nullptr, (data[0] & 1) != 0 ? Transport::schc : Transport::plain, {}, {}};
  FrameSpace in_space, out_space;
  Frame frame;
  const Error error = open_frame(path.transport, rules(), schc::Direction::up, {data + 2, size - 2}, in_space, frame);
  if (!frame.has_head) return 0;
  static_cast<void>(check_request(frame.message));

  Request request = Request::of(frame.message);
  request.acked = (data[0] & 2) != 0;
  static const Buffer filling(512, 0xa5);
  const Bytes payload = Bytes(filling).first(kPayloads[data[1] % std::size(kPayloads)]);
  const uint8_t code = kCodes[data[0] / 4 % std::size(kCodes)];
  static SeededRandom random(1);
  static MessageIds ids(random);
  ReplyOctets space;
  const Bytes reply = make_reply(path, rules(), request, {code, payload, data[1] * 16'843'009u}, ids, space);
  if (!reply.empty()) {
    const coap::Message answer = opened(path.transport, reply, out_space);
    const bool piggyback = request.confirmable() && !request.acked;
    CHECK(answer.type == (piggyback ? coap::Type::ack : coap::Type::non) && (!piggyback || answer.id == request.id));
    const bool declined = answer.code == coap::kEmpty;
    CHECK(!declined || (piggyback && !request.wants(code)));
    if (!declined) CHECK(answer.code == code && equal(answer.token, frame.message.token) && equal(answer.payload, payload));
    CHECK(reply.size() <= kHeadMax + payload.size() + 2);
  } else {
    CHECK(!request.wants(code) && (!request.confirmable() || request.acked));
  }
  const Bytes reset = make_empty(path, rules(), coap::Type::rst, frame.head.id, space);
  CHECK(error != Error::none || !reset.empty());
  if (!reset.empty()) CHECK(opened(path.transport, reset, out_space).id == frame.head.id && reset.size() <= 5);
  return 0;
}
