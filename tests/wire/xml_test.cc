#include "wire/xml.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace nrid {
namespace {

constexpr const char* kKml = R"(<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
  <Document>
    <!-- two placemarks -->
    <Placemark id="first"><name>A &amp; B</name>
      <gx:coord>13.4 52.5 100</gx:coord>
    </Placemark>
    <Placemark><name><![CDATA[<raw>]]></name><empty/></Placemark>
  </Document>
</kml>)";

TEST(Xml, ReadsATree) {
  const auto root = parse_xml(kKml, "zones.kml");
  ASSERT_TRUE(root.ok()) << root.text();
  EXPECT_EQ(root->name, "kml");
  EXPECT_EQ(root->ns, "http://www.opengis.net/kml/2.2");
  EXPECT_TRUE(root->attributes.empty());
  const XmlElement* document = root->child("Document");
  ASSERT_NE(document, nullptr);
  ASSERT_EQ(document->children.size(), 2u);
  const XmlElement& first = document->children[0];
  EXPECT_EQ(first.line, 5);
  EXPECT_EQ(first.attribute("id"), "first");
  EXPECT_EQ(first.attribute("absent"), "");
  EXPECT_EQ(first.child("name")->text, "A & B");
  EXPECT_EQ(first.child("coord")->ns, "http://www.google.com/kml/ext/2.2");
  EXPECT_EQ(first.child("coord")->trimmed(), "13.4 52.5 100");
  EXPECT_EQ(first.trimmed(), "");
  EXPECT_EQ(document->children[1].child("name")->text, "<raw>");
  EXPECT_NE(document->children[1].child("empty"), nullptr);
  EXPECT_EQ(document->child("absent"), nullptr);
}

std::string refusal(const std::string& text, const XmlLimits& limits = {}) {
  const auto root = parse_xml(text, "f.kml", limits);
  return root.ok() ? "accepted" : root.text();
}

TEST(Xml, RefusesDtdsAndEntities) {
  EXPECT_EQ(refusal("<!DOCTYPE kml>\n<kml/>"), "f.kml: a DOCTYPE is not accepted");
  EXPECT_NE(refusal("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>").find("DOCTYPE"), std::string::npos);
  EXPECT_NE(refusal("<!DOCTYPE a [<!ENTITY x \"xx\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>").find("DOCTYPE"), std::string::npos);
  EXPECT_EQ(refusal("<a>\n&undefined;</a>").substr(0, 8), "f.kml:2:");
}

TEST(Xml, ErrorsNameTheLine) {
  EXPECT_EQ(refusal("<a>\n<b>\n</a>").substr(0, 8), "f.kml:3:");
  EXPECT_EQ(refusal("").substr(0, 6), "f.kml:");
  EXPECT_NE(refusal("<a/><b/>"), "accepted");
  EXPECT_NE(refusal("<a>\xff</a>"), "accepted");
}

TEST(Xml, Limits) {
  EXPECT_EQ(refusal("<a><b><c/></b></a>", {1000, 3, 10}), "accepted");
  EXPECT_EQ(refusal("<a><b><c/></b></a>", {1000, 2, 10}), "f.kml:1: elements nest deeper than 2");
  EXPECT_EQ(refusal("<a><b/><b/><b/></a>", {1000, 3, 3}), "f.kml:1: more than 3 elements");
  EXPECT_EQ(refusal("<a><b/></a>", {5, 3, 3}), "f.kml: 11 octets, at most 5");
}

TEST(Xml, EveryCutIsRefused) {
  const std::string whole(kKml);
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_NE(refusal(whole.substr(0, size)), "accepted") << size;
}

TEST(Xml, Files) {
  const std::string path = testing::TempDir() + "nrid_xml_test.kml";
  std::ofstream(path) << kKml;
  const auto root = parse_xml_file(path);
  EXPECT_TRUE(root.ok()) << root.text();
  EXPECT_EQ(parse_xml_file(path, {100, 8, 8}).text(), path + ": " + std::to_string(std::string(kKml).size()) + " octets, at most 100");
  std::remove(path.c_str());
  EXPECT_EQ(parse_xml_file(path).text(), path + ": cannot be opened");
}

}  // namespace
}  // namespace nrid
