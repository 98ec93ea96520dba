// COSE_Sign1: a token that decodes, signed again, decodes to the same. The signer is a stub: keys are not the point.
#include <array>

#include "base/check.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto sign1 = cwt::decode_sign1({data, size});
  if (!sign1.ok()) return 0;
  CHECK(sign1->kid.has_prefix() && sign1->kid.suite() == 5 && (sign1->alg == -8 || sign1->alg == -19));
  std::array<uint8_t, 2048> space;
  const auto token = cwt::sign1(sign1->payload, sign1->kid, sign1->kid_form, FixedSigner(), space);
  if (!token.ok()) return 0;  // longer than any datagram
  const auto again = cwt::decode_sign1(*token);
  CHECK(again.ok() && again->kid == sign1->kid && again->kid_form == sign1->kid_form);
  CHECK(equal(again->payload, sign1->payload) && again->alg == -8);
  return 0;
}
