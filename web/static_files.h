// The files of the page, read once at start-up: what is not in this list cannot be asked for, whatever a path says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "nrid/http.h"

namespace nrid::web {

struct StaticFile {
  std::string url;                   // "/parts/fleet/fleet.js"
  std::string content_type;
  std::string body;
  std::string etag;
};

class StaticFiles {
 public:
  // The frame: index.html (served as /), frame.js, frame.css. Fails with the missing file's name.
  Status add_frame(const std::string& page_dir);
  Status add_leaflet(const std::string& leaflet_dir);
  // A part's folder with its script, style and what they name: PAGE_DIR/parts/MODULE/ when installed, modules/MODULE/page/ in the source tree.
  Status add_part(const std::string& page_dir, std::string_view module, const PagePart& part);

  const std::vector<std::shared_ptr<const StaticFile>>& files() const { return files_; }
  // 200 with an ETag, or 304 when the request has it already.
  static HttpResponse answer(const StaticFile& file, const HttpRequest& request);

 private:
  Status add(const std::string& path, std::string url);
  std::vector<std::shared_ptr<const StaticFile>> files_;
};

}  // namespace nrid::web
