// Runs cases, as many at once as there is room for, and judges: each by its own steps, and those of a law by every datagram of
// the run. What a case needs and has not is said and counted as not run, never as passed.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "apps/conform/cases.h"
#include "apps/conform/player.h"
#include "apps/conform/sp_player.h"
#include "apps/conform/uas_player.h"

namespace nrid::conform {

enum class Verdict : uint8_t { passed, failed, not_run };
std::string_view to_word(Verdict verdict);

struct Outcome {
  Case about;
  Role role = Role::sp;
  Verdict verdict = Verdict::not_run;
  std::string text;                                    // what was seen, or why it was not run
  Duration took;
  Evidence evidence;
};

struct Work {
  Case about;
  Role role = Role::sp;
  std::function<Outcome()> run;
  bool alone = false;                                  // nothing else may run meanwhile
};

// Steps read and run one after the other; the Status of the first that fails names it.
Status run_script(std::span<const Step> steps, Player& player);
Outcome play(const Case& about, Role role, std::span<const VerbRule> verbs, Player& player);

// Those that run alone come last, one by one. Outcomes stand in the order of `work`.
std::vector<Outcome> run_all(std::vector<Work> work, size_t jobs, const std::atomic<bool>& interrupted);

// Lets every law fail that a datagram of the run broke, in whatever case it came.
void apply_laws(std::vector<Outcome>& outcomes);

// Identities that no other case uses meanwhile; any thread. One that comes back rests, because its last token was dated ahead
// of the clock and the next operation must be newer.
class PairPool {
 public:
  PairPool(std::vector<Pair> pairs, Duration rest);
  std::vector<Pair> take(size_t count);                // waits until there are so many; precondition: count <= size()
  void give(std::vector<Pair> pairs);
  size_t size() const { return size_; }

 private:
  struct Resting {
    Pair pair;
    Tick free_at;
  };
  std::mutex mutex_;
  std::condition_variable given_;
  std::deque<Resting> pairs_;                          // the one that rests longest first
  const size_t size_;
  const Duration rest_;
};

bool needs(const Case& about, std::string_view word);

// The sp role: each case with identities of its own out of the pool; one that needs "alone" or "apart" with a provider of its own where the
// target has another.
std::vector<Work> sp_work(const Common& common, const Target& target, PairPool& pool, std::span<const Case> cases);
// The gateway role: each case with a gateway, a provider and DNS of its own.
std::vector<Work> gateway_work(const Common& common, const GatewayCommand& command, PairPool& pool, const std::string& folder, std::span<const Case> cases);

}  // namespace nrid::conform
