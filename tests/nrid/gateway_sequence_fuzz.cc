// A gateway's life as a program: first octet the timers, then instructions of four octets. Two providers, one of them no longer trusted, say
// Heartbeats with flags and redirects, ends, error codes, copies, forgeries and junk while time passes. Laws: every datagram that leaves opens,
// is signed for the provider it goes to, under a message id and token not used before; no CWT is older than the one before it; the start is
// tried four times a round and no more; the operation ends.
#include <set>

#include "tests/nrid/gateway_support.h"
#include "tests/nrid/instructions.h"

using namespace nrid;
using namespace nrid::testing;
using namespace nrid::testing::gateway;

namespace {

constexpr int64_t kPauses_ms[] = {0, 10, 100, 500, 1000, 1900, 2100, 3000, 5000, 12'000, 12'100, 30'000, 31'000, 60'000, 300'000, 660'000};

struct Reached {
  uint64_t instructions = 0, sent = 0, started = 0, start_failed = 0, flags = 0, redirected = 0, sp_lost = 0, sp_recovered = 0, ended = 0,
           ended_by_sp = 0, refused = 0, links = 0;
  void print(std::FILE* out) const {
    std::fprintf(out, "reached: instructions=%lu sent=%lu started=%lu start_failed=%lu flags=%lu redirected=%lu sp_lost=%lu sp_recovered=%lu ended=%lu "
                 "ended_by_sp=%lu refused=%lu links=%lu\n", instructions, sent, started, start_failed, flags, redirected, sp_lost, sp_recovered, ended, ended_by_sp, refused, links);
  }
};

class Program {
 public:
  explicit Program(uint8_t how)
      : endorsed_((how & 8) != 0), world_(straight_flight((how & 4) != 0 ? 90 : 8), timers_of(how), policy_of(how), endorsed_) {
    world_.gateway->start(world_.clock.now());
  }

  void run(Bytes program) {
    Reader in(program);
    check();
    for (size_t i = 0; i < kInstructionsMax && in.left() >= kInstructionSize && !world_.gateway->done(); ++i) {
      const auto instruction = in.array<kInstructionSize>();
      step(instruction[0], instruction[1], instruction[2], instruction[3]);
      check();
      ++instructions_;
    }
    if (!world_.gateway->done()) world_.gateway->end(world_.clock.now(), "enough");
    pass(seconds(1300));
    check();
    CHECK(world_.gateway->done());
  }

  void add_to(Reached& reached) const {
    reached.instructions += instructions_;
    reached.sent += world_.port.sent.size();
    reached.started += world_.count("start_ok");
    reached.start_failed += world_.count("start_failed");
    reached.flags += world_.count("flags");
    reached.redirected += world_.status().redirects;
    reached.sp_lost += world_.count("sp_lost");
    reached.sp_recovered += world_.count("sp_recovered");
    reached.ended += world_.status().outcome == Outcome::ended ? 1 : 0;
    reached.ended_by_sp += world_.status().outcome == Outcome::ended_by_sp ? 1 : 0;
    reached.refused += world_.status().refused;
    reached.links += world_.count("link");
  }

 private:
  static GatewayTimers timers_of(uint8_t how) {
    GatewayTimers timers;
    timers.heartbeat_timeout = seconds((how & 1) != 0 ? 6 : 12);
    return timers;
  }
  static GatewayPolicy policy_of(uint8_t how) {
    GatewayPolicy policy;
    policy.on_lost_sp = (how & 2) != 0 ? LostAction::continue_ : LostAction::land_now;
    policy.redirect_private = true;
    policy.link_first = (how & 16) != 0;
    return policy;
  }

  cwt::MoveSp move(uint8_t a) {
    const Party& to = (a & 1) != 0 ? world_.sp2 : world_.sp;
    endorsement_ = *det::make_endorsement(to.det, to.signer.public_key(), world_.hda.det, (a & 2) != 0 ? world_.stranger.signer : world_.hda.signer,
                                          at_second(1'780'000'000), at_second(1'790'000'000));
    cwt::MoveSp out;
    out.new_sp = to.det;
    out.endorsement = endorsement_;
    switch (a >> 2 & 3) {
      case 0: out.address = std::array<uint8_t, 4>{198, 51, 100, static_cast<uint8_t>((a & 1) != 0 ? 2 : 1)}; break;
      case 1: out.address = std::array<uint8_t, 4>{127, 0, 0, a}; break;
      case 2: out.address = std::string_view("coap://198.51.100.2:5683"); break;
      default: out.address = std::string_view("coap://example.org"); break;
    }
    return out;
  }

  void step(uint8_t op, uint8_t a, uint8_t b, uint8_t c) {
    const int64_t offset = static_cast<int8_t>(c) / 4;
    const Party* const speakers[] = {&world_.sp, &world_.sp, &world_.sp2, &world_.stranger};
    const Party& by = *speakers[b & 3];
    const uint8_t from = static_cast<uint8_t>(1 + (b >> 2 & 1));
    switch (op % 10) {
      case 0: say(world_.heartbeat_of(by, world_.ua.det, 0, std::nullopt, offset), a, from); break;
      case 1: say(world_.heartbeat_of(by, world_.ua.det, a & 0x3f, std::nullopt, offset), a >> 6, from); break;
      case 2: say(world_.heartbeat_of(by, world_.ua.det, 0, move(a), offset), b >> 4, from); break;
      case 3: say(world_.end_word(a & 3, last_iat_ + (b & 1)), a >> 2, from); break;
      case 4: if (answerable_) world_.answer(*answerable_, {}, static_cast<uint8_t>(0x80 + a % 48), from); break;
      case 5: case 6: pass(milliseconds(kPauses_ms[a & 15])); break;
      case 7: again(a, b, c); break;
      case 8: if ((a & 15) == 0) world_.gateway->end(world_.clock.now(), "test", (a & 16) != 0); break;
      default: world_.port.broken = (a & 1) != 0; break;
    }
    world_.gateway->step(world_.clock.now());
  }

  // As the answer to the newest request, or as a POST of the provider's own.
  void say(const Buffer& word, uint8_t how, uint8_t from) {
    if ((how & 1) == 0 && answerable_) world_.answer(*answerable_, word, coap::kChanged, from);
    else world_.post(word, (how & 2) != 0 ? coap::Type::con : coap::Type::non, from);
    said_.push_back(world_.port.incoming.back());
  }
  void again(uint8_t a, uint8_t b, uint8_t c) {
    if (said_.empty()) return;
    auto copy = said_[said_.size() - 1 - a % std::min<size_t>(said_.size(), 8)];
    if ((b & 1) != 0) copy.octets[(size_t{b} << 8 | c) % copy.octets.size()] ^= static_cast<uint8_t>(1u << (a >> 5));
    world_.port.incoming.push_back(copy);
  }
  void pass(Duration length) {
    const Tick end = world_.clock.now().tick + length;
    while (!world_.gateway->done() && world_.clock.now().tick < end) {
      const Tick wake = world_.gateway->step(world_.clock.now());
      check();
      const Tick next = std::min(std::max(wake, world_.clock.now().tick + milliseconds(10)), end);
      world_.clock.advance(next - world_.clock.now().tick);
    }
  }

  void check() {
    for (; seen_ < world_.port.sent.size(); ++seen_) {
      const SentReport report = World::open(world_.port.sent[seen_].octets);
      if (report.frame.type == coap::Type::ack) continue;
      CHECK(report.frame.post() && report.kid == world_.gw.det);
      CHECK(ids_.insert(report.frame.id).second && tokens_.insert(Buffer(report.frame.token.bytes().begin(), report.frame.token.bytes().end())).second);
      CHECK(std::abs(report.iat - world_.clock.now().wall.seconds()) <= 4 && report.iat >= last_iat_);
      const Det to = report.is_end() ? report.end().peer : std::get<cwt::UasBody>(report.claims.body).sp;
      CHECK(to == (world_.port.sent[seen_].to == address(2) ? world_.sp2.det : world_.sp.det) || to == world_.status().sp);
      last_iat_ = report.iat;
      answerable_ = report;
    }
    if (world_.status().phase == Phase::starting) CHECK(world_.port.sent.size() <= size_t{endorsed_ ? 5U : 4U} * 9 * 4);  // a Link beside four tries
    CHECK(world_.port.sent.size() <= 20'000);
  }

  bool endorsed_;
  World world_;
  std::array<uint8_t, 136> endorsement_{};
  std::vector<QueuePort::Datagram> said_;
  std::optional<SentReport> answerable_;
  std::set<uint16_t> ids_;
  std::set<Buffer> tokens_;
  int64_t last_iat_ = 0;
  size_t seen_ = 0;
  uint64_t instructions_ = 0;
};

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) { return mutate_program(data, size, size_max, seed); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Reached reached;
  static const bool once = [] {
    ::testing::FLAGS_gtest_break_on_failure = true;
    std::atexit([] { reached.print(stderr); });
    return true;
  }();
  static_cast<void>(once);
  if (size == 0) return 0;
  Program program(data[0]);
  program.run({data + 1, size - 1});
  program.add_to(reached);
  return 0;
}
