// A small relational store as an argument: SQLite by default, one file per module. One writer (the module's thread or a
// host worker), many readers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace nrid {

using StoreValue = std::variant<std::monostate, int64_t, double, std::string, std::vector<uint8_t>>;
using StoreRow = std::vector<StoreValue>;

class Store {
 public:
  virtual ~Store() = default;
  // One statement with ? parameters; rows go to `row` if given. The Status names the statement and SQLite's reason.
  virtual Status execute(std::string_view sql, std::span<const StoreValue> parameters = {},
                         const std::function<void(const StoreRow&)>& row = nullptr) = 0;
  // All or nothing; what `work` returns as failed is rolled back.
  virtual Status transaction(const std::function<Status()>& work) = 0;
  // Brings the schema to the last of `steps` (PRAGMA user_version counts the applied ones).
  virtual Status migrate(std::span<const std::string_view> steps) = 0;
};

StatusOr<std::shared_ptr<Store>> open_sqlite(const std::string& path);  // ":memory:" for tests

}  // namespace nrid
