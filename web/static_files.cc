#include "web/static_files.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace nrid::web {
namespace {

constexpr std::string_view kUnknownType = "application/octet-stream";
constexpr size_t kFileMax = 4 * 1024 * 1024;

std::string_view content_type_of(std::string_view path) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
      {".png", "image/png"},
  };
  for (const auto& [ending, type] : kTypes) {
    if (path.size() > ending.size() && path.substr(path.size() - ending.size()) == ending) return type;
  }
  return kUnknownType;
}

std::string etag_of(std::string_view body) {  // FNV-1a: tells versions of one file apart, guards nothing
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : body) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char text[24];
  std::snprintf(text, sizeof text, "\"%016llx\"", static_cast<unsigned long long>(hash));
  return text;
}

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name[0] == '.') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == std::string_view::npos;
}

}  // namespace

Status StaticFiles::add(const std::string& path, std::string url) {
  if (!is_file(path)) return Status::failed("page file " + path + " is missing");
  std::ifstream in(path, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return Status::failed("page file " + path + " cannot be read");
  if (body.size() > kFileMax) return Status::failed("page file " + path + " is over " + std::to_string(kFileMax) + " octets");
  auto file = std::make_shared<StaticFile>();
  file->url = std::move(url);
  file->content_type = content_type_of(path);
  file->etag = etag_of(body);
  file->body = std::move(body);
  files_.push_back(std::move(file));
  return {};
}

Status StaticFiles::add_frame(const std::string& page_dir) {
  TRY_VOID(add(page_dir + "/index.html", "/"));
  TRY_VOID(add(page_dir + "/frame.js", "/frame.js"));
  TRY_VOID(add(page_dir + "/frame.css", "/frame.css"));
  return add(page_dir + "/icon.svg", "/icon.svg");
}

Status StaticFiles::add_leaflet(const std::string& leaflet_dir) {
  for (const char* name : {"leaflet.js", "leaflet.css"}) {
    const auto added = add(leaflet_dir + "/" + name, std::string("/leaflet/") + name);
    if (!added) return Status::failed(added.text() + "; install libjs-leaflet or set web.leaflet");
  }
  for (const char* name : {"layers.png", "layers-2x.png", "marker-icon.png"}) {  // named by leaflet.css
    const std::string path = leaflet_dir + "/images/" + name;
    if (is_file(path)) TRY_VOID(add(path, std::string("/leaflet/images/") + name));
  }
  return {};
}

Status StaticFiles::add_part(const std::string& page_dir, std::string_view module, const PagePart& part) {
  if (!is_plain_name(module)) return Status::failed("module name " + std::string(module) + " cannot stand in a path");
  const std::string installed = page_dir + "/parts/" + std::string(module);
  const std::string source = page_dir + "/../../modules/" + std::string(module) + "/page";
  const std::string& folder = is_file(installed + "/" + part.script) ? installed : source;
  TRY_VOID(add(folder + "/" + part.script, "/parts/" + std::string(module) + "/" + part.script));
  if (!part.style.empty()) TRY_VOID(add(folder + "/" + part.style, "/parts/" + std::string(module) + "/" + part.style));
  std::vector<std::string> others;  // what the script imports
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name == part.script || name == part.style || !is_plain_name(name) || content_type_of(name) == kUnknownType) continue;
    others.push_back(name);
  }
  std::sort(others.begin(), others.end());
  for (const std::string& name : others) TRY_VOID(add(folder + "/" + name, "/parts/" + std::string(module) + "/" + name));
  return {};
}

HttpResponse StaticFiles::answer(const StaticFile& file, const HttpRequest& request) {
  HttpResponse response;
  response.content_type = file.content_type;
  response.headers = {{"ETag", file.etag}, {"Cache-Control", "no-cache"}};
  const auto known = request.headers.find("if-none-match");
  if (known != request.headers.end() && known->second == file.etag) response.status = 304;
  response.body = file.body;  // of a 304 only the length is sent
  return response;
}

}  // namespace nrid::web
