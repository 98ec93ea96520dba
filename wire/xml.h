// XML files that an operator gives us (KML), as a small tree of owned strings, over libxml2's text reader. Documents with
// a DTD are refused, so there are no entities beyond the five of XML; nothing is ever fetched. Off the datagram path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nrid {

struct XmlAttribute {
  std::string name;         // local name
  std::string ns;           // namespace URI, empty if none
  std::string value;
};

struct XmlElement {
  std::string name;         // local name
  std::string ns;           // namespace URI, empty if none
  std::vector<XmlAttribute> attributes;  // without xmlns declarations
  std::string text;         // all direct character data and CDATA, joined, not trimmed
  std::vector<XmlElement> children;
  int line = 0;

  const XmlElement* child(std::string_view child_name) const;          // first of that local name, or null
  std::string_view attribute(std::string_view attribute_name) const;   // by local name; empty if absent
  std::string_view trimmed() const;                                    // text without white space around it
};

struct XmlLimits {
  size_t octets_max = 16u << 20;
  int depth_max = 64;
  size_t elements_max = 500'000;
};

// The root element. The Status reads "zones.kml:12: ...".
StatusOr<XmlElement> parse_xml(std::string_view text, const std::string& file_name, const XmlLimits& limits = {});
StatusOr<XmlElement> parse_xml_file(const std::string& path, const XmlLimits& limits = {});

}  // namespace nrid
