// RFC 8259 documents with the line of every value.
#include "wire/json.h"

#include <gtest/gtest.h>

namespace nrid {
namespace {

JsonValue read(std::string_view text) {
  const auto value = read_json(text, "f.json");
  EXPECT_TRUE(value.ok()) << value.text();
  return value.ok() ? *value : JsonValue();
}
std::string fault(std::string_view text, JsonLimits limits = {}) {
  const auto value = read_json(text, "f.json", limits);
  EXPECT_FALSE(value.ok()) << text;
  return value.text();
}

TEST(Json, ValuesOfEveryKind) {
  const JsonValue root = read(R"({"a": [1, -2.5, "x\u0041", true, null], "b": {}, "big": 18446744073709551615})");
  ASSERT_EQ(root.kind, JsonValue::Kind::object);
  const JsonValue* const list = root.member("a");
  ASSERT_TRUE(list != nullptr && list->kind == JsonValue::Kind::list);
  ASSERT_EQ(list->items.size(), 5u);
  EXPECT_EQ(list->items[0].integer, 1);
  EXPECT_EQ(list->items[0].number, 1.0);
  EXPECT_EQ(list->items[1].number, -2.5);
  EXPECT_EQ(list->items[2].text, "xA");
  EXPECT_TRUE(list->items[3].boolean);
  EXPECT_EQ(list->items[4].kind, JsonValue::Kind::null);
  EXPECT_EQ(root.member("b")->kind, JsonValue::Kind::object);
  EXPECT_EQ(root.member("big")->kind, JsonValue::Kind::number);
  EXPECT_EQ(root.member("c"), nullptr);
}

TEST(Json, EveryValueKnowsItsLineAndWhereItEnds) {
  const std::string text = "{\n \"a\": 1\n,\"b\":\n\n 22\n, \"c\": \"x\",\n\"d\": [\n3,\n{}]}";
  const JsonValue root = read(text);
  EXPECT_EQ(root.line, 1);
  EXPECT_EQ(root.member("a")->line, 2);
  EXPECT_EQ(root.member("b")->line, 5);
  EXPECT_EQ(root.member("c")->line, 6);
  EXPECT_EQ(root.member("d")->line, 7);
  EXPECT_EQ(root.member("d")->items[0].line, 8);
  EXPECT_EQ(root.member("d")->items[1].line, 9);
  const JsonValue& c = *root.member("c");
  EXPECT_EQ(text.substr(c.end - 3, 3), "\"x\"");
}

TEST(Json, FaultsNameFileAndLine) {
  EXPECT_EQ(fault("{\n\"a\": 1,\n\"a\": 2}"), "f.json:3: member \"a\" stands twice");
  EXPECT_EQ(fault("{\"a\":\n\n tru}").substr(0, 9), "f.json:3:");
  EXPECT_EQ(fault("").substr(0, 9), "f.json:1:");
  EXPECT_EQ(fault("[1] [2]").substr(0, 9), "f.json:1:");
  EXPECT_EQ(fault("[1e999]").substr(0, 9), "f.json:1:");
  EXPECT_EQ(fault("[\"\xff\"]").substr(0, 9), "f.json:1:");
}

TEST(Json, LimitsHoldBeforeAnythingIsKept) {
  EXPECT_EQ(fault("[1,2,3,4]", {100, 4, 4}), "f.json:1: more than 4 values");
  EXPECT_EQ(fault("[[[[1]]]]", {100, 40, 3}), "f.json:1: nested deeper than 3");
  EXPECT_EQ(fault(std::string(101, ' '), {100, 4, 4}), "f.json: 101 octets, limit 100");
  EXPECT_EQ(fault(std::string(500'000, '[')), "f.json:1: nested deeper than 12");
}

TEST(Json, EveryCutOfADocumentIsAFault) {
  const std::string text = "{\"a\": [1, \"two\", {\"b\": false}], \"c\": null}";
  for (size_t size = 0; size < text.size(); ++size) fault(std::string_view(text).substr(0, size));
}

}  // namespace
}  // namespace nrid
