// First octet: direction and rule set. Law: what decompress() makes of any octets, compress() and decompress() make again. The second
// rule set holds every length, operator and action, so that no branch of the walk is out of reach.
#include <array>
#include <cstdlib>

#include "schc/schc.h"

namespace {

using namespace nrid;

schc::RuleSet load(const char* text) {
  auto set = schc::load_rules(text, "fuzz");
  if (!set.ok()) std::abort();
  return *set;
}

const schc::RuleSet& rules(bool wide) {
  static const schc::RuleSet shipped = [] {
    auto set = schc::load_rules_file(NRID_RULES);
    if (!set.ok()) std::abort();
    return *set;
  }();
  static const schc::RuleSet every = load(R"j([{"RuleID":0,"RuleIDLength":3,"NoCompression":[]},
    {"RuleID":1,"RuleIDLength":3,"Compression":[
      {"FID":"COAP.VER","TV":1,"MO":"equal","CDA":"not-sent"},{"FID":"COAP.TYPE","MO":"ignore","CDA":"value-sent"},
      {"FID":"COAP.TKL","MO":"ignore","CDA":"value-sent"},{"FID":"COAP.CODE","TV":[1,2,69],"MO":"match-mapping","CDA":"mapping-sent"},
      {"FID":"COAP.MID","TV":4660,"MO":"MSB","MO.VAL":11,"CDA":"LSB"},{"FID":"COAP.TOKEN","MO":"ignore","CDA":"value-sent"},
      {"FID":"COAP.OSCORE.flags","MO":"ignore","CDA":"value-sent"},{"FID":"COAP.OSCORE.piv","FL":"osc.piv","MO":"ignore","CDA":"value-sent"},
      {"FID":"COAP.OSCORE.kid_ctx","MO":"ignore","CDA":"value-sent"},
      {"FID":"COAP.OSCORE.kid","FL":"var_bit","TV":"0xabcd","MO":"MSB","MO.VAL":13,"CDA":"LSB"},
      {"FID":"COAP.Uri-Path","MO":"ignore","CDA":"value-sent"},{"FID":"COAP.Uri-Path","FP":2,"TV":["a","","bcd"],"MO":"match-mapping","CDA":"mapping-sent"},
      {"FID":"COAP.Uri-Query","TV":"k=","MO":"MSB","MO.VAL":8,"CDA":"LSB"},{"FID":"COAP.Size1","FL":16,"MO":"ignore","CDA":"value-sent"},
      {"FID":"COAP.option(3000)","MO":"ignore","CDA":"value-sent"}]},
    {"RuleID":2051,"RuleIDLength":12,"Compression":[
      {"FID":"COAP.VER","TV":1,"MO":"equal","CDA":"not-sent"},{"FID":"COAP.TYPE","TV":1,"MO":"equal","CDA":"not-sent"},
      {"FID":"COAP.TKL","MO":"ignore","CDA":"value-sent"},{"FID":"COAP.CODE","MO":"ignore","CDA":"value-sent"},
      {"FID":"COAP.MID","MO":"ignore","CDA":"value-sent"},{"FID":"COAP.TOKEN","TV":"0x80","MO":"MSB","MO.VAL":5,"CDA":"LSB"},
      {"FID":"COAP.Uri-Path","FP":0,"MO":"ignore","CDA":"value-sent"},{"FID":"COAP.Uri-Path","FP":0,"MO":"ignore","CDA":"value-sent"}]}])j");
  return wide ? every : shipped;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto direction = static_cast<schc::Direction>(data[0] & 1);
  const schc::RuleSet& set = rules((data[0] & 2) != 0);
  static std::array<uint8_t, 2048> first, packed, second;
  const auto message = schc::decompress(set, direction, {data + 1, size - 1}, first);
  schc::explain(set, direction, {data + 1, size - 1});
  if (!message.ok()) return 0;
  const auto packet = schc::compress(set, direction, *message, packed);
  if (!packet.ok()) return 0;  // the no-compression rule carries anything
  const auto again = schc::decompress(set, direction, *packet, second);
  if (!again.ok() || !equal(*again, *message)) std::abort();
  return 0;
}
