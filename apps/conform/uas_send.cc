// What the UAS says: reports, ends and whatever may be wrong about them.
#include <algorithm>

#include "apps/conform/uas_player.h"
#include "base/profile.h"

namespace nrid::conform {
namespace {

constexpr std::string_view kStart = "basic,location,system,operator";
constexpr int kRoundsMax = 8;

uint16_t number_of(const std::string& text) { return static_cast<uint16_t>(std::strtoul(text.c_str(), nullptr, 10)); }

Buffer uint_option(uint32_t value) {
  std::array<uint8_t, 4> space{};
  const Bytes octets = coap::encode_uint(value, space);
  return Buffer(octets.begin(), octets.end());
}

// Message types that a Heartbeat asks for, as a list of messages; Location always with it.
std::string wanted(uint32_t flags) {
  std::string out = "location";
  if ((flags & 1u << 0) != 0) out = "basic," + out;
  if ((flags & 1u << 3) != 0) out += ",self";
  if ((flags & 1u << 4) != 0) out += ",system";
  if ((flags & 1u << 5) != 0 && std::count(out.begin(), out.end(), ',') < 3) out += ",operator";
  return out;
}

}  // namespace

StatusOr<UasPlayer::Socket*> UasPlayer::socket(const std::string& name) {
  if (Socket* const known = find_socket(name)) return known;
  const Address& to = name.front() == 's' ? target_.schc : target_.plain;
  TRY_VOID(open_socket(name, to.is_v4() ? *address_from_text("0.0.0.0:0") : Address{}));
  return find_socket(name);
}

StatusOr<Identity> UasPlayer::who(const std::string& word) {
  if (word == "ua") return own_.ua;
  if (word == "gw") return own_.gateway;
  if (word == "other" || word == "other-gw") {
    if (!other_) return Status::failed("the case has no second pair of identities");
    return word == "other" ? other_->ua : other_->gateway;
  }
  if (word == "stranger" || word == "foreign") {
    const uint16_t raa = word == "stranger" ? target_.raa : static_cast<uint16_t>(target_.raa ^ 1);
    if (strangers_.find(word) == strangers_.end()) strangers_[word] = stranger(raa, target_.hda, random_);
    return strangers_[word];
  }
  if (word == "suite" || word == "prefix") {
    Identity out = own_.ua;
    if (word == "suite") out.det.octets[7] = 3;
    if (word == "prefix") out.det.octets[0] = 0xfd;
    return out;
  }
  const auto found = target_.special.find(word);
  if (found == target_.special.end()) return Status::failed("no identity \"" + word + "\"");
  return found->second;
}

// Newer than all before, so that each says more than the last; never further ahead than half the skew, so
// that a quick script waits now and then.
int64_t UasPlayer::next_iat(const Step& step) {
  if (step.given("iat")) return now().wall.seconds() + std::stoll(step.value("iat"));
  const int64_t ahead = std::max<int64_t>(1, profile().skew.seconds() / 2);
  while (last_iat_ + 1 > now().wall.seconds() + ahead && !common_.interrupted) pump(now().tick + milliseconds(100));
  return last_iat_ = std::max(last_iat_ + 1, now().wall.seconds());
}

TokenFaults UasPlayer::faults_of(const Step& step) const {
  return {step.value("claims"), step.value("body"), step.value("tag"), step.value("alg"), step.value("kid"), step.value("sign")};
}

// det_sp: the provider's own DET, its next one, or one that nobody has.
StatusOr<Det> UasPlayer::addressee(const Step& step) {
  if (step.value("sp") == "next") {
    TRY(next, who("next"));
    return Det(next.det);
  }
  Det out = target_.sp.det;
  if (step.value("sp") == "other") out.octets[15] ^= 1;
  return out;
}

StatusOr<GeoPoint> UasPlayer::place_of(const Step& step) const {
  const std::string where = step.value("location");
  const auto& place = where == "away" ? profile().peer_place : where == "narrow" ? profile().narrow_place : std::optional(profile().place);
  if (!place) return Status::failed("the profile has no such place");
  return *place;
}

// RFC 9175: the newest value that came to a socket, or one that is none.
StatusOr<Buffer> UasPlayer::echo_for(const Step& step) const {
  const bool wrong = step.value("echo") == "wrong";
  const std::string at = wrong ? step.value("from", "a") : step.value("echo");
  for (auto each = inbox_.rbegin(); each != inbox_.rend(); ++each) {
    const Buffer* const value = (*each)->socket == at ? (*each)->option(coap::option::echo) : nullptr;
    if (value == nullptr || value->empty()) continue;
    Buffer out = *value;
    if (wrong) out.back() ^= 1;
    return out;
  }
  return Status::failed("no answer brought an Echo value to " + at);
}

StatusOr<Buffer> UasPlayer::make_pack(const Step& step, const std::string& messages) {
  PackPlan plan;
  plan.messages = messages;
  plan.wrapper = step.value("wrapper", "extended");
  plan.wrapper_fault = step.value("wfault");
  plan.pack_fault = step.value("pack");
  plan.location = step.value("location");
  TRY(place, place_of(step));
  plan.place = place;
  const std::string window = step.value("window", "0:120");
  const size_t colon = window.find(':');
  if (colon == std::string::npos) return Status::failed("window is FROM:TO");
  plan.window_from = std::stoll(window.substr(0, colon));
  plan.window_to = std::stoll(window.substr(colon + 1));
  const std::string speaker = step.value("by", "ua");
  const bool alone = speaker != "gw" && speaker != "other-gw";
  TRY(signer, who(step.value("signer", alone ? speaker : "ua")));
  TRY(session, who(step.value("session", alone && !step.given("signer") ? speaker : "ua")));
  plan.session = session.det;
  plan.signed_as = signer.det;
  plan.signer = signer.signer.get();
  plan.endorsement = signer.endorsement;
  plan.number = number_++;
  return write_pack(plan, now().wall);
}

StatusOr<Buffer> UasPlayer::make_report(const Step& step, Sent& sent) {
  const std::string messages = step.has("start") ? std::string(kStart) : step.value("messages", "location");
  if (step.given("pack-of")) {
    const Sent* const earlier = sent_as(step.value("pack-of"));
    if (earlier == nullptr) return Status::failed("nothing was sent as " + step.value("pack-of"));
    sent.pack = earlier->pack;
  } else {
    TRY(pack, make_pack(step, messages));
    sent.pack = std::move(pack);
  }
  TRY(speaker, who(step.value("by", "ua")));
  TokenValues values;
  values.subject = step.value("sub", subject_of(step.has("heartbeat") ? Kind::uss : Kind::uas));
  sent.iat = values.iat = next_iat(step);
  values.nbf = values.iat + std::stoll(step.value("nbf", "0"));
  values.exp = values.iat + std::stoll(step.value("life", std::to_string(profile().lifetime.seconds())));
  if (step.has("literal-times")) values.iat = values.nbf = 0, values.exp = 10;
  values.body.kind = step.has("heartbeat") ? Kind::uss : Kind::uas;
  TRY(addressed, addressee(step));
  values.body.party = addressed;
  if (step.has("heartbeat")) {
    values.body.party = own_.ua.det;
    values.body.set = cwt::MessageSet{0, std::nullopt};
  } else if (step.value("encoded") != "none") {
    const auto pack = rid::decode_pack(sent.pack);
    cwt::MessageSet set{pack.ok() ? pack->types() : type_bits(messages), std::nullopt};
    if (pack.ok() && pack->auth_pages() != 0) set.pages = pack->auth_pages();
    if (step.value("encoded") == "wrong") set.types ^= 1u << 3;
    if (step.value("encoded") == "bit15") set.types |= 1u << 15;
    values.body.set = set;
  }
  if (!step.has("heartbeat")) values.body.data = sent.pack;
  return write_token(values, {speaker.det, speaker.signer.get()}, profile(), faults_of(step));
}

StatusOr<Buffer> UasPlayer::make_end(const Step& step, Sent& sent) {
  TRY(speaker, who(step.value("by", "ua")));
  TokenValues values;
  values.subject = std::string(subject_of(Kind::eoo));
  sent.iat = values.iat = values.nbf = next_iat(step);
  values.exp = values.iat + profile().lifetime.seconds();
  values.body.kind = Kind::eoo;
  TRY(addressed, addressee(step));
  values.body.party = addressed;
  values.body.code = static_cast<uint64_t>(std::stoll(step.value("code", "0")));
  values.body.ref = static_cast<uint64_t>(now().wall.seconds());
  const std::string about = step.value("about", speaker.det == own_.ua.det ? "none" : "ua");
  if (about != "none") {
    TRY(aircraft, who(about));
    values.body.ua = aircraft.det;
  }
  return write_token(values, {speaker.det, speaker.signer.get()}, profile(), faults_of(step));
}

// The CoAP message around a payload, with what the step says is wrong about it.
StatusOr<Letter> UasPlayer::address(const Step& step, coap::Type type, Buffer payload) {
  Letter out;
  out.type = type;
  out.id = next_id_++;
  const std::string method = step.value("method", "post");
  out.code = method == "get" ? 1 : method == "put" ? 3 : method == "unknown" ? 30 : coap::kPost;
  out.token.resize(4);
  random_.fill(out.token);
  if (step.given("token")) out.token = from_hex(step.value("token")).value_or(Buffer());
  const auto text = [](std::string_view value) { return Buffer(value.begin(), value.end()); };
  if (step.value("path") != "none") out.options.emplace_back(coap::option::uri_path, text(step.value("path", profile().path)));
  if (step.value("format") != "none") out.options.emplace_back(coap::option::content_format, uint_option(number_of(step.value("format", std::to_string(profile().content_format)))));
  if (step.given("accept")) out.options.emplace_back(coap::option::accept, uint_option(number_of(step.value("accept"))));
  if (step.given("no-response")) out.options.emplace_back(coap::option::no_response, uint_option(number_of(step.value("no-response"))));
  if (step.given("echo")) {
    TRY(echo, echo_for(step));
    out.options.emplace_back(coap::option::echo, std::move(echo));
  }
  for (const char* const name : {"option", "option2"}) {
    if (!step.given(name)) continue;
    const std::string option = step.value(name);
    const size_t colon = option.find(':');
    out.options.emplace_back(number_of(option.substr(0, colon)), colon == std::string::npos ? Buffer() : from_hex(option.substr(colon + 1)).value_or(Buffer()));
  }
  if (step.given("pad")) payload.resize(number_of(step.value("pad")), 0xff);
  out.payload = std::move(payload);
  return out;
}

Status UasPlayer::dispatch(const Step& step, Sent sent) {
  TRY(socket_or, socket(sent.socket));
  sent.at = now().tick;
  TRY_VOID(send_octets(*socket_or, socket_or->schc ? target_.schc : target_.plain, sent.octets));
  sent_.emplace_back(step.value("as"), std::move(sent));
  return {};
}

Status UasPlayer::send(const Step& step) {
  Sent sent;
  sent.socket = step.value("from", "a");
  if (step.given("octets")) {                          // as they stand
    const auto octets = from_hex(step.value("octets"));
    if (!octets) return Status::failed("octets are no hex");
    sent.octets = *octets;
    if (octets->size() >= 4) sent.letter.type = static_cast<coap::Type>((*octets)[0] >> 4 & 3), sent.letter.id = static_cast<uint16_t>((*octets)[2] << 8 | (*octets)[3]);
    return dispatch(step, std::move(sent));
  }
  const bool con = step.has("con") || (!step.has("non") && (step.has("start") || step.has("end")));
  Buffer payload;
  if (step.has("end")) {
    TRY(end, make_end(step, sent));
    payload = std::move(end);
  } else {
    TRY(report, make_report(step, sent));
    payload = std::move(report);
  }
  TRY(letter, address(step, con ? coap::Type::con : coap::Type::non, std::move(payload)));
  TRY(octets, seal(letter, sent.socket.front() == 's' && !step.has("uncompressed"), schc::Direction::up));
  sent.letter = std::move(letter);
  sent.octets = std::move(octets);
  return dispatch(step, std::move(sent));
}

// Octet for octet, wherever it goes.
Status UasPlayer::repeat(const Step& step) {
  const Sent* const earlier = sent_as(step.value("what"));
  if (earlier == nullptr) return Status::failed("nothing was sent as " + step.value("what"));
  Sent sent = *earlier;
  sent.socket = step.value("from", sent.socket);
  return dispatch(step, std::move(sent));
}

// The same CWT in another CoAP message.
Status UasPlayer::again(const Step& step) {
  const Sent* const earlier = sent_as(step.value("what"));
  if (earlier == nullptr) return Status::failed("nothing was sent as " + step.value("what"));
  Sent sent = *earlier;
  sent.socket = step.value("from", sent.socket);
  TRY(letter, address(step, step.has("con") ? coap::Type::con : coap::Type::non, earlier->letter.payload));
  TRY(octets, seal(letter, sent.socket.front() == 's', schc::Direction::up));
  sent.letter = std::move(letter);
  sent.octets = std::move(octets);
  return dispatch(step, std::move(sent));
}

// Many at once; each is a report of its own.
Status UasPlayer::flood(const Step& step) {
  const int64_t base = now().wall.seconds();
  const int count = step.given("count") ? number_of(step.value("count")) : profile().rate_burst + 20;
  for (int i = 0; i < count; ++i) {
    last_iat_ = base;
    TRY_VOID(send(step));
  }
  return {};
}

// The start phase, with as many rounds of flags as the provider wants.
Status UasPlayer::begin(const Step& step) {
  Step each = step;
  each.words = {"start", "con"};
  for (int round = 0; round <= kRoundsMax; ++round) {
    TRY_VOID(send(each));
    Step answer;
    answer.verb = "expect";
    answer.words = {"heartbeat"};
    if (const Status heard = expect(answer); !heard.ok()) return Status::failed("the start phase: " + heard.text());
    const auto& set = inbox_[kept_.at("")]->token.values.body.set;
    if (set->types == 0) return {};
    each.words = {"con"};
    each.values["messages"] = wanted(set->types);
  }
  return Status::failed("the start phase did not end within " + std::to_string(kRoundsMax) + " rounds of flags");
}

}  // namespace nrid::conform
