// What the UAS hears of the provider, and what it must be.
#include <algorithm>

#include "apps/conform/move.h"
#include "apps/conform/uas_player.h"
#include "base/profile.h"

namespace nrid::conform {
namespace {

constexpr std::string_view kMutations = "from as messages by signer session sp iat life nbf wrapper wfault window pack pack-of location encoded sub claims body tag alg kid "
                                        "sign code about path method format accept option option2 no-response token pad octets echo";
constexpr std::string_view kWords = "start end flight heartbeat con non literal-times uncompressed";
constexpr VerbRule kVerbs[] = {
    {"begin", "", "from by"},
    {"send", kWords, kMutations},
    {"flood", kWords, "count from messages by signer"},
    {"repeat", "", "what from as"},
    {"again", "con non", "what from as"},
    {"expect", "heartbeat changed end ack rst notice con non bare 4.00 4.01 4.02 4.03 4.04 4.05 4.06 4.13 4.15 4.29 5.03 5.05 any-error any-2.04 max-age piggyback move unmoved",
     "to at within as same flags pages kid ua size1 by"},
    {"tally", "4.29", "least"},
    {"silence", "empty-ok", "to at for"},
    {"quiet", "", "at for"},
    {"fly", "con silent unmoved", "for from count at by every duplicates messages pack-of location sp period until"},
    {"prove", "on off empty wrong", ""},
    {"wait", "*", ""},
    {"restart", "", ""},
    {"hook", "rotate retire retime crowd restore", ""},
    {"asked", "", "of most"},
};

constexpr Duration kLookupMax = seconds(6);            // parking is 3 s, and DNS has its own time

constexpr std::string_view kAnswerWords[] = {"heartbeat", "changed", "end", "ack", "rst", "notice", "any-error", "any-2.04"};

uint8_t code_of(const std::string& word) {
  return static_cast<uint8_t>((word[0] - '0') << 5 | ((word[2] - '0') * 10 + (word[3] - '0')));
}

bool is_code(const std::string& word) { return word.size() == 4 && word[1] == '.'; }

// What the step wants, for people.
std::string wish(const Step& step) {
  for (const std::string& word : step.words) {
    if (is_code(word) || std::find(std::begin(kAnswerWords), std::end(kAnswerWords), word) != std::end(kAnswerWords)) return word;
  }
  return "an answer";
}

}  // namespace

std::span<const VerbRule> uas_verbs() { return kVerbs; }

UasPlayer::Act UasPlayer::act_of(std::string_view verb) {
  static constexpr std::pair<std::string_view, Act> kActs[] = {
      {"begin", &UasPlayer::begin},   {"send", &UasPlayer::send},       {"flood", &UasPlayer::flood}, {"repeat", &UasPlayer::repeat},
      {"again", &UasPlayer::again},   {"expect", &UasPlayer::expect},   {"silence", &UasPlayer::silence}, {"quiet", &UasPlayer::quiet},
      {"fly", &UasPlayer::fly},       {"prove", &UasPlayer::prove},     {"wait", &UasPlayer::pause},  {"restart", &UasPlayer::restart},
      {"hook", &UasPlayer::hook},     {"asked", &UasPlayer::asked},     {"tally", &UasPlayer::tally}};
  const auto found = std::find_if(std::begin(kActs), std::end(kActs), [&](const auto& each) { return each.first == verb; });
  CHECK(found != std::end(kActs));                     // read_script() knows the same verbs
  return found->second;
}

Status UasPlayer::run(const Step& step) {
  if (common_.interrupted) return Status::failed("interrupted");
  return (this->*act_of(step.verb))(step);
}

// An operation that is not ended would go on sending Heartbeats, and be there when the identity is used again. One may be open
// although nobody said so (No-Response), so the end is said in any case.
Status UasPlayer::finish() {
  const Status restored = hooked_ ? target_.hooks.at("restore")() : Status();
  if (sent_.empty() || common_.interrupted) return restored;
  for (const std::string speaker : {"ua", "other"}) {
    if (speaker == "other" && !other_) continue;
    Step end;
    end.words = {"end"};
    end.values = {{"by", speaker}, {"from", find_socket("a") != nullptr ? "a" : "s"}};
    if (!send(end).ok()) continue;
    const Sent& sent = sent_.back().second;
    pump(now().tick + profile().answer, [&] { return find_answer(sent) != nullptr; });
  }
  return restored;
}

const UasPlayer::Sent* UasPlayer::sent_as(const std::string& name) const {
  for (auto each = sent_.rbegin(); each != sent_.rend(); ++each) {
    if (name.empty() || each->first == name) return &each->second;
  }
  return nullptr;
}

// By Message-ID in an ACK or RST, by token in a separate response (RFC 7252 section 5.3.2).
Heard* UasPlayer::find_answer(const Sent& sent, bool empty_too) {
  for (const auto& heard : inbox_) {
    if (!empty_too && heard->letter.type == coap::Type::ack && heard->letter.code == coap::kEmpty) continue;  // its answer comes apart
    if (heard->used || !heard->readable || heard->request() || heard->socket != sent.socket || heard->at < sent.at) continue;
    const bool message = heard->letter.type == coap::Type::ack || heard->letter.type == coap::Type::rst;
    if (message && heard->letter.id == sent.letter.id) return heard.get();
    if (!message && heard->letter.token == sent.letter.token) return heard.get();
  }
  return nullptr;
}

// An answer, or octets that nobody can read: both break a silence. An empty ACK that is allowed is none yet: what it
// announces may come apart.
Heard* UasPlayer::find_unwanted(const Sent& sent, bool empty_too) {
  for (const auto& heard : inbox_) {
    if (!heard->used && !heard->readable && heard->socket == sent.socket && heard->at >= sent.at) return heard.get();
  }
  return find_answer(sent, empty_too);
}

// With `move` the first that has one, with `by` the first of that identity: what crossed the cause of it is passed over.
Heard* UasPlayer::find_notice(std::string_view at, const Step& step) {
  for (const auto& heard : inbox_) {
    if (heard->used || !heard->request() || heard->socket != at) continue;
    const TokenRead& token = heard->token;
    if (step.has("move") && token.readable && !token.values.body.move) continue;
    if (step.value("by") == "next" && token.readable && token.kid == target_.sp.det) continue;
    return heard.get();
  }
  return nullptr;
}

// The provider under whichever of its identities that word is; null when it is neither.
const Identity* UasPlayer::speaker_of(const Heard& heard) const {
  if (heard.token.kid == target_.sp.det) return &target_.sp;
  const auto next = target_.special.find("next");
  return next != target_.special.end() && heard.token.kid == next->second.det ? &next->second : nullptr;
}

Status UasPlayer::expect(const Step& step) {
  const bool notice = step.has("notice");
  TRY(within, duration(step, "within", notice ? "P+A+1" : "A+2"));  // what comes ends the wait: it costs nothing to be patient
  const Sent* const to = notice ? nullptr : sent_as(step.value("to"));
  if (!notice && to == nullptr) return Status::failed("nothing was sent that could be answered");
  const std::string at = step.value("at", to == nullptr ? "a" : to->socket);
  Heard* heard = nullptr;
  const Tick from = to == nullptr ? now().tick : std::max(to->at, now().tick - within);
  const auto enough = [&] {
    heard = notice ? find_notice(at, step) : find_answer(*to, step.has("ack"));
    return heard != nullptr;
  };
  pump(std::max(from + within, now().tick + milliseconds(20)), enough);
  // a key that has to be looked up first makes an empty ACK and an answer of its own.
  if (heard == nullptr && to != nullptr && find_answer(*to, true) != nullptr) pump(to->at + kLookupMax, enough);
  if (common_.interrupted) return Status::failed("interrupted");
  if (heard == nullptr) return Status::failed("no " + wish(step) + " at " + at + " within " + std::to_string(within.ms()) + " ms: nothing came");
  heard->used = true;
  const auto index = std::find_if(inbox_.begin(), inbox_.end(), [&](const auto& each) { return each.get() == heard; }) - inbox_.begin();
  kept_[step.value("as")] = static_cast<size_t>(index);
  return judge(step, *heard, to);
}

Status UasPlayer::judge(const Step& step, const Heard& heard, const Sent* to) const {
  const auto wrong = [&](const std::string& what) { return Status::failed("wanted " + wish(step) + ", got " + describe(heard) + (what.empty() ? "" : ": " + what)); };
  const Letter& letter = heard.letter;
  for (const std::string& word : step.words) {
    if (is_code(word) && letter.code != code_of(word)) return wrong("");
    if (word == "any-error" && letter.code < 0x80) return wrong("");
    if (word == "any-2.04" && letter.code != coap::kChanged) return wrong("");
    if (word == "con" && letter.type != coap::Type::con) return wrong("a CON was due");
    if (word == "non" && letter.type != coap::Type::non) return wrong("a NON was due");
    if (word == "bare" && !letter.payload.empty()) return wrong("no payload may come to a peer that is not authenticated");
    if (word == "max-age" && heard.number(coap::option::max_age).value_or(0) == 0) return wrong("Max-Age is missing");
    if (word == "ack" && (letter.type != coap::Type::ack || letter.code != coap::kEmpty)) return wrong("an empty ACK was due");
    if (word == "rst" && letter.type != coap::Type::rst) return wrong("");
    if (word == "changed" && (letter.code != coap::kChanged || !letter.payload.empty())) return wrong("2.04 without payload was due");
    if (word == "heartbeat" || word == "end" || word == "notice") TRY_VOID(judge_word(step, heard, to));
  }
  if (step.has("piggyback") && (letter.type != coap::Type::ack || letter.token != to->letter.token)) return wrong("it belongs into the ACK of its CON, with its token");
  if (step.given("size1") && heard.number(coap::option::size1).value_or(0) != static_cast<uint32_t>(std::stoul(step.value("size1")))) return wrong("Size1 " + step.value("size1") + " was due");
  if (step.given("same")) {
    const auto kept = kept_.find(step.value("same"));
    if (kept == kept_.end()) return Status::failed("no answer was kept as " + step.value("same"));
    const Packet& before = evidence_.packets[inbox_[kept->second]->packet];
    if (before.octets != evidence_.packets[heard.packet].octets) return wrong("not the octets of the first answer");
  }
  return {};
}

Status UasPlayer::judge_word(const Step& step, const Heard& heard, const Sent* to) const {
  const auto wrong = [&](const std::string& what) { return Status::failed("wanted " + wish(step) + ", got " + describe(heard) + ": " + what); };
  const bool end = step.has("end");
  if (!step.has("notice") && heard.letter.code != coap::kChanged) return wrong("2.04 was due");
  if (!heard.token.readable) return wrong(heard.token.faults.empty() ? "no token in it" : heard.token.faults.front().text);
  const Body& body = heard.token.values.body;
  if (body.kind != (end ? Kind::eoo : Kind::uss)) return wrong("another kind of word was due");
  const Identity* const speaker = speaker_of(heard);
  if (speaker == nullptr || (speaker != &target_.sp) != (step.value("by") == "next")) return wrong("kid is not the DET that was addressed");
  if (!heard.token.signed_by(speaker->key)) return wrong("the signature is not the provider's");
  const std::string about = step.value("ua", "ua");
  const Det& ua = about == "other" && other_ ? other_->ua.det : own_.ua.det;
  if (about != "any" && body.party != ua) return wrong("it is about another aircraft (R-061)");
  if (end) {
    if (body.code != 1) return wrong("code 1 was due");
    if (to != nullptr && body.ref != static_cast<uint64_t>(to->iat)) return wrong("ref is not the iat of the request (R-100)");
    return {};
  }
  return judge_heartbeat(step, heard);
}

Status UasPlayer::judge_heartbeat(const Step& step, const Heard& heard) const {
  const auto wrong = [&](const std::string& what) { return Status::failed("wanted " + wish(step) + ", got " + describe(heard) + ": " + what); };
  const Body& body = heard.token.values.body;
  if (step.has("move") && !body.move) return wrong("a redirect was due");
  if (step.has("unmoved") && body.move) return wrong("it redirects to " + to_text(body.move->sp) + ", and must not");
  if (step.given("kid")) {
    constexpr std::string_view forms[] = {"tagged", "bare", "literal"};
    if (forms[static_cast<size_t>(heard.token.kid_form)] != step.value("kid")) return wrong("kid is not in the form that the peer used");
  }
  const std::string flags = step.value("flags", "any");
  const uint32_t types = body.set->types;
  if (flags == "some" && types == 0) return wrong("flags were due");
  if (flags.rfind("with:", 0) == 0 && (types & type_bits(flags.substr(5))) != type_bits(flags.substr(5))) return wrong("it does not ask for " + flags.substr(5));
  if (flags.rfind("without:", 0) == 0 && (types & type_bits(flags.substr(8))) != 0) return wrong("it still asks for " + flags.substr(8));
  if (flags == "0" && types != 0) return wrong("flags 0 were due");
  if (step.given("pages") && body.set->pages.value_or(0) != std::stoul(step.value("pages"), nullptr, 16)) return wrong("pages " + step.value("pages") + " were due");
  return {};
}

// No answer to that datagram; timed Heartbeats are none.
Status UasPlayer::silence(const Step& step) {
  TRY(time, duration(step, "for", "A"));
  const Sent* const to = sent_as(step.value("to"));
  if (to == nullptr) return Status::failed("nothing was sent that could be answered");
  const Tick until = std::max(to->at, now().tick - time) + time;
  const bool empty_ok = step.has("empty-ok");
  Heard* heard = nullptr;
  pump(until, [&] { return (heard = find_unwanted(*to, !empty_ok)) != nullptr; });
  if (heard != nullptr && empty_ok && heard->readable && heard->letter.payload.empty()) return {};
  if (heard == nullptr) return common_.interrupted ? Status::failed("interrupted") : Status();
  heard->used = true;
  return Status::failed("silence was due, got " + describe(*heard));
}

// No timed Heartbeat at that socket.
Status UasPlayer::quiet(const Step& step) {
  TRY(time, duration(step, "for", "2P"));
  const std::string at = step.value("at", "a");
  for (const auto& heard : inbox_) {
    if (heard->socket == at) heard->used = true;        // what came before is not meant
  }
  Heard* heard = nullptr;
  pump(now().tick + time, [&] { return (heard = find_notice(at)) != nullptr; });
  if (heard == nullptr) return common_.interrupted ? Status::failed("interrupted") : Status();
  return Status::failed("no Heartbeat was due at " + at + ", got " + describe(*heard));
}

// Positions (or copies of one datagram) at 1 Hz for a while, and the number of timed Heartbeats that must come meanwhile.
Status UasPlayer::fly(const Step& step) {
  TRY(time, duration(step, "for", "P"));
  TRY(every, duration(step, "every", "1"));
  const std::string at = step.value("at", step.value("from", "a"));
  for (const auto& heard : inbox_) {
    if (heard->request() && heard->socket == at) heard->used = true;
  }
  Step report;
  if (step.has("con")) report.words = {"con"};
  for (const char* const name : {"from", "by", "messages", "pack-of", "location", "sp"}) {
    if (step.given(name)) report.values[name] = step.value(name);
  }
  Step copy;
  copy.values = {{"what", step.value("duplicates")}};
  const Tick from = now().tick, until = from + time;
  for (Tick next = from; next < until; next = next + every) {
    if (!step.has("silent")) TRY_VOID(step.given("duplicates") ? again(copy) : send(report));
    Step redirect;
    redirect.words = {"move"};
    const auto enough = [&] { return step.value("until") == "move" && find_notice(at, redirect) != nullptr; };
    pump(std::min(next + every, until), enough);
    if (common_.interrupted) return Status::failed("interrupted");
    if (enough()) break;
  }
  TRY(period, duration(step, "period", "P"));
  for (const auto& heard : inbox_) {
    const auto& move = heard->token.values.body.move;
    if (step.has("unmoved") && heard->socket == at && heard->at >= from && move) return Status::failed("a Heartbeat redirects to " + to_text(move->sp) + ", and must not");
  }
  if (!step.given("count")) return {};
  int count = 0;
  for (const auto& heard : inbox_) {
    if (!heard->request() || heard->socket != at || heard->used) continue;
    heard->used = true;
    ++count;
  }
  time = now().tick - from;                            // the machine may have been slow
  // "due": one each P. "lost": R of them, then no more. One more or less may fall across the edges.
  const int64_t right = step.value("count") == "lost" ? profile().silent_heartbeats : (time.us + period.us / 2) / period.us;
  if (count >= right - 1 && count <= right + 1) return {};
  return Status::failed(std::to_string(count) + " timed Heartbeats in " + std::to_string(time.ms()) + " ms, " + std::to_string(right) + " are right, or one more or less");
}

// How many of the answers that nobody asked for yet carry a code.
Status UasPlayer::tally(const Step& step) {
  TRY_VOID(wait(profile().answer));
  int count = 0, all = 0;
  for (const auto& heard : inbox_) {
    if (heard->used || !heard->response()) continue;
    heard->used = true;
    ++all;
    count += heard->letter.code == code_of(step.words.front());
  }
  const int least = std::stoi(step.value("least", "1"));
  if (count >= least) return {};
  return Status::failed(std::to_string(count) + " of " + std::to_string(all) + " answers were " + step.words.front() + ", at least " + std::to_string(least) + " were due");
}

Status UasPlayer::prove(const Step& step) {
  prove_ = step.words.empty() ? "on" : step.words.front();
  return {};
}

Status UasPlayer::pause(const Step& step) {
  TRY(time, duration_of(step.words.empty() ? "A" : step.words.front(), profile()));
  return wait(time);
}

void UasPlayer::on_heard(Heard& heard, Socket& socket) {
  if (!socket.proven && socket.received > 3 * socket.sent) {
    fault("R-029", std::to_string(socket.received) + " octets came to an address that is not proven and sent " + std::to_string(socket.sent), heard.packet);
  }
  if (!heard.readable) return;
  judge_form(heard, socket);
  if (heard.request()) answer_notice(heard, socket);
}

// What must hold for every word of a provider, whatever the case is about.
void UasPlayer::judge_form(const Heard& heard, const Socket& socket) {
  const Letter& letter = heard.letter;
  if (!heard.request() && letter.code != coap::kEmpty) {
    const bool ours = std::any_of(sent_.begin(), sent_.end(), [&](const auto& each) {
      const Letter& sent = each.second.letter;
      return each.second.socket == socket.name && sent.token == letter.token && (letter.type != coap::Type::ack || sent.id == letter.id);
    });
    if (!ours) fault("R-028", "an answer whose token and Message-ID are those of nothing that we sent", heard.packet);
  }
  if (heard.request()) {
    const Buffer* const path = heard.option(coap::option::uri_path);
    if (letter.code != coap::kPost || path == nullptr || as_text(*path) != profile().path) fault("R-063", "a Heartbeat on its own is a POST to the resource", heard.packet);
  }
  const Buffer* const echo = heard.option(coap::option::echo);
  if (echo != nullptr && (echo->empty() || echo->size() > kEchoMax)) fault("R-029", "an Echo value has 1 to 40 octets (RFC 9175 section 2.2.1)", heard.packet);
  if (!heard.token.readable) return;
  if (heard.number(coap::option::content_format).value_or(UINT32_MAX) != profile().content_format) fault("R-020", "Content-Format is not that of a CWT", heard.packet);
  const TokenValues& values = heard.token.values;
  if (values.nbf != values.iat) fault("R-043", "nbf is not iat", heard.packet);
  if (values.exp <= values.iat || values.exp - values.iat > profile::kLifetimeMaxSeconds) fault("R-044", "lifetime is not 1 to 60 s", heard.packet);
  const int64_t away = now().wall.seconds() - values.iat;
  if (away > profile().skew.seconds() + 2 || away < -profile().skew.seconds()) fault("R-044", "iat is " + std::to_string(away) + " s ago", heard.packet);
  if (values.body.kind == Kind::uas) fault("R-060", "a provider does not send reports", heard.packet);
  const Identity* const speaker = speaker_of(heard);
  if (speaker == nullptr || !heard.token.signed_by(speaker->key)) return fault("R-060", "the signature is not that of the provider", heard.packet);
  if (!values.body.move) return;
  const MoveTerms terms{speaker->det, target_.registry.det, target_.registry.key, target_.peers, profile().skew};
  if (const auto found = fault_of(*values.body.move, terms, now().wall)) fault(found->requirement, found->text, heard.packet);
}

// the 2.04 that echoes the token of a CON Heartbeat proves our address.
void UasPlayer::answer_notice(const Heard& heard, Socket& socket) {
  if (heard.letter.type != coap::Type::con || prove_ == "off") return;
  Letter ack;
  ack.type = coap::Type::ack;
  ack.id = heard.letter.id;
  if (prove_ != "empty") {
    ack.code = coap::kChanged;
    ack.token = heard.letter.token;
    if (prove_ == "wrong" && !ack.token.empty()) ack.token[0] ^= 1;
  } else {
    ack.code = coap::kEmpty;
  }
  const auto octets = seal(ack, socket.schc, schc::Direction::up);
  if (!octets.ok() || !send_octets(socket, heard.peer, *octets).ok()) return;
  if (prove_ == "on") socket.proven = true;
}

}  // namespace nrid::conform
