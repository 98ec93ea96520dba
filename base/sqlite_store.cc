// Store over SQLite. Write-ahead log, so that readers never wait for the writer; every statement is prepared once; the
// usual trouble of an operator (disk full, folder not writable, file locked, not a database) is named in plain words.
#include <sqlite3.h>

#include <mutex>
#include <unordered_map>

#include "base/check.h"
#include "base/store.h"

namespace nrid {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr size_t kPreparedMax = 128;

std::string plain_reason(sqlite3* db, int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_READONLY: return "the file or its folder is read-only";
    case SQLITE_BUSY: return "locked by another process for more than " + std::to_string(kBusyTimeoutMs / 1000) + " s";
    case SQLITE_CANTOPEN: return "cannot be opened (folder missing or not writable)";
    case SQLITE_NOTADB: return "is not an SQLite database";
    case SQLITE_CORRUPT: return "is damaged";
    case SQLITE_IOERR: return "input/output error: " + std::string(sqlite3_errmsg(db));
    default: return sqlite3_errmsg(db);
  }
}

class SqliteStore final : public Store {
 public:
  static StatusOr<std::shared_ptr<Store>> open(const std::string& path) {
    sqlite3* db = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    auto store = std::shared_ptr<SqliteStore>(new SqliteStore(path, db));
    if (code != SQLITE_OK) return Status::failed(path + ": " + plain_reason(db, code));
    sqlite3_busy_timeout(db, kBusyTimeoutMs);
    sqlite3_extended_result_codes(db, 1);
    // synchronous=FULL: what was acknowledged is on the disk after a power cut, also with a write-ahead log.
    for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                            "PRAGMA trusted_schema=OFF"}) {
      TRY_VOID(store->execute(sql, {}, nullptr));
    }
    return std::shared_ptr<Store>(store);
  }
  ~SqliteStore() override {
    for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
    sqlite3_close_v2(db_);
  }
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  Status execute(std::string_view sql, std::span<const StoreValue> parameters,
                 const std::function<void(const StoreRow&)>& row) override {
    const std::lock_guard lock(mutex_);
    TRY(statement, prepare(sql));
    struct Reset {
      sqlite3_stmt* used;
      ~Reset() {
        sqlite3_reset(used);
        sqlite3_clear_bindings(used);
      }
    } const reset{statement};
    CHECK(static_cast<size_t>(sqlite3_bind_parameter_count(statement)) == parameters.size());
    for (size_t i = 0; i < parameters.size(); ++i) {
      const int code = bind(statement, static_cast<int>(i) + 1, parameters[i]);
      if (code != SQLITE_OK) return failed(sql, code);
    }
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      if (row) row(read_row(statement));
    }
    return code == SQLITE_DONE ? Status() : failed(sql, code);
  }

  Status transaction(const std::function<Status()>& work) override {
    const std::lock_guard lock(mutex_);
    // IMMEDIATE takes the write lock at once; a transaction that starts by reading could not take it later.
    TRY_VOID(execute("BEGIN IMMEDIATE", {}, nullptr));
    Status outcome = work();
    if (outcome.ok()) outcome = execute("COMMIT", {}, nullptr);
    // Some failures (disk full) roll back by themselves.
    if (!outcome.ok() && sqlite3_get_autocommit(db_) == 0) TRY_VOID(execute("ROLLBACK", {}, nullptr));
    return outcome;
  }

  Status migrate(std::span<const std::string_view> steps) override {
    const std::lock_guard lock(mutex_);
    int64_t done = 0;
    TRY_VOID(execute("PRAGMA user_version", {}, [&](const StoreRow& row) { done = std::get<int64_t>(row.at(0)); }));
    if (done < 0 || static_cast<size_t>(done) > steps.size()) {
      return Status::failed(path_ + ": schema version " + std::to_string(done) + ", this program knows " +
                            std::to_string(steps.size()) + ": the file was written by a newer program");
    }
    for (size_t i = static_cast<size_t>(done); i < steps.size(); ++i) {
      const auto step = [&]() -> Status {
        TRY_VOID(execute_script(steps[i]));
        return execute("PRAGMA user_version = " + std::to_string(i + 1), {}, nullptr);
      };
      TRY_VOID(transaction(step));
    }
    return {};
  }

 private:
  SqliteStore(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}

  Status failed(std::string_view sql, int code) const {
    return Status::failed(path_ + ": " + plain_reason(db_, code) + " (statement: " + std::string(sql) + ")");
  }

  // Several statements separated by semicolons, without parameters: a step of a schema.
  Status execute_script(std::string_view sql) {
    const std::string script(sql);
    const int code = sqlite3_exec(db_, script.c_str(), nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? Status() : failed(sql, code);
  }

  StatusOr<sqlite3_stmt*> prepare(std::string_view sql) {
    const auto known = prepared_.find(std::string(sql));
    // A statement that is running (a row callback that asks again) cannot be used twice at once.
    CHECK(known == prepared_.end() || sqlite3_stmt_busy(known->second) == 0);
    if (known != prepared_.end()) return known->second;
    sqlite3_stmt* statement = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, &tail);
    if (code != SQLITE_OK) return failed(sql, code);
    if (statement == nullptr) return Status::failed(path_ + ": empty statement");
    const std::string_view rest = sql.substr(static_cast<size_t>(tail - sql.data()));
    if (rest.find_first_not_of(" \n\t;") != std::string_view::npos) {
      sqlite3_finalize(statement);
      return Status::failed(path_ + ": more than one statement (statement: " + std::string(sql) + ")");
    }
    make_room();
    prepared_.emplace(sql, statement);
    return statement;
  }

  void make_room() {
    if (prepared_.size() < kPreparedMax) return;
    for (auto entry = prepared_.begin(); entry != prepared_.end(); ++entry) {
      if (sqlite3_stmt_busy(entry->second) != 0) continue;
      sqlite3_finalize(entry->second);
      prepared_.erase(entry);
      return;
    }
  }

  static int bind(sqlite3_stmt* statement, int at, const StoreValue& value) {
    if (const auto* number = std::get_if<int64_t>(&value)) return sqlite3_bind_int64(statement, at, *number);
    if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, at, *real);
    if (const auto* text = std::get_if<std::string>(&value)) {
      return sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    if (const auto* blob = std::get_if<std::vector<uint8_t>>(&value)) {
      // A null pointer would bind NULL, and an empty vector may have one.
      if (blob->empty()) return sqlite3_bind_zeroblob(statement, at, 0);
      return sqlite3_bind_blob64(statement, at, blob->data(), blob->size(), SQLITE_TRANSIENT);
    }
    return sqlite3_bind_null(statement, at);
  }

  static StoreRow read_row(sqlite3_stmt* statement) {
    StoreRow row;
    const int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; ++i) {
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER: row.emplace_back(int64_t{sqlite3_column_int64(statement, i)}); break;
        case SQLITE_FLOAT: row.emplace_back(sqlite3_column_double(statement, i)); break;
        case SQLITE_TEXT: {
          const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
          row.emplace_back(std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement, i))));
          break;
        }
        case SQLITE_BLOB: {
          const auto* blob = static_cast<const uint8_t*>(sqlite3_column_blob(statement, i));
          const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, i));
          row.emplace_back(size == 0 ? std::vector<uint8_t>() : std::vector<uint8_t>(blob, blob + size));
          break;
        }
        default: row.emplace_back(std::monostate{}); break;
      }
    }
    return row;
  }

  std::string path_;
  sqlite3* db_;
  // Recursive: the work of a transaction calls execute(). Other threads wait, so a transaction stays one thread's.
  std::recursive_mutex mutex_;
  std::unordered_map<std::string, sqlite3_stmt*> prepared_;
};

}  // namespace

StatusOr<std::shared_ptr<Store>> open_sqlite(const std::string& path) { return SqliteStore::open(path); }

}  // namespace nrid
