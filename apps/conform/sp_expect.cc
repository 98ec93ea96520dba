// What a gateway must do, and when.
#include <algorithm>

#include "apps/conform/sp_player.h"

namespace nrid::conform {
namespace {

constexpr Duration kStartMax = seconds(10);            // a process has to start, and DNS is asked first
constexpr Duration kCrossing = milliseconds(200);      // what was under way when we spoke says nothing
constexpr std::string_view kWord = "to from flags iat life ua by sub sign move be address scheme code ref echo";
constexpr VerbRule kVerbs[] = {
    {"dns", "nxdomain servfail silent bad-be expired-be wrong-parent no-be mismatch moved no-address fallback no-ad both", ""},
    {"launch", "schc plain setup alone keyless mixed", "sp anchor private speed self-id live origin"},
    {"begin", "schc plain alone keyless mixed", "sp private speed self-id live origin"},
    {"expect", "report end changed exit failed any con non ground resend", "at within as has to same-pack newer code only echo"},
    {"each", "relayed said", "wrapped has"},
    {"none", "report end con non any resend", "at for"},
    {"reply", "heartbeat end ack forged 4.01 4.03 5.03", kWord},
    {"notice", "con non heartbeat end forged", kWord},
    {"fly", "silent con forged end", "for at flags iat life ua by sub sign from"},
    {"count", "report end resend any con non changed fresh", "at least most"},
    {"rounds", "", "flags most"},
    {"stop", "", ""},
    {"asked", "", "types order least"},
    {"said", "", ""},
    {"distinct", "nxdomain servfail silent bad-be expired-be wrong-parent", ""},
    {"wait", "*", ""},
};

uint32_t types_in(const Heard& heard) {
  const auto pack = rid::decode_pack(heard.token.values.body.data);
  return pack.ok() ? pack->types() : 0;
}

// A message of that kind in the pack, for what type bits cannot tell.
bool holds(const Heard& heard, std::string_view what) {
  const auto pack = rid::decode_pack(heard.token.values.body.data);
  if (!pack.ok()) return false;
  for (size_t i = 0; i < pack->count; ++i) {
    const auto raw = pack->message(i);
    if (what == "null-self" && rid::type_of(raw) == rid::MessageType::self_id && rid::decode_self_id(raw).ok() && rid::decode_self_id(raw)->is_null()) return true;
    if (what == "ground" && rid::type_of(raw) == rid::MessageType::location && rid::decode_location(raw).ok() &&
        rid::decode_location(raw)->status != static_cast<uint8_t>(rid::Status::airborne)) return true;
  }
  return false;
}

bool holds_all(const Heard& heard, const std::string& messages) {
  const uint32_t wanted = type_bits(messages);
  return (types_in(heard) & wanted) == wanted && (messages.find("null-self") == std::string::npos || holds(heard, "null-self"));
}

bool is_kind(const Heard& heard, const Step& step) {
  if (step.has("changed")) return heard.response();
  if (!heard.request()) return false;
  if (step.has("any")) return true;
  if (!heard.token.readable) return false;
  return step.has("end") == (heard.token.values.body.kind == Kind::eoo);
}

}  // namespace

std::span<const VerbRule> sp_verbs() { return kVerbs; }

SpPlayer::Act SpPlayer::act_of(std::string_view verb) {
  static constexpr std::pair<std::string_view, Act> kActs[] = {
      {"dns", &SpPlayer::dns},       {"launch", &SpPlayer::launch}, {"begin", &SpPlayer::begin}, {"expect", &SpPlayer::expect},
      {"none", &SpPlayer::none},     {"reply", &SpPlayer::reply},   {"notice", &SpPlayer::notice}, {"fly", &SpPlayer::fly},
      {"count", &SpPlayer::count},   {"rounds", &SpPlayer::rounds}, {"stop", &SpPlayer::stop},   {"asked", &SpPlayer::asked},
      {"said", &SpPlayer::said},     {"distinct", &SpPlayer::distinct}, {"each", &SpPlayer::each},   {"wait", &SpPlayer::pause}};
  const auto found = std::find_if(std::begin(kActs), std::end(kActs), [&](const auto& each) { return each.first == verb; });
  CHECK(found != std::end(kActs));                     // read_script() knows the same verbs
  return found->second;
}

Status SpPlayer::run(const Step& step) {
  if (common_.interrupted) return Status::failed("interrupted");
  return (this->*act_of(step.verb))(step);
}

void SpPlayer::on_heard(Heard& heard, Socket&) {
  peer_ = heard.peer;
  if (heard.readable) judge_form(heard);
}

// The same pack as an earlier one; that one, or null.
const Heard* SpPlayer::original_of(const Heard& heard) const {
  if (!heard.token.readable || heard.token.values.body.kind != Kind::uas) return nullptr;
  for (const auto& each : inbox_) {
    if (each.get() == &heard) return nullptr;
    if (each->token.readable && each->token.values.body.data == heard.token.values.body.data) return each.get();
  }
  return nullptr;
}

Heard* SpPlayer::find(const Step& step, bool fresh) {
  const std::string at = step.value("at", "a");
  for (const auto& heard : inbox_) {
    if ((fresh && heard->used) || !heard->readable || !is_kind(*heard, step)) continue;
    if (at != "any" && heard->socket != at) continue;
    if (step.has("con") && heard->letter.type != coap::Type::con && !step.has("changed")) continue;
    if (step.has("non") && heard->letter.type != coap::Type::non) continue;
    if (step.has("resend") && original_of(*heard) == nullptr) continue;
    if (step.given("has") && !holds_all(*heard, step.value("has"))) continue;  // a try of the packet before may have crossed the answer
    return heard.get();
  }
  return nullptr;
}

Status SpPlayer::expect(const Step& step) {
  if (step.has("exit")) return expect_exit(step);
  TRY(within, duration(step, "within", "10"));         // as kStartMax
  Heard* heard = nullptr;
  pump(now().tick + within, [&] { return (heard = find(step, true)) != nullptr; });
  if (common_.interrupted) return Status::failed("interrupted");
  if (heard == nullptr) {
    const bool ended = process_ && !process_->running();
    return Status::failed((step.given("has") ? "none that holds " + step.value("has") : std::string("it")) + " did not come within " + std::to_string(within.ms()) + " ms" + (ended ? "; the gateway has ended: " + process_->last_line() : ""));
  }
  const auto found = std::find_if(inbox_.begin(), inbox_.end(), [&](const auto& each) { return each.get() == heard; });
  last_ = static_cast<size_t>(found - inbox_.begin());
  for (size_t i = 0; i <= last_; ++i) {
    if (inbox_[i]->socket == heard->socket) inbox_[i]->used = true;  // what came before has been passed over
  }
  if (step.given("as")) kept_[step.value("as")] = last_;
  return judge(step, *heard);
}

Status SpPlayer::judge(const Step& step, const Heard& heard) const {
  const auto wrong = [&](const std::string& what) { return Status::failed("got " + describe(heard) + ": " + what); };
  const TokenValues& values = heard.token.values;
  if (step.has("changed") && heard.letter.code != coap::kChanged) return wrong("2.04 was due");
  if (step.has("resend") && original_of(heard)->token.values.iat >= values.iat) return wrong("a resend stands in a newer token");
  if (step.has("ground") && !holds(heard, "ground")) return wrong("its Location says that the aircraft is in the air");
  if (step.given("code") && values.body.code != std::stoul(step.value("code"))) return wrong("code " + step.value("code") + " was due");
  if (step.given("echo")) {
    const Buffer* const echo = heard.option(coap::option::echo);
    const std::string got = echo == nullptr ? "none" : to_hex(*echo);
    if (got != step.value("echo")) return wrong("Echo " + step.value("echo") + " was due, it has " + got);
  }
  for (const char* const name : {"same-pack", "newer"}) {
    if (!step.given(name)) continue;
    const auto kept = kept_.find(step.value(name));
    if (kept == kept_.end()) return Status::failed("nothing was kept as " + step.value(name));
    const Heard& before = *inbox_[kept->second];
    if (std::string_view(name) == "same-pack" && before.token.values.body.data != values.body.data) return wrong("it is not the same pack");
    if (std::string_view(name) == "newer" && (before.token.values.iat >= values.iat || before.token.signature == heard.token.signature)) return wrong("it is not a newer token");
  }
  return {};
}

// Every report so far: who signed the Wrapper, and whether it says what the aircraft said.
Status SpPlayer::each(const Step& step) {
  int number = 0;
  for (const auto& heard : inbox_) {
    if (!heard->request() || !heard->token.readable || heard->token.values.body.kind != Kind::uas) continue;
    ++number;
    if (const Status right = judge_origin(step, *heard); !right.ok()) return Status::failed("report " + std::to_string(number) + ": " + right.text());
  }
  return number > 1 ? Status() : Status::failed(std::to_string(number) + " reports came");
}

Status SpPlayer::judge_origin(const Step& step, const Heard& heard) const {
  const Buffer& data = heard.token.values.body.data;
  const auto pack = rid::decode_pack(data);
  const auto auth = pack.ok() ? rid::read_auth(*pack) : Result<rid::PackAuth>(Error::bad_pack);
  if (!auth.ok()) return Status::failed("its pack cannot be read");
  const Identity& signer = step.value("wrapped") == "gw" ? pair_.gateway : pair_.ua;
  const bool wrapped = auth->wrapper && auth->wrapper->ua == signer.det && verify_one(signer.key, auth->wrapper->signed_bytes(), auth->wrapper->signature);
  if (step.value("wrapped") == "none" ? auth->wrapper.has_value() : !wrapped) return Status::failed("Wrapper by " + step.value("wrapped") + " was due");
  if (step.given("has") && !holds_all(heard, step.value("has"))) return Status::failed("it does not hold " + step.value("has"));
  if (step.has("relayed") && !feed_->said(Bytes(data))) return Status::failed("its pack is none that the aircraft sent, octet for octet");
  if (!step.has("said")) return {};
  for (size_t i = 0; i < pack->count; ++i) {
    if (rid::type_of(pack->message(i)) != rid::MessageType::location) continue;
    const auto where = rid::decode_location(pack->message(i));
    if (where.ok() && where->latitude_e7 && where->longitude_e7 && feed_->said(GeoPoint{*where->latitude_e7, *where->longitude_e7})) return {};
    return Status::failed("its position is none that the flight controller said");
  }
  return Status::failed("it holds no Location");
}

Status SpPlayer::none(const Step& step) {
  TRY(time, duration(step, "for", "2T"));
  const std::string at = step.value("at", "a");
  TRY_VOID(wait(kCrossing));
  for (const auto& heard : inbox_) {
    if (at == "any" || heard->socket == at) heard->used = true;
  }
  Heard* heard = nullptr;
  pump(now().tick + time, [&] { return (heard = find(step, true)) != nullptr; });
  if (common_.interrupted) return Status::failed("interrupted");
  return heard == nullptr ? Status() : Status::failed("nothing was due at " + heard->socket + ", got " + describe(*heard));
}

// Up to the first position in flight.
Status SpPlayer::begin(const Step& step) {
  TRY_VOID(launch(step));
  const std::string at = step.has("schc") ? "s" : "a";
  Step report, answer, flight;
  report.words = {"report", "con"};
  flight.words = {"report", "non"};
  answer.words = {"heartbeat"};
  report.values["at"] = flight.values["at"] = at;
  for (const auto& [each, act] : {std::pair(&report, &SpPlayer::expect), {&answer, &SpPlayer::reply}, {&flight, &SpPlayer::expect}}) {
    if (const Status done = (this->*act)(*each); !done.ok()) return Status::failed("the start phase: " + done.text());
  }
  return {};
}

// A Heartbeat every P, or what stands for one; what comes meanwhile stays for `count`.
Status SpPlayer::fly(const Step& step) {
  TRY(time, duration(step, "for", "P"));
  const std::string at = step.value("at", last_ == SIZE_MAX ? "a" : inbox_[last_]->socket);
  for (const auto& heard : inbox_) {
    if (heard->socket == at) heard->used = true;
  }
  Step word = step;
  word.values["from"] = step.value("from", at);
  const Tick until = now().tick + time;
  while (now().tick < until) {
    if (!step.has("silent")) TRY_VOID(notice(word));
    TRY_VOID(wait(std::min(until - now().tick, profile().heartbeat)));
  }
  return {};
}

Status SpPlayer::count(const Step& step) {
  int number = 0;
  const Heard* before = nullptr;
  while (Heard* const heard = find(step, true)) {
    heard->used = true;
    ++number;
    const bool newer = before == nullptr || (heard->token.values.iat > before->token.values.iat && heard->token.signature != before->token.signature);
    if (step.has("fresh") && !newer) return Status::failed("try " + std::to_string(number) + " is no newer token than the one before");
    before = heard;
  }
  const auto limit = [&](const std::string& text) {
    return text == "F" ? profile().first_tries : text == "L" ? profile().lost_tries : std::stoi(text);
  };
  const int least = limit(step.value("least", "0")), most = limit(step.value("most", "1000000"));
  if (number >= least && number <= most) return {};
  return Status::failed(std::to_string(number) + " came, " + std::to_string(least) + " to " + std::to_string(most) + " are right");
}

// Asks for more and more: the gateway must give up after so many rounds of flags, and never fly.
Status SpPlayer::rounds(const Step& step) {
  Step report, answer;
  report.words = {"report"};
  answer.words = {"heartbeat"};
  answer.values["flags"] = step.value("flags");
  const int most = std::stoi(step.value("most", "8"));
  std::vector<Buffer> packs;
  while (process_->running()) {
    Heard* heard = nullptr;
    const Duration patience = packs.empty() ? kStartMax : profile().try_interval * 4;
    pump(now().tick + patience, [&] { return (heard = find(report, true)) != nullptr || !process_->running(); });
    if (common_.interrupted) return Status::failed("interrupted");
    if (heard == nullptr) break;
    heard->used = true;
    last_ = static_cast<size_t>(std::find_if(inbox_.begin(), inbox_.end(), [&](const auto& each) { return each.get() == heard; }) - inbox_.begin());
    if (heard->letter.type == coap::Type::non) return Status::failed("it flies although information is missing");
    const Buffer& pack = heard->token.values.body.data;
    if (std::find(packs.begin(), packs.end(), pack) == packs.end()) packs.push_back(pack);
    if (packs.size() > static_cast<size_t>(most) + 1) return Status::failed("more than " + std::to_string(most) + " rounds of flags were answered");
    TRY_VOID(reply(answer));
  }
  return packs.size() >= 2 ? Status() : Status::failed("flags were not answered");
}

Status SpPlayer::pause(const Step& step) {
  TRY(time, duration_of(step.words.empty() ? "A" : step.words.front(), profile()));
  return wait(time);
}

}  // namespace nrid::conform
