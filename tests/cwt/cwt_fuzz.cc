// A token that decodes, signed again, decodes to the same; so do its claims. The signer is a stub: keys are not the point.
#include <array>

#include "base/check.h"
#include "cwt/claims.h"
#include "cwt/cose.h"

namespace {

using namespace nrid;

class FixedSigner final : public Signer {
 public:
  const PublicKey& public_key() const override { return key_; }
  Result<Signature> sign(Bytes) const override { return Signature{}; }

 private:
  PublicKey key_{};
};

void claims_law(Bytes payload, const Det& kid) {
  auto claims = cwt::decode_claims(payload, kid);
  if (!claims.ok()) return;
  std::array<uint8_t, 2048> first_space, second_space;
  const auto first = cwt::encode_claims(*claims, first_space);
  if (!first.ok()) return;  // larger than any datagram
  const auto again = cwt::decode_claims(*first, kid);
  CHECK(again.ok() && again->body.index() == claims->body.index());
  const auto second = cwt::encode_claims(*again, second_space);
  CHECK(second.ok() && equal(*first, *second));
  static_cast<void>(cwt::check_times(*claims, at_second(1'780'315'200), {seconds(5), true}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  claims_law(input, Det{});
  const auto sign1 = cwt::decode_sign1(input);
  if (!sign1.ok()) return 0;
  claims_law(sign1->payload, sign1->kid);

  std::array<uint8_t, 2048> space;
  const auto token = cwt::sign1(sign1->payload, sign1->kid, sign1->kid_form, FixedSigner(), space);
  if (!token.ok()) return 0;
  const auto again = cwt::decode_sign1(*token);
  CHECK(again.ok() && again->kid == sign1->kid && again->kid_form == sign1->kid_form);
  CHECK(equal(again->payload, sign1->payload) && again->alg == -8);
  return 0;
}
