// What every fallible function returns. A peer's mistake is an Error, one byte, no allocation: Result<T>.
// Off the datagram path a Status adds one sentence (what we were doing, the value seen, the limit), and
// StatusOr<T> carries either that or a value. Our own mistakes are CHECK (base/check.h), never a Result.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/errors.h"

namespace nrid {

// A value or one Error. Holds T by value; T may be a view, which then borrows what its maker says it borrows.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(Error error) : error_(error) { CHECK(error != Error::none); }  // NOLINT: return Error::x reads as intended
  Result(const T& value) : error_(Error::none) { new (&value_) T(value); }  // NOLINT
  Result(T&& value) : error_(Error::none) { new (&value_) T(std::move(value)); }  // NOLINT
  Result(const Result& other) : error_(other.error_) {
    if (ok()) new (&value_) T(other.value_);
  }
  Result(Result&& other) noexcept : error_(other.error_) {
    if (ok()) new (&value_) T(std::move(other.value_));
  }
  Result& operator=(Result other) noexcept {
    if (ok()) value_.~T();
    error_ = other.error_;
    if (ok()) new (&value_) T(std::move(other.value_));
    return *this;
  }
  ~Result() {
    if (ok()) value_.~T();
  }

  bool ok() const { return error_ == Error::none; }
  explicit operator bool() const { return ok(); }
  Error error() const { return error_; }
  Error failure() const { return error_; }
  T& operator*() { CHECK(ok()); return value_; }
  const T& operator*() const { CHECK(ok()); return value_; }
  T* operator->() { CHECK(ok()); return &value_; }
  const T* operator->() const { CHECK(ok()); return &value_; }

 private:
  Error error_;
  union { T value_; };
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(error) {}  // NOLINT: Error::none is success
  bool ok() const { return error_ == Error::none; }
  explicit operator bool() const { return ok(); }
  Error error() const { return error_; }
  Error failure() const { return error_; }

 private:
  Error error_ = Error::none;
};

// Success, or a sentence of facts for an operator: "token length 11, RFC 7252 allows 8".
class [[nodiscard]] Status {
 public:
  Status() = default;
  static Status failed(std::string text) { return Status(std::move(text)); }
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const std::string& text() const { return text_; }
  const Status& failure() const { return *this; }

 private:
  explicit Status(std::string text) : ok_(false), text_(std::move(text)) {}
  bool ok_ = true;
  std::string text_;
};

template <class T>
class [[nodiscard]] StatusOr {
 public:
  StatusOr(Status status) : status_(std::move(status)), value_() { CHECK(!status_.ok()); }  // NOLINT
  StatusOr(T value) : value_(std::move(value)) {}                                            // NOLINT
  bool ok() const { return status_.ok(); }
  explicit operator bool() const { return ok(); }
  const Status& failure() const { return status_; }
  const std::string& text() const { return status_.text(); }
  T& operator*() { CHECK(ok()); return value_; }
  const T& operator*() const { CHECK(ok()); return value_; }
  T* operator->() { CHECK(ok()); return &value_; }
  const T* operator->() const { CHECK(ok()); return &value_; }

 private:
  Status status_;
  T value_;
};

// The one control-flow macro: TRY(pack, decode_pack(in)) names the value or returns the failure.
#define TRY(name, expr)                                   \
  auto name##_or_failure = (expr);                        \
  if (!name##_or_failure.ok()) return name##_or_failure.failure(); \
  auto& name = *name##_or_failure

// The same where there is no value to name.
#define TRY_VOID(expr)                                                        \
  do {                                                                        \
    if (auto outcome_ = (expr); !outcome_.ok()) return outcome_.failure();    \
  } while (false)

}  // namespace nrid
