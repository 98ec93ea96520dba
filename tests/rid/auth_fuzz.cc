// Law: whatever evidence is read has at least one message of an allowed type inside a Wrapper, signed octets that start
// and end with what was read, and the same reading when the pack is read again.
#include "rid/auth.h"

using namespace nrid;
using namespace nrid::rid;

static void judge(const Evidence& evidence) {
  CHECK(evidence.signed_size >= 24 && evidence.signed_size <= evidence.signed_octets.size());
  CHECK(equal(evidence.signed_bytes().last(16), evidence.ua.octets) && evidence.ua.has_prefix());
  CHECK(evidence.sam != Sam::wrapper || (evidence.message_count >= 1 && evidence.message_count <= 4));
  for (size_t i = 0; i < evidence.message_count; ++i) CHECK(type_of(evidence.message(i)) <= MessageType::operator_id);
  static_cast<void>(check_window(evidence, at_second(1'780'315'200), {}));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto pack = decode_pack({data, size});
  if (!pack.ok()) return 0;
  const auto auth = read_auth(*pack);
  const auto again = read_auth(*pack);
  CHECK(auth.ok() == again.ok());
  if (!auth.ok()) return 0;
  if (auth->wrapper) judge(*auth->wrapper);
  if (auth->other) judge(*auth->other);
  CHECK(auth->wrapper.has_value() == again->wrapper.has_value());
  if (auth->wrapper) CHECK(equal(auth->wrapper->signed_bytes(), again->wrapper->signed_bytes()));
  return 0;
}
