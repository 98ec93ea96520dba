#include "rid/manifest.h"

#include <algorithm>

#include "base/check.h"
#include "base/cshake128.h"

namespace nrid::rid {
namespace {

constexpr size_t kTimes = 8, kDet = 16;  // before and behind the hashes in what is signed

Hash8 current_of(const Manifest& manifest, bool with_link) {
  std::array<uint8_t, 8 * (3 + kManifestHashesMax)> input{};
  Writer writer(input);
  writer.bytes(manifest.previous);
  writer.bytes(Hash8{});
  if (with_link) writer.bytes(manifest.link);
  for (size_t i = 0; i < manifest.count; ++i) writer.bytes(manifest.messages[i]);
  CHECK(writer.ok());
  return drip_message_hash(Bytes(input).first(writer.size()));
}

}  // namespace

Manifest read_manifest(const Evidence& evidence) {
  CHECK(evidence.sam == Sam::manifest);
  Reader in(evidence.signed_bytes().subspan(kTimes, evidence.signed_size - kTimes - kDet));
  Manifest out;
  out.previous = in.array<8>();
  out.current = in.array<8>();
  out.link = in.array<8>();
  while (in.ok() && in.left() >= 8 && out.count < kManifestHashesMax) out.messages[out.count++] = in.array<8>();
  return out;
}

size_t encode_manifest(const Manifest& manifest, std::span<uint8_t> out) {
  Writer writer(out);
  writer.bytes(manifest.previous);
  writer.bytes(current_of(manifest, true));
  writer.bytes(manifest.link);
  for (size_t i = 0; i < manifest.count; ++i) writer.bytes(manifest.messages[i]);
  CHECK(writer.ok());
  return writer.size();
}

bool current_hash_ok(const Manifest& manifest) {
  return manifest.current == current_of(manifest, true) || manifest.current == current_of(manifest, false);
}

std::array<Hash8, 3> link_hashes(const Pack& pack, std::span<const uint8_t, kEndorsementSize> endorsement) {
  std::array<uint8_t, 1 + kEndorsementSize> with_sam;
  with_sam[0] = static_cast<uint8_t>(Sam::link);
  std::copy(endorsement.begin(), endorsement.end(), with_sam.begin() + 1);
  std::array<uint8_t, kPackSizeMax> pages;
  Writer writer(pages);
  for (size_t i = 0; i < pack.count; ++i) {
    if (type_of(pack.message(i)) == MessageType::authentication) writer.bytes(Bytes(pack.message(i)));
  }
  CHECK(writer.ok());
  return {drip_message_hash(endorsement), drip_message_hash(with_sam), drip_message_hash(Bytes(pages).first(writer.size()))};
}

size_t pack_hashes(const Pack& pack, std::span<Hash8, 1 + kPackMessagesMax> out) {
  size_t count = 0;
  out[count++] = drip_message_hash(pack.octets);
  for (size_t i = 0; i < pack.count; ++i) {
    if (type_of(pack.message(i)) != MessageType::authentication) out[count++] = drip_message_hash(Bytes(pack.message(i)));
  }
  return count;
}

bool HashRing::contains(const Hash8& hash) const {
  const auto end = hashes_.begin() + static_cast<std::ptrdiff_t>(std::min(next_, kSize));
  return std::find(hashes_.begin(), end, hash) != end;
}

}  // namespace nrid::rid
