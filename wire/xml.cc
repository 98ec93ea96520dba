#include "wire/xml.h"

#include <libxml/xmlreader.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <memory>

#include "base/text.h"

namespace nrid {
namespace {

struct FreeReader {
  void operator()(xmlTextReader* reader) const { xmlFreeTextReader(reader); }
};
using TextReader = std::unique_ptr<xmlTextReader, FreeReader>;

std::string string_of(const xmlChar* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const std::string& file_name, const XmlLimits& limits)
      : file_name_(file_name), limits_(limits),
        // No NOENT and no DTDLOAD: nothing is expanded. NONET and a text in memory: nothing is fetched.
        reader_(xmlReaderForMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                                   XML_PARSE_NONET | XML_PARSE_BIG_LINES)) {
    if (reader_ != nullptr) xmlTextReaderSetStructuredErrorHandler(reader_.get(), on_error, this);
  }

  StatusOr<XmlElement> build() {
    if (reader_ == nullptr) return failed("libxml2 has no memory for a reader", 0);
    int more = 1;
    while ((more = xmlTextReaderRead(reader_.get())) == 1) TRY_VOID(take_node());
    if (more < 0) return failed(error_.empty() ? "not well-formed" : error_, error_line_);
    return std::move(root_);
  }

 private:
  // libxml2 speaks through this only; its default would print to standard error.
  static void on_error(void* self, xmlErrorPtr error) {
    auto& builder = *static_cast<TreeBuilder*>(self);
    if (!builder.error_.empty() || error->level < XML_ERR_ERROR) return;
    builder.error_ = error->message == nullptr ? "not well-formed" : error->message;
    while (!builder.error_.empty() && builder.error_.back() == '\n') builder.error_.pop_back();
    builder.error_line_ = error->line;
  }

  // Where the current node stands; the parser itself reads ahead. 0 for nodes that carry no line.
  int node_line() const {
    const xmlNode* node = xmlTextReaderCurrentNode(reader_.get());
    return node == nullptr ? 0 : static_cast<int>(std::max(0L, xmlGetLineNo(node)));
  }
  Status failed(const std::string& what, int line) const {
    return Status::failed(file_name_ + (line > 0 ? ":" + std::to_string(line) : "") + ": " + what);
  }

  Status take_node() {
    switch (xmlTextReaderNodeType(reader_.get())) {
      case XML_READER_TYPE_ELEMENT: return open_element();
      case XML_READER_TYPE_END_ELEMENT: open_.pop_back(); return {};
      case XML_READER_TYPE_TEXT:
      case XML_READER_TYPE_CDATA:
      case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        if (!open_.empty()) open_.back()->text += string_of(xmlTextReaderConstValue(reader_.get()));
        return {};
      case XML_READER_TYPE_DOCUMENT_TYPE: return failed("a DOCTYPE is not accepted", node_line());
      case XML_READER_TYPE_ENTITY_REFERENCE: return failed("an entity reference is not accepted", node_line());
      default: return {};  // comments and processing instructions say nothing to us
    }
  }

  Status open_element() {
    if (open_.size() >= static_cast<size_t>(limits_.depth_max)) {
      return failed("elements nest deeper than " + std::to_string(limits_.depth_max), node_line());
    }
    if (++elements_ > limits_.elements_max) {
      return failed("more than " + std::to_string(limits_.elements_max) + " elements", node_line());
    }
    const bool empty = xmlTextReaderIsEmptyElement(reader_.get()) == 1;
    // Only the innermost list of children grows while it has an open parent, so the pointers in open_ stay good.
    XmlElement* element = &root_;
    if (!open_.empty()) element = &open_.back()->children.emplace_back();
    element->name = string_of(xmlTextReaderConstLocalName(reader_.get()));
    element->ns = string_of(xmlTextReaderConstNamespaceUri(reader_.get()));
    element->line = node_line();
    while (xmlTextReaderMoveToNextAttribute(reader_.get()) == 1) {
      if (xmlTextReaderIsNamespaceDecl(reader_.get()) == 1) continue;
      element->attributes.push_back({string_of(xmlTextReaderConstLocalName(reader_.get())),
                                     string_of(xmlTextReaderConstNamespaceUri(reader_.get())),
                                     string_of(xmlTextReaderConstValue(reader_.get()))});
    }
    if (!empty) open_.push_back(element);
    return {};
  }

  std::string file_name_;
  XmlLimits limits_;
  TextReader reader_;
  std::string error_;
  int error_line_ = 0;
  size_t elements_ = 0;
  XmlElement root_;
  std::vector<XmlElement*> open_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  for (const XmlElement& each : children) {
    if (each.name == child_name) return &each;
  }
  return nullptr;
}

std::string_view XmlElement::attribute(std::string_view attribute_name) const {
  for (const XmlAttribute& each : attributes) {
    if (each.name == attribute_name) return each.value;
  }
  return {};
}

std::string_view XmlElement::trimmed() const {
  return nrid::trimmed(text);
}

StatusOr<XmlElement> parse_xml(std::string_view text, const std::string& file_name, const XmlLimits& limits) {
  if (text.size() > limits.octets_max || text.size() > INT_MAX) {
    return Status::failed(file_name + ": " + std::to_string(text.size()) + " octets, at most " + std::to_string(limits.octets_max));
  }
  return TreeBuilder(text, file_name, limits).build();
}

StatusOr<XmlElement> parse_xml_file(const std::string& path, const XmlLimits& limits) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::failed(path + ": cannot be opened");
  std::string text;
  for (char block[65536]; text.size() <= limits.octets_max;) {
    file.read(block, sizeof block);
    text.append(block, static_cast<size_t>(file.gcount()));
    if (!file) break;
  }
  if (file.bad() || !file.eof()) {
    if (text.size() <= limits.octets_max) return Status::failed(path + ": cannot be read");
  }
  return parse_xml(text, path, limits);
}

}  // namespace nrid
