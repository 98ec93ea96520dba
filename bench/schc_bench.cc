// SCHC of one location update (324 octets of CoAP, 309 of payload): what a server pays per datagram, and a gateway per report. Rule 1 leaves
// the payload one bit off its octets, rule 7 aligned.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>

#include "schc/schc.h"

namespace {

using namespace nrid;

const schc::RuleSet& rules() {
  static const schc::RuleSet set = [] {
    auto loaded = schc::load_rules_file(NRID_RULES);
    if (!loaded.ok()) std::abort();
    return *loaded;
  }();
  return set;
}

// NON POST /nrid, Content-Format 61; No-Response 2 and a message id below 256 make it rule 7.
Buffer location_update(bool rule_7) {
  Buffer coap = *from_hex(rule_7 ? "54020042a1b2c3d4b46e726964113dd1e902ff" : "54021002a1b2c3d4b46e726964113dff");
  for (size_t i = 0; i < 309; ++i) coap.push_back(static_cast<uint8_t>(i * 37));
  return coap;
}

void compress(benchmark::State& state) {
  const Buffer coap = location_update(state.range(0) == 7);
  std::array<uint8_t, 1500> out{};
  for (auto _ : state) benchmark::DoNotOptimize(schc::compress(rules(), schc::Direction::up, coap, out).ok());
}
BENCHMARK(compress)->ArgName("rule")->Arg(1)->Arg(7);

void decompress(benchmark::State& state) {
  std::array<uint8_t, 1500> packet{}, out{};
  const auto made = schc::compress(rules(), schc::Direction::up, location_update(state.range(0) == 7), packet);
  if (!made.ok() || (*made)[0] != state.range(0)) std::abort();
  for (auto _ : state) benchmark::DoNotOptimize(schc::decompress(rules(), schc::Direction::up, *made, out).ok());
}
BENCHMARK(decompress)->ArgName("rule")->Arg(1)->Arg(7);

}  // namespace

BENCHMARK_MAIN();
