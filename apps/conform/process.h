// Programs that we start: each its own process group, ended by its id, and gone with us even when we are killed. What they
// write goes to a file.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace nrid::conform {

class Process {
 public:
  // `command[0]` is a path or a name of the PATH; `log` gets both outputs, appended.
  static StatusOr<std::unique_ptr<Process>> start(const std::vector<std::string>& command, const std::string& log);
  ~Process();                                          // ends it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool running();
  std::optional<int> status();                         // exit status of one that has ended; 128 + signal
  void signal(int number);
  // Asks with SIGTERM (or another signal), then kills.
  void stop(int number, Duration patience = seconds(3));
  std::string text() const;                            // what it wrote so far
  std::string last_line() const;
  bool never_ran();                                    // ended as a shell says that there is no such command

 private:
  Process(pid_t pid, std::string log, size_t log_start) : pid_(pid), log_(std::move(log)), log_start_(log_start) {}
  const pid_t pid_;
  const std::string log_;
  const size_t log_start_;
  std::optional<int> status_;
};

// A folder of our own, gone with the object.
class TemporaryFolder {
 public:
  static StatusOr<std::unique_ptr<TemporaryFolder>> make();
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// UDP ports below those that the system gives to clients: the next one to try, and one of 127.0.0.1 that is free now. A child
// between fork and exec may still hold what we have closed, so who opens one here tries the next when it is held.
uint16_t next_port();
StatusOr<uint16_t> free_port();
// The folder in which the running program stands.
std::string program_folder();

}  // namespace nrid::conform
