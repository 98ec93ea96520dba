#include "rid/words.h"

namespace nrid::rid {
namespace {

template <class Code>
struct Word {
  Code code;
  std::string_view word;
};

constexpr Word<Status> kStatuses[] = {
    {Status::undeclared, "undeclared"}, {Status::ground, "ground"},           {Status::airborne, "airborne"},
    {Status::emergency, "emergency"},   {Status::rid_failure, "rid_failure"},
};
constexpr Word<IdType> kIdTypes[] = {
    {IdType::none, "none"},         {IdType::serial, "serial"}, {IdType::caa_registration, "caa_registration"},
    {IdType::utm_uuid, "utm_uuid"}, {IdType::specific_session, "specific_session"},
};
constexpr Word<MessageType> kMessageTypes[] = {
    {MessageType::basic_id, "basic_id"}, {MessageType::location, "location"}, {MessageType::authentication, "authentication"},
    {MessageType::self_id, "self_id"},   {MessageType::system, "system"},     {MessageType::operator_id, "operator_id"},
    {MessageType::pack, "pack"},
};
constexpr Word<Sam> kSams[] = {
    {Sam::link, "link"}, {Sam::wrapper, "wrapper"}, {Sam::manifest, "manifest"}, {Sam::frame, "frame"},
};

template <class Code, size_t N>
std::string_view word_of(const Word<Code> (&words)[N], Code code) {
  for (const Word<Code>& each : words) {
    if (each.code == code) return each.word;
  }
  return "reserved";
}

template <class Code, size_t N>
std::optional<Code> code_of(const Word<Code> (&words)[N], std::string_view word) {
  for (const Word<Code>& each : words) {
    if (each.word == word) return each.code;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_word(Status status) { return word_of(kStatuses, status); }
std::string_view to_word(IdType type) { return word_of(kIdTypes, type); }
std::string_view to_word(MessageType type) { return word_of(kMessageTypes, type); }
std::string_view to_word(Sam sam) { return word_of(kSams, sam); }

std::optional<Status> status_from_word(std::string_view word) { return code_of(kStatuses, word); }
std::optional<MessageType> message_type_from_word(std::string_view word) { return code_of(kMessageTypes, word); }

}  // namespace nrid::rid
