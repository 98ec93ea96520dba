// Whose keys the provider knows: DNS, the file that remembers what it said (data_dir/keys.db), and the thread that looks after both.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/random.h"
#include "det/dns_client.h"
#include "det/key_source.h"
#include "det/key_store.h"
#include "nrid/server_settings.h"

namespace nrid::provider {

class Keys {
 public:
  // A file that cannot be used is told in one log event, and then nothing is remembered: keys come from DNS, as without one.
  static StatusOr<std::unique_ptr<Keys>> open(const ServerSettings& settings, const Clock& clock, Random& random);
  ~Keys();                              // what is still to be written is

  det::DnsKeySource& source() { return *source_; }
  // A provider that cannot resolve itself cannot resolve anybody: DNS, DNSSEC and the anchors are tried on our own DET. While DNS is in
  // trouble it is enough that it was there before.
  Status check(const ServerSettings& settings, Now now) const;
  void run();                           // once; from now on the thread looks every second
  uint64_t write_failures() const { return write_failures_; }

 private:
  Keys() = default;
  void upkeep();

  std::unique_ptr<det::DnsClient> dns_;
  std::unique_ptr<det::KeyStore> store_;
  std::unique_ptr<det::DnsKeySource> source_;
  std::atomic<uint64_t> write_failures_ = 0;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;                 // last: it uses all of the above
};

}  // namespace nrid::provider
