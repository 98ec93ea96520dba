#include "apps/conform/runner.h"

#include <algorithm>
#include <filesystem>
#include <thread>

namespace nrid::conform {
namespace {

Outcome not_run(const Case& about, Role role, std::string why) { return {about, role, Verdict::not_run, std::move(why), {}, {}}; }

// Why a case cannot be judged against this provider; "" when it can.
std::string obstacle(const Case& about, const Target& target, const Profile& profile, size_t pairs) {
  struct Need { std::string_view word; bool there; std::string_view why; };
  const Need needs_of[] = {
      {"two", pairs >= 2, "needs two pairs of identities"},
      {"dns", target.dns != nullptr, "needs the DNS that the provider asks to be ours"},
      {"restart", static_cast<bool>(target.restart), "needs a provider that we may kill and start again (--restart-command)"},
      {"conformance", profile.conformance, "implementation.conformance is off in the profile"},
      {"tolerant", !profile.conformance, "implementation.conformance is on in the profile"},
      {"accept-hids", profile.accept_hids, "implementation.accept_hids is off in the profile"},
      {"c2", profile.c2_origin, "implementation.c2_origin is off in the profile"},
      {"no-c2", !profile.c2_origin, "implementation.c2_origin is on in the profile"},
      {"self-id", profile.self_id, "implementation.self_id is off in the profile"},
      {"echo", profile.echo, "implementation.echo is off in the profile"},
      {"peers", !target.peers.empty() && profile.peer_place, "peers.dets and peers.place of the profile name no peer that it may send aircraft to"},
      {"narrow", !target.peers.empty() && profile.narrow_place, "peers.narrow_place of the profile names no place whose provider has room for one"},
      {"hysteresis", profile.hysteresis >= profile.heartbeat * 3, "peers.hysteresis of the profile is shorter than three periods"},
      {"hold-down", profile.hold_down > profile.heartbeat * 6, "peers.hold_down of the profile is no longer than six periods"},
  };
  for (const Need& need : needs_of) {
    if (needs(about, need.word) && !need.there) return std::string(need.why);
  }
  for (const std::string_view name : kHooks) {
    if (needs(about, name) && target.hooks.count(name) == 0) return "needs the command hooks." + std::string(name) + " in the profile";
  }
  for (const char* const name : {"mismatch", "untrusted", "silent", "unpublished", "linkless", "next"}) {
    if (needs(about, name) && target.special.find(name) == target.special.end()) return "needs an identity \"" + std::string(name) + "\" in the registry folder";
  }
  return "";
}

std::string obstacle(const Case& about, const GatewayCommand& command, const Profile& profile) {
  if (needs(about, "setup") && command.setup.empty()) return "needs --setup-command";
  if (needs(about, "redirect") && !profile.private_redirect) return "implementation.private_redirect is off in the profile";
  if (needs(about, "live") && command.live.empty()) return "needs --live-command";
  if (needs(about, "echo") && !profile.echo) return "implementation.echo is off in the profile";
  if (needs(about, "ipv6") && !UdpPort::open(*address_from_text("[::1]:0")).ok()) return "needs IPv6 on loopback";
  if (needs(about, "require-ad") && !profile.require_ad) return "implementation.require_ad is off in the profile";
  return "";
}

}  // namespace

std::string_view to_word(Verdict verdict) {
  constexpr std::string_view words[] = {"pass", "fail", "not run"};
  return words[static_cast<size_t>(verdict)];
}

bool needs(const Case& about, std::string_view word) {
  std::string_view rest = about.needs;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == word) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

Status run_script(std::span<const Step> steps, Player& player) {
  for (const Step& step : steps) {
    if (const Status done = player.run(step); !done.ok()) return Status::failed("`" + step.text + "`: " + done.text());
  }
  return {};
}

Outcome play(const Case& about, Role role, std::span<const VerbRule> verbs, Player& player) {
  Outcome out{about, role, Verdict::passed, "", {}, {}};
  const SystemClock clock;
  const Tick began = clock.now().tick;
  const auto steps = read_script(about.steps, verbs);
  Status done = steps.ok() ? run_script(*steps, player) : steps.failure();
  const Status left = player.finish();
  if (done.ok()) done = left;
  out.took = clock.now().tick - began;
  out.evidence = std::move(player.evidence());
  if (done.ok()) {
    out.text = std::to_string(out.evidence.packets.size()) + " datagrams";
  } else {
    out.verdict = player.interrupted() ? Verdict::not_run : Verdict::failed;
    out.text = done.text();
  }
  return out;
}

std::vector<Outcome> run_all(std::vector<Work> work, size_t jobs, const std::atomic<bool>& interrupted) {
  std::vector<Outcome> out(work.size());
  std::vector<size_t> together, alone;
  for (size_t i = 0; i < work.size(); ++i) (work[i].alone ? alone : together).push_back(i);
  // The longest first, so that none of them is waited for at the end.
  std::stable_partition(together.begin(), together.end(), [&](size_t i) { return needs(work[i].about, "apart") || needs(work[i].about, "alone") || needs(work[i].about, "slow"); });
  const auto run = [&](size_t i) { out[i] = interrupted ? not_run(work[i].about, work[i].role, "interrupted") : work[i].run(); };
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(jobs, together.size()); ++i) {
    threads.emplace_back([&] {
      for (size_t at = next++; at < together.size(); at = next++) run(together[at]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const size_t i : alone) run(i);
  return out;
}

void apply_laws(std::vector<Outcome>& outcomes) {
  for (const Outcome& seen : outcomes) {
    for (const Evidence::Found& found : seen.evidence.faults) {
      for (Outcome& law : outcomes) {
        const bool meant = law.role == seen.role && needs(law.about, "law") && requirement_of(law.about.id) == found.fault.requirement;
        if (!meant || law.verdict == Verdict::failed || law.verdict == Verdict::not_run) continue;
        law.verdict = Verdict::failed;
        law.text = found.fault.text + " (in " + std::string(seen.about.id) + ")";
        if (&law == &seen) continue;
        law.evidence.packets.push_back(seen.evidence.packets[found.packet]);
      }
    }
  }
}

PairPool::PairPool(std::vector<Pair> pairs, Duration rest) : size_(pairs.size()), rest_(rest) {
  for (Pair& pair : pairs) pairs_.push_back({std::move(pair), Tick{}});
}

std::vector<Pair> PairPool::take(size_t count) {
  const SystemClock clock;
  std::vector<Pair> out;
  std::unique_lock lock(mutex_);
  given_.wait(lock, [&] { return pairs_.size() >= count; });
  Tick free_at;
  for (size_t i = 0; i < count; ++i) {
    free_at = std::max(free_at, pairs_.front().free_at);
    out.push_back(std::move(pairs_.front().pair));
    pairs_.pop_front();
  }
  lock.unlock();
  const Duration wait = free_at - clock.now().tick;
  if (wait > Duration{}) std::this_thread::sleep_for(std::chrono::microseconds(wait.us));
  return out;
}

void PairPool::give(std::vector<Pair> pairs) {
  const Tick free_at = SystemClock().now().tick + rest_;
  {
    const std::lock_guard lock(mutex_);
    for (Pair& pair : pairs) pairs_.push_back({std::move(pair), free_at});
  }
  given_.notify_all();
}

std::vector<Work> sp_work(const Common& common, const Target& target, PairPool& pool, std::span<const Case> cases) {
  std::vector<Work> out;
  for (const Case& about : cases) {
    const bool apart = (needs(about, "alone") || needs(about, "apart")) && target.another;
    const auto run = [&common, &target, &pool, about, apart] {
      const std::string why = obstacle(about, target, common.profile, pool.size());
      if (!why.empty()) return not_run(about, Role::sp, why);
      std::shared_ptr<const Target> own;
      if (apart) {
        auto started = target.another();
        if (!started.ok()) return not_run(about, Role::sp, started.text());
        own = std::move(*started);
      }
      auto pairs = pool.take(needs(about, "two") ? 2 : 1);
      UasPlayer player(common, apart ? *own : target, pairs[0], pairs.size() > 1 ? std::optional(pairs[1]) : std::nullopt);
      Outcome outcome = play(about, Role::sp, uas_verbs(), player);
      pool.give(std::move(pairs));
      return outcome;
    };
    out.push_back({about, Role::sp, run, needs(about, "alone") && !apart});
  }
  return out;
}

std::vector<Work> gateway_work(const Common& common, const GatewayCommand& command, PairPool& pool, const std::string& folder, std::span<const Case> cases) {
  std::vector<Work> out;
  for (const Case& about : cases) {
    out.push_back({about, Role::gateway, [&common, &command, &pool, folder, about] {
                     const std::string why = obstacle(about, command, common.profile);
                     if (!why.empty()) return not_run(about, Role::gateway, why);
                     const std::string own_folder = folder + "/" + std::string(about.id);
                     std::error_code error;
                     if (!std::filesystem::create_directories(own_folder, error)) return not_run(about, Role::gateway, own_folder + ": " + error.message());
                     auto pairs = pool.take(1);
                     SpPlayer player(common, command, pairs[0], own_folder);
                     Outcome outcome = play(about, Role::gateway, sp_verbs(), player);
                     pool.give(std::move(pairs));
                     return outcome;
                   }});
  }
  return out;
}

}  // namespace nrid::conform
