#include "det/key_store.h"

#include <algorithm>
#include <array>

namespace nrid::det {
namespace {

constexpr std::array<std::string_view, 1> kSchema = {
    "CREATE TABLE known (det BLOB NOT NULL, role INTEGER NOT NULL, key BLOB NOT NULL, fresh_until INTEGER NOT NULL, trust_until INTEGER NOT NULL,"
    " by_fallback INTEGER NOT NULL, chain TEXT NOT NULL, issuers BLOB NOT NULL, PRIMARY KEY (det, role)) WITHOUT ROWID;"
    "CREATE TABLE rests_on (policy TEXT NOT NULL)"};
constexpr std::string_view kWrite =
    "INSERT OR REPLACE INTO known (det, role, key, fresh_until, trust_until, by_fallback, chain, issuers) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kRead =
    "SELECT det, role, key, fresh_until, trust_until, by_fallback, chain, issuers FROM known ORDER BY fresh_until DESC";
constexpr std::string_view kTrim =
    "DELETE FROM known WHERE role = ? AND (det, role) NOT IN (SELECT det, role FROM known WHERE role = ? ORDER BY fresh_until DESC LIMIT ?)";

std::vector<uint8_t> blob(Bytes octets) { return {octets.begin(), octets.end()}; }

// nullopt: not what we write; somebody else did.
std::optional<KeptKey> key_of(const StoreRow& row) {
  const auto* det = std::get_if<std::vector<uint8_t>>(&row.at(0));
  const auto* role = std::get_if<int64_t>(&row.at(1));
  const auto* key = std::get_if<std::vector<uint8_t>>(&row.at(2));
  const auto* fresh = std::get_if<int64_t>(&row.at(3));
  const auto* trust = std::get_if<int64_t>(&row.at(4));
  const auto* fallback = std::get_if<int64_t>(&row.at(5));
  const auto* chain = std::get_if<std::string>(&row.at(6));
  const auto* issuers = std::get_if<std::vector<uint8_t>>(&row.at(7));
  if (det == nullptr || role == nullptr || key == nullptr || fresh == nullptr || trust == nullptr || fallback == nullptr || chain == nullptr || issuers == nullptr) return std::nullopt;
  KeptKey out;
  if (det->size() != 16 || key->size() != out.key.size() || issuers->size() % 16 != 0 || (*role != 0 && *role != 1)) return std::nullopt;
  out.det = Det::from(*det);
  out.role = static_cast<KeptKey::Role>(*role);
  std::copy(key->begin(), key->end(), out.key.begin());
  out.fresh_until = Instant{*fresh};
  out.trust_until = Instant{*trust};
  out.by_fallback = *fallback != 0;
  out.chain = *chain;
  for (size_t at = 0; at < issuers->size(); at += 16) out.issuers.push_back(Det::from(Bytes(*issuers).subspan(at, 16)));
  return out;
}

// What was believed under other rules must be asked for again.
Status judge_again_unless(Store& store, std::string_view policy) {
  std::string before;
  TRY_VOID(store.execute("SELECT policy FROM rests_on", {}, [&](const StoreRow& row) {
    if (const auto* text = std::get_if<std::string>(&row.at(0))) before = *text;
  }));
  if (before == policy) return {};
  return store.transaction([&]() -> Status {
    TRY_VOID(store.execute("DELETE FROM known"));
    TRY_VOID(store.execute("DELETE FROM rests_on"));
    const StoreValue now[] = {std::string(policy)};
    return store.execute("INSERT INTO rests_on (policy) VALUES (?)", now);
  });
}

}  // namespace

StatusOr<std::unique_ptr<KeyStore>> KeyStore::open(const std::string& file, std::string_view policy, size_t rows_max) {
  TRY(store, open_sqlite(file));
  TRY_VOID(store->migrate(kSchema));
  TRY_VOID(judge_again_unless(*store, policy));
  return std::make_unique<KeyStore>(store, rows_max);
}

Status KeyStore::load(Instant now, const std::function<void(KeptKey)>& take) {
  const StoreValue over[] = {now.us};
  TRY_VOID(store_->execute("DELETE FROM known WHERE trust_until < ?", over));
  TRY_VOID(store_->execute(kRead, {}, [&](const StoreRow& row) {
    if (auto key = key_of(row)) take(std::move(*key));
  }));
  return list_rows();
}

Status KeyStore::list_rows() {
  absl::flat_hash_set<Place> stored;
  TRY_VOID(store_->execute("SELECT det, role FROM known", {}, [&](const StoreRow& row) {
    const auto* det = std::get_if<std::vector<uint8_t>>(&row.at(0));
    const auto* role = std::get_if<int64_t>(&row.at(1));
    if (det != nullptr && det->size() == 16 && role != nullptr) stored.emplace(Det::from(*det), static_cast<KeptKey::Role>(*role));
  }));
  const std::lock_guard lock(mutex_);
  stored_ = std::move(stored);
  return {};
}

void KeyStore::note(KeptKey key) {
  const Place place{key.det, key.role};
  const std::lock_guard lock(mutex_);
  if (changed_.size() < rows_max_ || changed_.contains(place)) changed_[place] = std::move(key);
}

// A note that is forgotten for want of room is a question more after a restart; a withdrawal must not be.
void KeyStore::forget(const Det& det, KeptKey::Role role) {
  const Place place{det, role};
  const std::lock_guard lock(mutex_);
  if (stored_.contains(place) || changed_.contains(place)) changed_[place] = std::nullopt;
}

Status KeyStore::write() {
  Changed changed;
  {
    const std::lock_guard lock(mutex_);
    changed.swap(changed_);
  }
  if (changed.empty()) return {};
  const Status written = store_->transaction([&] { return write_rows(changed); });
  {
    const std::lock_guard lock(mutex_);
    for (auto& [place, key] : changed) {
      if (!written.ok()) changed_.try_emplace(place, std::move(key));  // what was noted meanwhile is newer
      else if (key) stored_.insert(place);
      else stored_.erase(place);
    }
  }
  return written.ok() && rows() > 2 * rows_max_ ? trim() : written;
}

Status KeyStore::write_rows(const Changed& changed) {
  for (const auto& [place, key] : changed) {
    const auto role = static_cast<int64_t>(place.second);
    if (!key) {
      const StoreValue who[] = {blob(place.first.octets), role};
      TRY_VOID(store_->execute("DELETE FROM known WHERE det = ? AND role = ?", who));
      continue;
    }
    std::vector<uint8_t> issuers;
    for (const Det& issuer : key->issuers) issuers.insert(issuers.end(), issuer.octets.begin(), issuer.octets.end());
    const StoreValue row[] = {blob(key->det.octets), role, blob(key->key), key->fresh_until.us, key->trust_until.us,
                              int64_t{key->by_fallback}, key->chain, std::move(issuers)};
    TRY_VOID(store_->execute(kWrite, row));
  }
  return {};
}

// The freshest stay: who flies is refreshed within an hour.
Status KeyStore::trim() {
  for (const auto role : {KeptKey::Role::key, KeptKey::Role::authority}) {
    const auto of = static_cast<int64_t>(role);
    const StoreValue row[] = {of, of, static_cast<int64_t>(rows_max_)};
    TRY_VOID(store_->execute(kTrim, row));
  }
  return list_rows();
}

size_t KeyStore::rows() const {
  const std::lock_guard lock(mutex_);
  return stored_.size();
}

}  // namespace nrid::det
