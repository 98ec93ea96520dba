// What DNS said of a DET when it last answered, for a start while it does not: the stale service of R-009 at the gateway. One small
// JSON file for each DET in gateway.data_dir, mode 0600. It gives no trust of its own: the key must hash to the DET, the endorsement be
// about that key, the anchor one that is configured, and neither certificate nor endorsement may be over. Only a resolver in
// trouble lets it speak, at most for 24 h; what DNS refuses is forgotten.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "det/resolver.h"

namespace nrid::gateway {

struct Remembered {
  det::Resolution found;                   // DET, key, parent, endorsement, addresses, name, anchor, chain, how it was found, trust_until
  Instant fetched;
};

std::string write_remembered(const Remembered& entry);
// The Status is one sentence that begins with `file`.
StatusOr<Remembered> read_remembered(std::string_view text, const std::string& file, const Det& det);

class Memory {
 public:
  using Ask = std::function<det::Resolved(const Det& det, bool want_addresses)>;
  using Say = std::function<void(std::string_view step, const std::string& fact)>;

  // `directory` "": nothing is remembered. References outlive the object, which stands for one set-up.
  Memory(std::string directory, const det::ResolverSettings& dns, const Clock& clock, Ask ask, Say say)
      : directory_(std::move(directory)), dns_(dns), clock_(clock), ask_(std::move(ask)), say_(std::move(say)) {}

  det::Resolved resolve(const Det& det, bool want_addresses);
  // For the status: since when what this set-up stands on is remembered; "" while DNS said all of it.
  const std::string& notice() const { return notice_; }

 private:
  std::string file_of(const Det& det) const { return directory_ + "/" + to_hex(det) + ".json"; }
  void keep(const det::Resolution& found);
  StatusOr<Remembered> recall(const Det& det) const;
  det::Resolved use(const Remembered& old, std::string_view trouble);

  std::string directory_;
  const det::ResolverSettings& dns_;
  const Clock& clock_;
  Ask ask_;
  Say say_;
  bool in_trouble_ = false;                // DNS was, a moment ago: what is remembered need not wait for it again
  bool told_ = false;                      // that nothing can be kept
  std::string notice_;
};

}  // namespace nrid::gateway
