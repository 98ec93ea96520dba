// The responder of the tools: whatever asks, the answer is about its question and reads as one.
#include "base/check.h"
#include "det/dns_message.h"
#include "nrid/dns_responder.h"

using namespace nrid;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes query(data, size);
  const auto question = read_dns_question(query);
  if (!question) return 0;
  CHECK(question->size == question->name.size() + 5 && 12 + question->size <= size);
  DnsZone zone;
  zone[question->name].records[question->type] = {{1, 2, 3}, Buffer(300, 7)};
  const Buffer out = make_dns_answer(zone, query, *question, 2, true);
  CHECK(out.size() == 12 + question->size + 2 * 12 + 303);
  CHECK(out[0] == data[0] && out[1] == data[1]);
  const auto again = det::decode_dns_response(out, question->name.empty() ? "." : question->name, static_cast<det::RrType>(question->type));
  if (again.ok()) CHECK(again->records.size() == 2 && again->records[0] == Buffer({1, 2, 3}) && again->ttl_s == 2 && again->authenticated);
  zone.clear();
  CHECK(make_dns_answer(zone, query, *question, 2, true).size() == 12 + question->size);
  return 0;
}
