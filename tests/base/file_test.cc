// Files whole, and the keyed digest.
#include "base/file.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/digest.h"

namespace nrid {
namespace {

class Files : public testing::Test {
 protected:
  Files() : folder_(testing::TempDir() + "file_test_" + std::to_string(getpid())) { std::filesystem::create_directories(folder_); }
  ~Files() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(Files, WrittenAndRead) {
  const std::string path = folder_ + "/key";
  ASSERT_TRUE(write_file_atomic(path, "secret", 0600).ok());
  struct stat about{};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777u, 0600u);
  ASSERT_TRUE(write_file_atomic(path, std::string(100'000, 'x')).ok());
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777u, 0600u);  // replacing keeps the rights
  const auto content = read_file(path, 100'000);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(*content, std::string(100'000, 'x'));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);  // nothing left beside it
}

TEST_F(Files, TroubleIsNamed) {
  const std::string path = folder_ + "/x";
  EXPECT_EQ(read_file(path, 10).text(), path + ": cannot open: No such file or directory");
  EXPECT_EQ(read_file(folder_, 10).text(), folder_ + ": is a directory, a file is expected");
  ASSERT_TRUE(write_file_atomic(path, "12345678901").ok());
  EXPECT_EQ(read_file(path, 10).text(), path + ": larger than the limit of 10 octets");
  EXPECT_EQ(read_file("/dev/zero", 1000).text(), "/dev/zero: larger than the limit of 1000 octets");
  EXPECT_EQ(write_file_atomic(folder_, "x").text(), folder_ + ": exists and is not a regular file");
  EXPECT_EQ(write_file_atomic(folder_ + "/no/x", "x").text(),
            folder_ + "/no/x: cannot create a file beside it: No such file or directory");
  EXPECT_EQ(errno_text(EADDRINUSE), "Address already in use");
}

TEST_F(Files, WhatIsInstalledIsFoundFromTheBuildFolderToo) {
  struct stat about{};
  const std::string rules = installed_file("rules/nrid.json");
  ASSERT_EQ(stat(rules.c_str(), &about), 0) << rules;
  EXPECT_TRUE(S_ISREG(about.st_mode));
  const std::string page = installed_file("page");
  ASSERT_EQ(stat(page.c_str(), &about), 0) << page;
  EXPECT_TRUE(S_ISDIR(about.st_mode));
  EXPECT_EQ(installed_file("rules/nobody.json"), "");
}

// SipHash-2-4 with 128 bits of output: the first entries of the reference implementation's own table.
TEST(Digest, ReferenceVectors) {
  DigestKey key{};
  for (uint8_t i = 0; i < 16; ++i) key[i] = i;
  const char* expected[] = {"a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45",
                            "8177228da4a45dc7fca38bdef60affe4"};
  Buffer message;
  for (uint8_t i = 0; i < 3; ++i) {
    EXPECT_EQ(to_hex(keyed_digest(key, message)), expected[i]);
    message.push_back(i);
  }
  key[0] = 1;
  EXPECT_NE(to_hex(keyed_digest(key, {})), expected[0]);
}

}  // namespace
}  // namespace nrid
