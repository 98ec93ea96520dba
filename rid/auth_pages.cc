#include "rid/auth_pages.h"

#include <algorithm>

namespace nrid::rid {
namespace {

struct Group {  // the pages of one authentication message
  std::array<AuthPage, kPackMessagesMax> pages{};
  size_t count = 0;
};

Result<AuthData> join(const Group& group) {
  std::array<const AuthPage*, 16> by_number{};
  for (size_t i = 0; i < group.count; ++i) {
    const AuthPage& page = group.pages[i];
    if (page.auth_type != kAuthTypeSam || by_number[page.page] != nullptr) return Error::bad_auth;
    by_number[page.page] = &page;
  }
  if (by_number[0] == nullptr) return Error::bad_auth;
  const AuthPage& first = *by_number[0];
  const size_t needed = last_page_for(first.length);
  if (first.length == 0 || first.length > kAuthDataMax || first.last_page < needed) return Error::bad_auth;

  AuthData data;
  data.size = first.length;
  size_t at = 0;
  for (size_t number = 0; number < by_number.size(); ++number) {
    const AuthPage* page = by_number[number];
    if (number > needed) {
      if (page != nullptr && number > first.last_page) return Error::bad_auth;
      if (page != nullptr) ++data.extra_pages;
      continue;
    }
    if (page == nullptr) return Error::bad_auth;
    const size_t size = std::min(page->data.size(), data.size - at);
    std::copy_n(page->data.begin(), size, data.octets.begin() + static_cast<std::ptrdiff_t>(at));
    at += size;
  }
  CHECK(at == data.size);
  const uint8_t sam = data.octets[0];
  if (sam < static_cast<uint8_t>(Sam::link) || sam > static_cast<uint8_t>(Sam::frame)) return Error::bad_auth;
  data.sam = static_cast<Sam>(sam);
  return data;
}

}  // namespace

Result<AuthMessages> read_pages(const Pack& pack) {
  std::array<AuthPage, kPackMessagesMax> pages{};
  size_t page_count = 0;
  size_t first_pages = 0;
  for (size_t i = 0; i < pack.count; ++i) {
    if (type_of(pack.message(i)) != MessageType::authentication) continue;
    const auto page = decode_auth_page(pack.message(i));
    if (!page.ok()) return Error::bad_auth;
    if (page->page == 0) ++first_pages;
    pages[page_count++] = *page;
  }

  AuthMessages out;
  for (size_t i = 0; i < page_count;) {
    Group group;
    group.pages[group.count++] = pages[i++];
    while (i < page_count && (first_pages == 1 || pages[i].page != 0)) group.pages[group.count++] = pages[i++];
    TRY(data, join(group));
    out.list[out.count++] = data;
  }
  return out;
}

Result<void> append_pages(Bytes data, uint32_t timestamp_2019, PackMessages& out) {
  if (data.empty() || data.size() > kAuthDataMax) return Error::bad_auth;
  const size_t last = last_page_for(data.size());
  if (last + 1 > out.list.size() - out.count) return Error::bad_auth;
  for (size_t number = 0; number <= last; ++number) {
    AuthPage page;
    page.auth_type = kAuthTypeSam;
    page.page = static_cast<uint8_t>(number);
    if (number == 0) {
      page.last_page = static_cast<uint8_t>(last);
      page.length = static_cast<uint8_t>(data.size());
      page.timestamp_2019 = timestamp_2019;
    }
    page.data = data.first(std::min(number == 0 ? kPageZeroData : kPageData, data.size()));
    data = data.subspan(page.data.size());
    TRY(octets, encode(page));
    out.list[out.count++] = octets;
  }
  return {};
}

}  // namespace nrid::rid
