#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace nrid {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release_and_close() {  // the close whose failure matters: NFS and quotas report a full disk here
    const int fd = fd_;
    fd_ = -1;
    return close(fd);
  }

 private:
  int fd_;
};

Status failed(const std::string& path, const char* doing) {
  const int code = errno;
  return Status::failed(path + ": cannot " + doing + ": " + errno_text(code));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = write(fd, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    content.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What is installed, and where the source tree has it.
struct Installed {
  std::string_view below_share;
  std::string_view in_source;
};
constexpr Installed kInstalled[] = {{"page", "web/page"}, {"rules/nrid.json", "schc/rules/nrid.json"}};

bool is_built_here(const std::filesystem::path& folder) {
  std::error_code error;
  const auto build = std::filesystem::weakly_canonical(NRID_BUILD_TREE, error);
  return !error && (folder.string() + "/").starts_with(build.string() + "/");
}

}  // namespace

std::string errno_text(int code) { return std::generic_category().message(code); }

std::string installed_file(std::string_view below_share) {
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {};
  const auto installed = (folder / "../share/nridd" / below_share).lexically_normal();
  if (std::filesystem::exists(installed, error)) return installed.string();
  if (!is_built_here(folder)) return {};
  for (const Installed& row : kInstalled) {
    const auto copy = std::filesystem::path(NRID_SOURCE_TREE) / row.in_source;
    if (row.below_share == below_share && std::filesystem::exists(copy, error)) return copy.string();
  }
  return {};
}

StatusOr<std::string> read_file(const std::string& path, size_t octets_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failed(path, "open");
  struct stat about{};
  if (fstat(file.get(), &about) != 0) return failed(path, "stat");
  if (S_ISDIR(about.st_mode)) return Status::failed(path + ": is a directory, a file is expected");
  const auto too_large = [&] {
    return Status::failed(path + ": larger than the limit of " + std::to_string(octets_max) + " octets");
  };
  if (S_ISREG(about.st_mode) && static_cast<uint64_t>(about.st_size) > octets_max) return too_large();
  std::string content;
  char block[16384];
  while (true) {
    const ssize_t size = read(file.get(), block, sizeof block);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(path, "read");
    if (size == 0) return content;
    if (content.size() + static_cast<size_t>(size) > octets_max) return too_large();
    content.append(block, static_cast<size_t>(size));
  }
}

Status write_file_atomic(const std::string& path, std::string_view content, unsigned mode) {
  struct stat about{};
  if (stat(path.c_str(), &about) == 0) {
    if (!S_ISREG(about.st_mode)) return Status::failed(path + ": exists and is not a regular file");
    mode = about.st_mode & 07777;
  }
  std::string beside = path + ".XXXXXX";
  Descriptor file(mkostemp(beside.data(), O_CLOEXEC));
  if (file.get() < 0) return failed(path, "create a file beside it");
  const auto give_up = [&](const char* doing) {
    const Status status = failed(path, doing);
    unlink(beside.c_str());
    return status;
  };
  if (fchmod(file.get(), mode) != 0) return give_up("set its mode");
  if (!write_all(file.get(), content)) return give_up("write");
  if (fsync(file.get()) != 0) return give_up("sync");
  if (file.release_and_close() != 0) return give_up("close");
  if (rename(beside.c_str(), path.c_str()) != 0) return give_up("replace");
  const Descriptor folder(open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A folder that cannot be synced (some network file systems) keeps the file; only the power-cut promise is weaker.
  if (folder.get() >= 0 && fsync(folder.get()) != 0 && errno != EINVAL) return failed(path, "sync its folder");
  return {};
}

}  // namespace nrid
