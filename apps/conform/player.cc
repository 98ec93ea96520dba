#include "apps/conform/player.h"

#include <poll.h>

#include <algorithm>

namespace nrid::conform {
namespace {

constexpr Duration kPollMax = milliseconds(50);        // an interrupt is noticed this fast
constexpr size_t kPacketsMax = 20'000;                 // of one case; a flood is not evidence

}  // namespace

const Buffer* Heard::option(uint16_t number) const {
  for (const auto& [each, value] : letter.options) {
    if (each == number) return &value;
  }
  return nullptr;
}

std::optional<uint32_t> Heard::number(uint16_t option_number) const {
  const Buffer* value = option(option_number);
  if (value == nullptr || value->size() > 4) return std::nullopt;
  uint32_t out = 0;
  for (const uint8_t octet : *value) out = out << 8 | octet;
  return out;
}

std::string code_text(uint8_t code) {
  return std::to_string(code >> 5) + (code % 32 < 10 ? ".0" : ".") + std::to_string(code % 32);
}

std::string describe(const Heard& heard) {
  constexpr std::string_view types[] = {"CON", "NON", "ACK", "RST"};
  if (!heard.readable) return "octets that are no CoAP message";
  std::string out = code_text(heard.letter.code) + " in " + std::string(types[static_cast<size_t>(heard.letter.type)]);
  if (heard.letter.payload.empty()) return out + ", no payload";
  if (!heard.token.readable) return out + ", payload of " + std::to_string(heard.letter.payload.size()) + " octets";
  out += ", " + heard.token.values.subject;
  if (heard.token.values.body.kind == Kind::uss && heard.token.values.body.set) out += " flags " + std::to_string(heard.token.values.body.set->types);
  if (heard.token.values.body.kind == Kind::eoo) out += " code " + std::to_string(heard.token.values.body.code);
  return out;
}

StatusOr<Duration> Player::duration(const Step& step, std::string_view name, std::string_view otherwise) const {
  return duration_of(step.value(name, otherwise), profile());
}

Player::Socket* Player::find_socket(std::string_view name) {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(), [&](const auto& each) { return each->name == name; });
  return found == sockets_.end() ? nullptr : found->get();
}

Status Player::open_socket(const std::string& name, const Address& local) {
  TRY(port, UdpPort::open(local));
  auto socket = std::make_unique<Socket>();
  socket->name = name;
  socket->schc = name.front() == 's';
  socket->port = std::move(port);
  sockets_.push_back(std::move(socket));
  return {};
}

Status Player::send_octets(Socket& socket, const Address& to, Bytes octets) {
  if (evidence_.packets.size() < kPacketsMax) {
    evidence_.packets.push_back({now().tick, true, socket.schc, incoming() == schc::Direction::down, socket.name, to, Buffer(octets.begin(), octets.end())});
  }
  const Outgoing out{to, octets};
  if (socket.port->send({&out, 1}) != 1) return Status::failed("the datagram could not be sent to " + nrid::to_text(to));
  socket.sent += octets.size();
  return {};
}

StatusOr<Buffer> Player::seal(const Letter& letter, bool schc, schc::Direction direction) const {
  coap::Message message;
  message.type = letter.type;
  message.code = letter.code;
  message.id = letter.id;
  message.token = letter.token;
  auto options = letter.options;
  std::stable_sort(options.begin(), options.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [number, value] : options) {
    if (!message.add(number, value)) return Status::failed("too many CoAP options");
  }
  message.payload = letter.payload;
  std::array<uint8_t, 2048> plain;
  const auto encoded = coap::encode(message, plain);
  if (!encoded.ok()) return Status::failed("the CoAP message cannot be written: " + std::string(info(encoded.error()).text));
  if (!schc) return Buffer(encoded->begin(), encoded->end());
  std::array<uint8_t, 2048> packed;
  const auto compressed = schc::compress(common_.rules, direction, *encoded, packed);
  if (!compressed.ok()) return Status::failed("SCHC: " + std::string(info(compressed.error()).text));
  return Buffer(compressed->begin(), compressed->end());
}

void Player::read(Heard& heard, Bytes octets, bool schc) {
  std::array<uint8_t, 2048> space;
  if (schc) {
    const auto opened = schc::decompress(common_.rules, incoming(), octets, space);
    if (!opened.ok()) return fault("R-027", "what came on the SCHC port does not decompress: " + std::string(info(opened.error()).text), heard.packet);
    octets = *opened;
  }
  const auto message = coap::decode(octets);
  if (!message.ok()) return fault("R-028", "what came is no CoAP message: " + std::string(info(message.error()).text), heard.packet);
  ++evidence_.examined["coap"];
  heard.readable = true;
  Letter& letter = heard.letter;
  letter.type = message->type;
  letter.code = message->code;
  letter.id = message->id;
  letter.token = Buffer(message->token.begin(), message->token.end());
  for (const coap::Option& option : message->options()) letter.options.emplace_back(option.number, Buffer(option.value.begin(), option.value.end()));
  letter.payload = Buffer(message->payload.begin(), message->payload.end());
  const bool cwt = !letter.payload.empty() && (heard.request() || letter.code == coap::kChanged);
  if (!cwt) return;
  heard.token = read_token(letter.payload, profile());
  for (const Fault& each : heard.token.faults) fault(each.requirement, each.text, heard.packet);
  constexpr std::string_view words[] = {"uas", "uss", "eoo"};
  if (heard.token.readable) ++evidence_.examined[std::string(words[static_cast<size_t>(heard.token.values.body.kind)])];
}

bool Player::hear(Socket& socket) {
  std::array<Received, 16> batch{};
  const size_t count = socket.port->receive(batch);
  for (size_t i = 0; i < count; ++i) {
    const Bytes octets = batch[i].octets;
    socket.received += octets.size();
    if (evidence_.packets.size() >= kPacketsMax) continue;
    auto heard = std::make_unique<Heard>();
    heard->socket = socket.name;
    heard->peer = batch[i].peer;
    heard->to = batch[i].to;
    heard->at = now().tick;
    heard->packet = evidence_.packets.size();
    evidence_.packets.push_back({heard->at, false, socket.schc, incoming() == schc::Direction::up, socket.name, batch[i].peer, Buffer(octets.begin(), octets.end())});
    read(*heard, octets, socket.schc);
    inbox_.push_back(std::move(heard));
    on_heard(*inbox_.back(), socket);
  }
  return count > 0;
}

void Player::pump(Tick until, const std::function<bool()>& enough) {
  while (!common_.interrupted) {
    bool any = false;
    for (size_t i = 0; i < sockets_.size(); ++i) any = hear(*sockets_[i]) || any;
    if (enough()) return;
    if (any) continue;
    const Duration left = until - now().tick;
    if (left <= Duration{}) return;
    std::vector<pollfd> polled;
    for (const auto& socket : sockets_) polled.push_back({socket->port->fd(), POLLIN, 0});
    poll(polled.data(), polled.size(), static_cast<int>(std::min(left, kPollMax).ms() + 1));
  }
}

Status Player::wait(Duration time) {
  pump(now().tick + time);
  return common_.interrupted ? Status::failed("interrupted") : Status();
}

}  // namespace nrid::conform
