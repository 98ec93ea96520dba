#include "wire/json.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace nrid {
namespace {

constexpr size_t kShownMax = 60;

// The library reads through this; how far it has come is how a value gets its line.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  const char* at = nullptr;
  const char** reached = nullptr;
  reference operator*() const { return *at; }
  Cursor& operator++() {
    *reached = ++at;
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& o) const { return at == o.at; }
  bool operator!=(const Cursor& o) const { return at != o.at; }
};

// The library calls one method per token; without recursion, so that nesting costs no stack.
class Builder {
 public:
  using Lib = nlohmann::json;
  Builder(std::string_view text, const char* const& reached, const std::string& file, JsonLimits limits)
      : begin_(text.data()), counted_(text.data()), reached_(reached), file_(file), limits_(limits) {}

  bool null() { return put({}); }
  bool boolean(bool value) {
    JsonValue v;
    v.kind = JsonValue::Kind::boolean;
    v.boolean = value;
    return put(std::move(v));
  }
  bool number_integer(int64_t value) {
    JsonValue v;
    v.kind = JsonValue::Kind::integer;
    v.integer = value;
    v.number = static_cast<double>(value);
    return put(std::move(v));
  }
  bool number_unsigned(uint64_t value) {
    if (value <= static_cast<uint64_t>(INT64_MAX)) return number_integer(static_cast<int64_t>(value));
    return number_float(static_cast<double>(value), "");
  }
  bool number_float(double value, const std::string&) {
    JsonValue v;
    v.kind = JsonValue::Kind::number;
    v.number = value;
    return put(std::move(v));
  }
  bool string(std::string& value) {
    JsonValue v;
    v.kind = JsonValue::Kind::text;
    v.text = std::move(value);
    return put(std::move(v));
  }
  bool binary(Lib::binary_t&) { return fail("no binary values in JSON"); }
  bool start_object(size_t) { return open(JsonValue::Kind::object); }
  bool start_array(size_t) { return open(JsonValue::Kind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    JsonValue& object = *open_.back();
    if (std::find(object.names.begin(), object.names.end(), name) != object.names.end()) {
      return fail("member \"" + name.substr(0, kShownMax) + "\" stands twice");
    }
    object.names.push_back(std::move(name));
    return true;
  }
  bool parse_error(size_t, const std::string& token, const Lib::exception&) {
    return fail("not JSON at \"" + token.substr(0, kShownMax) + "\"");
  }

  JsonValue root;
  std::string failure;

 private:
  // A number is known only by the octet behind it, which may be the end of its line.
  int line() {
    const char* const end = reached_ == begin_ ? begin_ : reached_ - 1;
    if (end > counted_) {
      line_ += static_cast<int>(std::count(counted_, end, '\n'));
      counted_ = end;
    }
    return line_;
  }
  bool fail(std::string what) {
    if (failure.empty()) failure = file_ + ":" + std::to_string(line()) + ": " + std::move(what);
    return false;
  }
  JsonValue* place(JsonValue&& value) {
    if (++count_ > limits_.values_max) {
      fail("more than " + std::to_string(limits_.values_max) + " values");
      return nullptr;
    }
    value.line = line();
    value.end = static_cast<size_t>(reached_ - begin_);
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    return &open_.back()->items.emplace_back(std::move(value));
  }
  bool put(JsonValue&& value) { return place(std::move(value)) != nullptr; }
  // Pointers into `items` stay good: a list does not grow while one of its items is open.
  bool open(JsonValue::Kind kind) {
    if (open_.size() >= static_cast<size_t>(limits_.depth_max)) return fail("nested deeper than " + std::to_string(limits_.depth_max));
    JsonValue value;
    value.kind = kind;
    JsonValue* const placed = place(std::move(value));
    if (placed != nullptr) open_.push_back(placed);
    return placed != nullptr;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const char* const begin_;
  const char* counted_;
  const char* const& reached_;
  const std::string& file_;
  const JsonLimits limits_;
  int line_ = 1;
  size_t count_ = 0;
  std::vector<JsonValue*> open_;
};

}  // namespace

const JsonValue* JsonValue::member(std::string_view name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &items[static_cast<size_t>(found - names.begin())];
}

std::string shown(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::null: return "null";
    case JsonValue::Kind::boolean: return value.boolean ? "true" : "false";
    case JsonValue::Kind::integer: return std::to_string(value.integer);
    case JsonValue::Kind::number: return std::to_string(value.number);
    case JsonValue::Kind::text: return "\"" + value.text.substr(0, kShownMax) + (value.text.size() > kShownMax ? "...\"" : "\"");
    case JsonValue::Kind::list: return "a list";
    case JsonValue::Kind::object: return "an object";
  }
  return "";
}

StatusOr<JsonValue> read_json(std::string_view text, const std::string& file, JsonLimits limits) {
  if (text.size() > limits.octets_max) {
    return Status::failed(file + ": " + std::to_string(text.size()) + " octets, limit " + std::to_string(limits.octets_max));
  }
  const char* reached = text.data();
  Builder builder(text, reached, file, limits);
  const Cursor begin{text.data(), &reached};
  const Cursor end{text.data() + text.size(), &reached};
  if (!nlohmann::json::sax_parse(begin, end, &builder)) return Status::failed(builder.failure);
  return std::move(builder.root);
}

}  // namespace nrid
