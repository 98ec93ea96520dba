#include "apps/gateway/preflight.h"

#include <algorithm>

#include "apps/gateway/remembered.h"
#include "det/endorsement.h"

namespace nrid::gateway {
namespace {

constexpr Duration kDeadline = seconds(10);

StatusOr<Preflight> fail(PreflightFailure& failure, std::string step, Error error, std::string text) {
  failure = {std::move(step), error, std::move(text)};
  return Status::failed(failure.text);
}

// What the operator should look at first.
std::string_view advice(Error error) {
  switch (error) {
    case Error::dns_nxdomain: return "wrong DET of the service provider? (sp.det)";
    case Error::dns_unreachable: return "is it running? (dns.servers)";
    case Error::dns_timeout: return "is it running, and the network up? (dns.servers)";
    case Error::dns_servfail: return "is the zone broken, are its name servers unreachable or its DNSSEC signatures bad?";
    case Error::dns_insecure: return "the answer is not validated with DNSSEC (dns.require_ad)";
    case Error::untrusted_chain: return "its registry is not among the trust anchors (trust.anchors)";
    case Error::certificate_not_yet_valid:
    case Error::endorsement_not_yet_valid: return "is this machine's clock right?";
    default: return "the registry's records do not hold";
  }
}

// AAAA before A, as they came; a socket bound to one family cannot speak the other.
std::optional<Address> usable_address(const std::vector<det::IpAddress>& addresses, uint16_t port, const std::vector<std::string>& uplinks) {
  for (const det::IpAddress& ip : addresses) {
    const bool usable = std::all_of(uplinks.begin(), uplinks.end(), [&](const std::string& uplink) {
      const auto local = local_address(uplink);
      return !local || local->is_v4() == ip.is_v4();
    });
    if (usable) return Address{ip.octets, port};
  }
  return std::nullopt;
}

// An endorsement of ours is only for the Link that a provider may need; a flight does not hang on it.
Buffer link_endorsement(Memory& memory, std::string_view whose, const Det& det, const Memory::Say& say) {
  const auto own = memory.resolve(det, false);
  if (own.ok() && own->endorsement.size() == det::kEndorsementSize) {
    say(whose, to_text(det) + " is registered: " + own->chain);
    return own->endorsement;
  }
  say(whose, to_text(det) + " has no endorsement in DNS (" + (own.ok() ? std::string("none published") : own.text()) + "); no Link can be sent");
  return {};
}

}  // namespace

StatusOr<Preflight> run_preflight(const GatewaySettings& settings, PreflightFailure& failure,
                                  const std::function<void(std::string_view step, const std::string& fact)>& say) {
  Preflight out;
  const SystemClock clock;
  const auto ask = [&](const Det& det, bool want_addresses) { return det::resolve_now(settings.dns, det, want_addresses, kDeadline); };
  Memory memory(settings.data_dir, settings.dns, clock, ask, say);
  const auto sp = memory.resolve(settings.sp, true);
  if (!sp.ok()) {
    return fail(failure, "provider", sp.error(), sp.text() + " [" + std::string(info(sp.error()).counter) + "]: " + std::string(advice(sp.error())));
  }
  say("provider", to_text(settings.sp) + " found as " + sp->name + (sp->authenticated ? ", DNSSEC validated" : ", not DNSSEC validated"));
  say("trust", sp->chain);
  out.chain = sp->chain;

  const auto key = PreparedKey::from(sp->key);
  if (!key.ok()) return fail(failure, "provider", key.error(), to_text(settings.sp) + ": unusable key");
  const auto endorsement = det::decode_endorsement(sp->endorsement);
  if (!endorsement.ok()) {
    return fail(failure, "provider", Error::bad_endorsement, to_text(settings.sp) + ": no endorsement by its registry in DNS");
  }
  say("endorsement", "by " + to_text(endorsement->parent) + ", valid for " + std::to_string(endorsement->not_after.seconds() - clock.now().wall.seconds()) + " s");

  const auto address = usable_address(sp->addresses, settings.port, settings.uplinks);
  if (!address) return fail(failure, "address", Error::none, to_text(settings.sp) + ": no AAAA or A record at " + sp->name + " that our uplinks can reach");
  say("address", nrid::to_text(*address));

  const auto hda = memory.resolve(endorsement->parent, false);
  if (!hda.ok()) return fail(failure, "registry", hda.error(), "registry of the provider: " + hda.text());
  const auto hda_key = PreparedKey::from(hda->key);
  if (!hda_key.ok()) return fail(failure, "registry", hda_key.error(), "registry of the provider: unusable key");
  if (const auto held = det::verify_endorsement(*endorsement, hda->key, clock.now().wall, settings.dns.skew); !held.ok()) {
    return fail(failure, "provider", held.error(), to_text(settings.sp) + ": endorsement: " + std::string(info(held.error()).text));
  }
  out.provider = Provider{settings.sp, *key, *address, endorsement->parent, *hda_key};

  out.aircraft_endorsement = link_endorsement(memory, "aircraft", settings.aircraft.det, say);
  if (settings.gateway != settings.aircraft.det) out.gateway_endorsement = link_endorsement(memory, "gateway", settings.gateway, say);
  out.remembered = memory.notice();
  return out;
}

}  // namespace nrid::gateway
