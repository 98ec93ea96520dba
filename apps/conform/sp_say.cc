// What the provider says to a gateway: Heartbeats, ends, redirects, and whatever may be wrong about them.
#include "apps/conform/sp_player.h"
#include "base/profile.h"

namespace nrid::conform {
namespace {

uint8_t code_of(const std::string& word) { return static_cast<uint8_t>((word[0] - '0') << 5 | ((word[2] - '0') * 10 + (word[3] - '0'))); }

}  // namespace

const Identity& SpPlayer::provider_at(std::string_view socket) const { return providers_.find(socket)->second; }

// the redirect to the provider behind another socket.
StatusOr<Move> SpPlayer::make_move(const Step& step) const {
  const std::string socket = step.value("move");
  const Identity& to = provider_at(socket);
  const det::RegistryEntry& hda = command_.registry->entry("hda");
  const SeedSigner parent(*hda.entity.seed);
  const std::string fault = step.value("be");
  const int64_t second = now().wall.seconds();
  const det::RegistryEntry& other = command_.registry->entry("hda2");
  const Identity& child = fault == "child" ? provider_at(socket == "f" ? "e" : "f") : to;
  const auto made = fault == "parent" ? det::make_endorsement(child.det, child.key, other.det, SeedSigner(*other.entity.seed), at_second(second - 60), at_second(second + 3600))
                                      : det::make_endorsement(child.det, child.key, hda.det, parent, at_second(second - (fault == "expired" ? 7200 : 60)),
                                                              at_second(second + (fault == "expired" ? -3600 : 3600)));
  if (!made.ok()) return Status::failed("the endorsement of a redirect cannot be made");
  Move out;
  out.sp = to.det;
  out.endorsement = Buffer(made->begin(), made->end());
  if (fault == "flip") out.endorsement[100] ^= 1;
  for (const auto& each : sockets_) {
    if (each->name == socket) out.address = "coap://" + to_text(each->port->local()) + "/" + profile().path;
  }
  if (step.given("address")) out.address = step.value("address");
  if (step.value("scheme") == "http") out.address.replace(0, 4, "http");
  return out;
}

StatusOr<Buffer> SpPlayer::make_word(const Step& step, const Heard* to, const std::string& socket) {
  const Identity* speaker = &provider_at(socket);
  if (step.given("by")) speaker = &provider_at(step.value("by"));
  TokenValues values;
  const bool end = step.has("end");
  values.body.kind = end ? Kind::eoo : Kind::uss;
  values.subject = step.value("sub", subject_of(values.body.kind));
  const int64_t second = now().wall.seconds();
  values.iat = second + std::stoll(step.value("iat", "0"));
  values.nbf = values.iat;
  values.exp = values.iat + std::stoll(step.value("life", std::to_string(profile().lifetime.seconds())));
  Det ua = pair_.ua.det;
  if (step.value("ua") == "other") ua.octets[15] ^= 1;
  values.body.party = ua;
  if (end) {
    values.body.code = static_cast<uint64_t>(std::stoll(step.value("code", "1")));
    values.body.ref = static_cast<uint64_t>(to != nullptr ? to->token.values.iat : second);
    if (step.value("ref") == "wrong") values.body.ref -= 100;
  } else {
    const std::string flags = step.value("flags", "0");
    values.body.set = cwt::MessageSet{flags == "0" ? 0 : type_bits(flags), std::nullopt};
    if (step.given("move")) {
      TRY(move, make_move(step));
      values.body.move = move;
    }
  }
  TokenFaults faults;
  faults.signature = step.value("sign");
  faults.kid = to != nullptr && to->token.kid_form != cwt::KidForm::tagged_in_bstr ? (to->token.kid_form == cwt::KidForm::bare ? "bare" : "literal") : "";
  // "forged": the right kid over another's signature.
  const Signer* const signer = step.has("forged") ? provider_at("f").signer.get() : speaker->signer.get();
  return write_token(values, {speaker->det, signer}, profile(), faults);
}

// In the ACK of a CON, as a NON of its own to a NON.
Status SpPlayer::reply(const Step& step) {
  const std::string name = step.value("to");
  const size_t index = name.empty() ? last_ : kept_.count(name) != 0 ? kept_[name] : SIZE_MAX;
  if (index == SIZE_MAX) return Status::failed("there is nothing to reply to");
  const Heard& heard = *inbox_[index];
  Letter letter;
  const bool con = heard.letter.type == coap::Type::con;
  letter.type = con ? coap::Type::ack : coap::Type::non;
  letter.id = con ? heard.letter.id : next_id_++;
  letter.token = heard.letter.token;
  letter.code = coap::kChanged;
  if (step.has("heartbeat") || step.has("end")) {
    TRY(word, make_word(step, &heard, heard.socket));
    letter.payload = std::move(word);
    letter.options.emplace_back(coap::option::content_format, Buffer{static_cast<uint8_t>(profile().content_format)});
  } else if (step.has("ack")) {
    letter.code = coap::kEmpty;
    letter.token.clear();
  } else if (!step.words.empty()) {
    letter.code = code_of(step.words.front());
  }
  if (step.given("echo")) letter.options.emplace_back(coap::option::echo, from_hex(step.value("echo")).value_or(Buffer()));
  Socket& socket = *find_socket(heard.socket);
  TRY(octets, seal(letter, socket.schc, schc::Direction::down));
  return send_octets(socket, heard.peer, octets);
}

// A word on its own: POST to the resource, to where the gateway was heard last.
Status SpPlayer::notice(const Step& step) {
  const std::string name = step.value("from", last_ == SIZE_MAX ? "a" : inbox_[last_]->socket);
  Socket* const socket = find_socket(name);
  if (socket == nullptr || peer_.port == 0) return Status::failed("the gateway was not heard yet");
  Letter letter;
  letter.type = step.has("con") ? coap::Type::con : coap::Type::non;
  letter.id = next_id_++;
  letter.token.resize(8);
  random_.fill(letter.token);
  const std::string& path = profile().path;
  letter.options.emplace_back(coap::option::uri_path, Buffer(path.begin(), path.end()));
  letter.options.emplace_back(coap::option::content_format, Buffer{static_cast<uint8_t>(profile().content_format)});
  TRY(word, make_word(step, nullptr, name));
  letter.payload = std::move(word);
  TRY(octets, seal(letter, socket->schc, schc::Direction::down));
  return send_octets(*socket, peer_, octets);
}

}  // namespace nrid::conform
