#include "apps/conform/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "nrid/udp_port.h"

namespace nrid::conform {
namespace {

constexpr size_t kLogMax = 16 << 20;
constexpr auto kPoll = std::chrono::milliseconds(20);

}  // namespace

StatusOr<std::unique_ptr<Process>> Process::start(const std::vector<std::string>& command, const std::string& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) return Status::failed(log + ": " + errno_text(errno));
  const auto log_start = lseek(out, 0, SEEK_END);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  sigset_t none;
  sigemptyset(&none);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  // A fork of a process with many threads copies pages for each of them to come; this one lends its memory until exec.
  const pid_t pid = vfork();
  if (pid == 0) {                                      // system calls alone, and no variable of ours is written
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(nothing, 0);
    dup2(out, 1);
    dup2(out, 2);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execvp(words[0], words.data());
    _exit(127);
  }
  close(out);
  if (nothing >= 0) close(nothing);
  if (pid < 0) return Status::failed(command[0] + ": " + errno_text(errno));
  setpgid(pid, pid);
  return std::unique_ptr<Process>(new Process(pid, log, static_cast<size_t>(log_start < 0 ? 0 : log_start)));
}

Process::~Process() { stop(SIGTERM); }

std::optional<int> Process::status() {
  if (status_) return status_;
  int state = 0;
  if (waitpid(pid_, &state, WNOHANG) != pid_) return std::nullopt;
  status_ = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return status_;
}

bool Process::running() { return !status().has_value(); }

bool Process::never_ran() {
  constexpr int kNoPermission = 126, kNotFound = 127;  // POSIX, shell command language 2.8.2
  return status() == kNoPermission || status() == kNotFound;
}

void Process::signal(int number) {
  if (running()) kill(pid_, number);
}

void Process::stop(int number, Duration patience) {
  if (!running()) return;
  kill(pid_, number);
  const SystemClock clock;
  const Tick until = clock.now().tick + patience;
  while (running() && clock.now().tick < until) std::this_thread::sleep_for(kPoll);
  if (running()) kill(-pid_, SIGKILL);
  while (running()) std::this_thread::sleep_for(kPoll);
}

std::string Process::text() const {
  const auto all = read_file(log_, kLogMax);
  return all.ok() && all->size() > log_start_ ? all->substr(log_start_) : std::string();
}

std::string Process::last_line() const {
  std::string all = text();
  while (!all.empty() && (all.back() == '\n' || all.back() == '\r')) all.pop_back();
  return all.substr(all.rfind('\n') + 1);
}

StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::make() {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "nrid-conform-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) return Status::failed("temporary folder: " + (error ? error.message() : errno_text(errno)));
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

uint16_t next_port() {
  static std::atomic<uint32_t> next = static_cast<uint32_t>(getpid()) * 211;
  return static_cast<uint16_t>(12'000 + next.fetch_add(7) % 20'000);
}

StatusOr<uint16_t> free_port() {
  for (int tries = 0; tries < 2000; ++tries) {
    const uint16_t port = next_port();
    if (UdpPort::open(v4_address(std::array<uint8_t, 4>{127, 0, 0, 1}, port)).ok()) return port;
  }
  return Status::failed("no free UDP port on 127.0.0.1");
}

std::string program_folder() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "." : self.parent_path().string();
}

}  // namespace nrid::conform
