#include "apps/inspect/resolve.h"

#include <algorithm>

#include "base/text.h"
#include "det/hhit.h"
#include "det/resolver.h"

namespace nrid::inspect {
namespace {

constexpr int kTrusted = 0, kNotTrusted = 1, kBadRequest = 2, kNotAsked = 3;  // exit status

// The trust states of RFC 9575 appendix A (drip.md 2.12) that a look-up can come to. "unverifiable": the key, or one above it, is not
// there or not to be had; "unverified": something that is there does not hold.
std::string_view state_of(Error error) {
  switch (error) {
    case Error::none: return "trusted";
    case Error::bad_kid:
    case Error::unsupported_suite: return "unsupported";
    case Error::dns_nxdomain:
    case Error::untrusted_chain: return "unverifiable";
    default: return det::is_resolver_trouble(error) ? "unverifiable" : "unverified";
  }
}

// Another time to judge records by. Time still passes.
class ClockAt final : public Clock {
 public:
  explicit ClockAt(Instant wall) : ahead_(wall - system_.now().wall) {}
  Now now() const override {
    const Now now = system_.now();
    return {now.wall + ahead_, now.tick};
  }

 private:
  SystemClock system_;
  Duration ahead_;
};

bool settings_of(const Json& input, det::ResolverSettings& settings, Json& refused) {
  settings.servers = input.value("servers", settings.servers);
  settings.require_ad = input.value("require-ad", false);
  std::string_view anchors = input["anchor"].get_ref<const std::string&>();
  while (!anchors.empty()) {
    const size_t comma = std::min(anchors.find(','), anchors.size());
    const auto anchor = det::anchor_from_text(anchors.substr(0, comma));
    if (!anchor.ok()) {
      refused = refusal("bad_request", anchor.text());
      return false;
    }
    settings.anchors.push_back(*anchor);
    anchors.remove_prefix(std::min(comma + 1, anchors.size()));
  }
  return true;
}

Json path_of(const det::Resolved& found) {
  Json out = Json::array();
  for (const det::Step& step : found.steps()) {
    Json line = {{"level", step.level}, {"det", to_text(step.det)}, {"record", step.record}, {"valid_until", nullptr}};
    if (step.valid_until) line["valid_until"] = step.valid_until->seconds();
    line["verdict"] = step.error != Error::none ? info(step.error).counter : step.judged ? "good" : "open";
    out.push_back(std::move(line));
  }
  return out;
}

Json resolve(const Json& input) {
  Json refused;
  Det det;
  det::ResolverSettings settings;
  int64_t timeout_ms = 5000;
  if (!det_field(input, "det", det, refused) || !number_field(input, "timeout-ms", 60'000, timeout_ms, refused) ||
      !settings_of(input, settings, refused)) {
    return refused;
  }
  const det::Resolved found = det::resolve_now(settings, det, input.value("addresses", false), milliseconds(timeout_ms), ClockAt(now_field(input)));
  Json out = {{"ok", found.ok()}, {"state", state_of(found.error())}, {"path", path_of(found)}};
  if (!found.ok()) {
    out.update(refusal(info(found.error()).counter, found.text()));
    out["asked"] = !det::is_resolver_trouble(found.error());
    return out;
  }
  out.update(describe(found->det));
  out.update({{"hi", to_hex(Bytes(found->key))}, {"type", det::entity_name(found->entity_type)}, {"abbreviation", found->abbreviation},
              {"parent", to_hex(found->parent)}, {"chain", found->chain}, {"name", found->name}, {"uri", found->uri},
              {"dnssec", found->authenticated}, {"valid_until", found->valid_until.seconds()}, {"endorsement", to_hex(Bytes(found->endorsement))}});
  out["addresses"] = Json::array();
  for (const det::IpAddress& address : found->addresses) out["addresses"].push_back(to_text(address));
  return out;
}

std::string render(const Json& input, const Json& answer) {
  if (input.value("json", false)) return answer.dump(2) + "\n";
  constexpr std::string_view kLines[] = {"state", "error", "detail", "ipv6", "hi", "type", "abbreviation", "parent", "chain", "name", "uri", "dnssec", "endorsement", "addresses"};
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) { out += padded(name, 13) + value + "\n"; };
  for (const std::string_view name : kLines) {
    const auto at = answer.find(name);
    if (at == answer.end() || at->empty() || *at == "") continue;
    line(name == "ipv6" ? "det" : name, at->is_string() ? at->get<std::string>() : at->dump());
  }
  if (answer.contains("valid_until")) line("valid until", rfc3339(at_second(answer["valid_until"].get<int64_t>())));
  for (const Json& step : answer["path"]) {
    const std::string until = step["valid_until"].is_null() ? "" : "until " + rfc3339(at_second(step["valid_until"].get<int64_t>()));
    line("level " + std::to_string(step["level"].get<int>()), padded(step["det"].get<std::string>(), 40) + padded(step["record"].get<std::string>(), 8) +
                                                                   padded(until, 27) + step["verdict"].get<std::string>());
  }
  return out;
}

int status_of(const Json& answer) {
  if (answer.value("ok", false)) return kTrusted;
  if (!answer.contains("state")) return kBadRequest;
  return answer.value("asked", true) ? kNotTrusted : kNotAsked;
}

}  // namespace

Command resolve_command() {
  return {.group = "resolve", .name = "", .summary = "From a DET to its key through DNS, checked up to a trust anchor; why not, if not. Exit status: 0 trusted, 1 not trusted, 2 no valid question, 3 DNS could not be asked",
          .fields = {{"det", FieldKind::text, true, "DET: 32 hex digits or colon form"},
                     {"anchor", FieldKind::text, true, "DET=HI of what you trust; several with commas between"},
                     {"servers", FieldKind::text, false, "resolvers, as 127.0.0.1:5353; default 127.0.0.1:53"},
                     {"addresses", FieldKind::flag, false, "also AAAA and A, and demand an endorsement"},
                     {"require-ad", FieldKind::flag, false, "refuse answers that are not DNSSEC-validated"},
                     {"timeout-ms", FieldKind::integer, false, "for the whole walk; default 5000"},
                     {"now", FieldKind::integer, false, "Unix seconds to judge by; default the clock"},
                     {"json", FieldKind::flag, false, "one JSON object instead of lines"}},
          .run = resolve, .render = render, .ready = nullptr, .status = status_of};
}

}  // namespace nrid::inspect
