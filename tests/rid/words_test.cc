// The machine's words for F3411's codes: interfaces of the API, the inspector and flight files, so they may not change.
#include "rid/words.h"

#include <gtest/gtest.h>

#include <array>

namespace nrid::rid {
namespace {

TEST(Words, StayWhatTheyAre) {
  constexpr std::array<std::string_view, 6> kStatuses = {"undeclared", "ground", "airborne", "emergency", "rid_failure", "reserved"};
  for (size_t i = 0; i < kStatuses.size(); ++i) EXPECT_EQ(to_word(static_cast<Status>(i)), kStatuses[i]);
  constexpr std::array<std::string_view, 6> kIdTypes = {"none", "serial", "caa_registration", "utm_uuid", "specific_session", "reserved"};
  for (size_t i = 0; i < kIdTypes.size(); ++i) EXPECT_EQ(to_word(static_cast<IdType>(i)), kIdTypes[i]);
  constexpr std::array<std::string_view, 7> kTypes = {"basic_id", "location", "authentication", "self_id", "system", "operator_id", "reserved"};
  for (size_t i = 0; i < kTypes.size(); ++i) EXPECT_EQ(to_word(static_cast<MessageType>(i)), kTypes[i]);
  EXPECT_EQ(to_word(MessageType::pack), "pack");
  constexpr std::array<std::string_view, 6> kSams = {"reserved", "link", "wrapper", "manifest", "frame", "reserved"};
  for (size_t i = 0; i < kSams.size(); ++i) EXPECT_EQ(to_word(static_cast<Sam>(i)), kSams[i]);
}

TEST(Words, AreReadBack) {
  for (const uint8_t code : {0, 1, 2, 3, 4}) EXPECT_EQ(status_from_word(to_word(static_cast<Status>(code))), static_cast<Status>(code));
  for (const uint8_t code : {0, 1, 2, 3, 4, 5, 15}) {
    EXPECT_EQ(message_type_from_word(to_word(static_cast<MessageType>(code))), static_cast<MessageType>(code));
  }
  for (const std::string_view word : {"", "Ground", "reserved", "ground "}) {
    EXPECT_EQ(status_from_word(word), std::nullopt) << word;
    EXPECT_EQ(message_type_from_word(word), std::nullopt) << word;
  }
}

}  // namespace
}  // namespace nrid::rid
