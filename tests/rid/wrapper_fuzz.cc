// Wrapper, Manifest, Link and Frame without the hunt for pages: size and octets of the authentication data, then plain messages. They are
// paged into a pack and read back; the verdict is that of RFC 9575 sections 4.2 to 4.4 written down again.
#include <algorithm>

#include "base/check.h"
#include "rid/auth_pages.h"

using namespace nrid;
using namespace nrid::rid;

namespace {

using List = std::vector<Buffer>;

bool wrapped_ok(const List& messages) {
  if (messages.empty() || messages.size() > 4) return false;
  for (size_t i = 0; i < messages.size(); ++i) {
    const int type = messages[i][0] >> 4;
    if (type > 5 || type == 2) return false;
    if (i > 0 && (type < messages[i - 1][0] >> 4 || (type == messages[i - 1][0] >> 4 && type != 0))) return false;
  }
  return true;
}

// Is this authentication data, beside these messages, what R-054 takes?
bool taken_by_r054(const Buffer& data, List beside) {
  if (data.empty() || data[0] < 1 || data[0] > 4) return false;
  if (data[0] == 1) return data.size() == 137;
  if (data.size() < 1 + 8 + 16 + 64) return false;
  const size_t evidence = data.size() - 89;
  const uint8_t* const ua = data.data() + 9 + evidence;
  if (ua[0] != 0x20 || ua[1] != 0x01 || ua[2] != 0 || ua[3] >> 4 != 3) return false;
  if (data[0] == 3) return evidence % 8 == 0 && evidence >= 32 && evidence <= 112;
  if (data[0] == 4) return evidence >= 1 && evidence <= 112;
  if (evidence == 0) {
    std::stable_sort(beside.begin(), beside.end(), [](const Buffer& a, const Buffer& b) { return a[0] >> 4 < b[0] >> 4; });
    return wrapped_ok(beside);
  }
  if (evidence % 25 != 0) return false;
  List inside;
  for (size_t at = 9; at < 9 + evidence; at += 25) inside.emplace_back(data.begin() + static_cast<long>(at), data.begin() + static_cast<long>(at + 25));
  return wrapped_ok(inside);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Reader in({data, size});
  const Bytes head = in.bytes(in.u8());
  if (!in.ok() || head.empty()) return 0;
  const Buffer auth(head.begin(), head.end());
  List beside;
  while (in.left() >= kMessageSize && beside.size() < 6) {
    const Bytes message = in.bytes(kMessageSize);
    beside.emplace_back(message.begin(), message.end());
  }
  PackMessages all;
  for (const Buffer& message : beside) std::copy(message.begin(), message.end(), all.list[all.count++].begin());
  if (!append_pages(auth, 0, all).ok()) return 0;  // longer than 201 octets, or more pages than places
  std::array<uint8_t, kPackSizeMax> space{};
  const auto octets = encode_pack({all.list.data(), all.count}, space);
  CHECK(octets.ok());
  const auto pack = decode_pack(*octets);
  if (!pack.ok()) return 0;  // a plain message repeated or of a type that packs do not hold
  if (std::any_of(beside.begin(), beside.end(), [](const Buffer& message) { return message[0] >> 4 == 2; })) return 0;

  const auto pages = read_pages(*pack);
  const bool sam = auth[0] >= 1 && auth[0] <= 4;
  CHECK(pages.ok() == sam);
  if (sam) CHECK(pages->count == 1 && equal(pages->list[0].bytes(), auth) && pages->list[0].extra_pages == 0);
  const auto read = read_auth(*pack);
  CHECK(read.ok() == taken_by_r054(auth, beside));
  if (!read.ok()) return 0;
  CHECK(read->link.has_value() == (auth[0] == 1) && read->wrapper.has_value() == (auth[0] == 2) && read->other.has_value() == (auth[0] > 2));
  if (read->link) CHECK(equal(*read->link, Bytes(auth).subspan(1)));
  if (const auto& evidence = read->wrapper ? read->wrapper : read->other) {
    CHECK(equal(evidence->signature, Bytes(auth).last(64)) && equal(evidence->ua.octets, Bytes(auth).last(80).first(16)));
    if (!evidence->extended) CHECK(equal(evidence->signed_bytes(), Bytes(auth).subspan(1, auth.size() - 65)));
  }
  return 0;
}
