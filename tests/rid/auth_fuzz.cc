// Pages of a pack in any order, parity pages among them. Law: whatever evidence is read has at least one message of an allowed type
// inside a Wrapper, signed octets that start and end with what was read, and the same reading when the pack is read again; and
// what was joined out of pages, paged again, is joined to the same.
#include <algorithm>

#include "base/cshake128.h"
#include "rid/auth_pages.h"
#include "rid/manifest.h"

using namespace nrid;
using namespace nrid::rid;

static void judge(const Evidence& evidence) {
  CHECK(evidence.signed_size >= 24 && evidence.signed_size <= evidence.signed_octets.size());
  CHECK(equal(evidence.signed_bytes().last(16), evidence.ua.octets) && evidence.ua.has_prefix());
  CHECK(evidence.sam != Sam::wrapper || (evidence.message_count >= 1 && evidence.message_count <= 4));
  for (size_t i = 0; i < evidence.message_count; ++i) CHECK(type_of(evidence.message(i)) <= MessageType::operator_id);
  static_cast<void>(check_window(evidence, at_second(1'780'315'200), {}));
}

// A Manifest written again is the same but for its own hash, which then is right.
static void judge_manifest(const Evidence& evidence) {
  const Manifest manifest = read_manifest(evidence);
  CHECK(manifest.count >= 1 && manifest.count <= kManifestHashesMax);
  std::array<uint8_t, 8 * (3 + kManifestHashesMax)> space{};
  const size_t size = encode_manifest(manifest, space);
  Buffer read(space.begin(), space.begin() + static_cast<std::ptrdiff_t>(size));
  const Bytes body = evidence.signed_bytes().subspan(8, evidence.signed_size - 24);
  CHECK(body.size() == size && equal(body.first(8), Bytes(read).first(8)) && equal(body.subspan(16), Bytes(read).subspan(16)));
  if (equal(body, read)) CHECK(current_hash_ok(manifest));
  Manifest made = manifest;
  std::copy_n(read.begin() + 8, made.current.size(), made.current.begin());
  CHECK(current_hash_ok(made));
}

static void page_again(const Pack& pack) {
  const auto messages = read_pages(pack);
  if (!messages.ok()) return;
  size_t pages = 0;
  for (size_t i = 0; i < pack.count; ++i) pages += type_of(pack.message(i)) == MessageType::authentication ? 1 : 0;
  for (size_t i = 0; i < messages->count; ++i) {
    const AuthData& data = messages->list[i];
    CHECK(data.size >= 1 && data.size <= kAuthDataMax);
    const size_t needed = last_page_for(data.size) + 1;
    CHECK(pages >= needed + data.extra_pages);
    pages -= needed + data.extra_pages;
    PackMessages paged;
    CHECK(append_pages(data.bytes(), 0, paged).ok() && paged.count == needed);
    std::array<uint8_t, kPackSizeMax> space{};
    const auto octets = encode_pack({paged.list.data(), paged.count}, space);
    const auto again = decode_pack(*octets);
    const auto joined = read_pages(*again);
    CHECK(joined.ok() && joined->count == 1 && equal(joined->list[0].bytes(), data.bytes()));
  }
  CHECK(pages == 0);  // every page belongs to exactly one message
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto pack = decode_pack({data, size});
  if (!pack.ok()) return 0;
  page_again(*pack);
  const auto auth = read_auth(*pack);
  const auto again = read_auth(*pack);
  CHECK(auth.ok() == again.ok());
  if (!auth.ok()) return 0;
  if (auth->wrapper) judge(*auth->wrapper);
  if (auth->other) judge(*auth->other);
  if (auth->other && auth->other->sam == Sam::manifest) judge_manifest(*auth->other);
  std::array<Hash8, 1 + kPackMessagesMax> hashes{};
  CHECK(pack_hashes(*pack, hashes) <= hashes.size());
  if (auth->link) CHECK(link_hashes(*pack, std::span<const uint8_t, kEndorsementSize>(*auth->link))[0] == drip_message_hash(*auth->link));
  CHECK(auth->wrapper.has_value() == again->wrapper.has_value());
  if (auth->wrapper) CHECK(equal(auth->wrapper->signed_bytes(), again->wrapper->signed_bytes()));
  return 0;
}
