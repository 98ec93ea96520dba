// Mistakes that other SCHC programs made, each once (docs/fuzzing.md has the table). Known answers at every bit alignment are
// Rfc8824.EveryExampleBothWays and NridVectors.CompressAndDecompress.
#include "base/random.h"
#include "tests/schc/vectors.h"
#include "wire/coap.h"

namespace nrid::schc {
namespace {

// openschc #67, #108, #125, and T4: an unknown rule, or a rule with any residue, is a refusal or a message, never a crash.
TEST(BugClass, all_256_rule_ids_with_any_residue) {
  const RuleSet rules = shipped_rules();
  SeededRandom random(4);
  std::array<uint8_t, 1280> out{}, packed{};
  size_t refused = 0, messages = 0, unknown = 0;
  for (unsigned id = 0; id < 256; ++id) {
    for (unsigned i = 0; i < 200; ++i) {
      Buffer packet(1 + random.below(i < 100 ? 12 : 400));
      random.fill(packet);
      packet[0] = static_cast<uint8_t>(id);
      packet.shrink_to_fit();
      for (const Direction direction : {Direction::up, Direction::down}) {
        const auto message = decompress(rules, direction, packet, out);
        if (!message.ok()) {
          ++refused;
          unknown += message.error() == Error::schc_no_rule ? 1 : 0;
          continue;
        }
        ++messages;
        EXPECT_LE(message->size(), 1280u);
        static_cast<void>(coap::decode(*message).ok());
        const auto again = compress(rules, direction, *message, packed);
        if (!again.ok()) continue;  // rule 0 carries what is no CoAP message
        std::array<uint8_t, 1280> second{};
        const auto back = decompress(rules, direction, *again, second);
        ASSERT_TRUE(back.ok());
        EXPECT_EQ(to_hex(*back), to_hex(*message));
      }
    }
  }
  EXPECT_EQ(refused + messages, 256u * 200 * 2);
  EXPECT_GE(unknown, (256u - 12) * 200 * 2);
  EXPECT_GT(messages, 400u);
}

// libschc #22, #14 and off-by-ones of others: the same message with payloads and tokens of every length comes back from every bit offset at which
// its residue can end.
TEST(BugClass, every_length_of_token_and_payload_comes_back) {
  const RuleSet rules = shipped_rules();
  std::array<uint8_t, 1280> message_space{}, packed{}, back_space{};
  Buffer payload(300);
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<uint8_t>(0x80 | i);
  for (size_t token = 0; token <= 8; ++token) {
    for (size_t size = 0; size <= payload.size(); ++size) {
      coap::Message message;
      message.type = size % 2 == 0 ? coap::Type::con : coap::Type::non;
      message.code = coap::kPost;
      message.id = static_cast<uint16_t>(0x1000 + size);
      message.token = Bytes(payload).first(token);
      const uint8_t format[] = {61};
      message.add(coap::option::uri_path, as_bytes("nrid"));
      message.add(coap::option::content_format, format);
      message.payload = Bytes(payload).first(size);
      const auto octets = coap::encode(message, message_space);
      ASSERT_TRUE(octets.ok());
      for (const Direction direction : {Direction::up, Direction::down}) {
        const auto packet = compress(rules, direction, *octets, packed);
        ASSERT_TRUE(packet.ok());
        const auto back = decompress(rules, direction, *packet, back_space);
        ASSERT_TRUE(back.ok()) << info(back.error()).counter;
        EXPECT_EQ(to_hex(*back), to_hex(*octets)) << token << " " << size;
      }
    }
  }
}

}  // namespace
}  // namespace nrid::schc
