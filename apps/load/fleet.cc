#include "apps/load/fleet.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/digest.h"
#include "base/file.h"
#include "det/det.h"
#include "det/endorsement.h"

namespace nrid::load {
namespace {

using Json = nlohmann::json;

constexpr uint16_t kRaa = 16376, kHda = 10;            // private use range of RFC 9886
constexpr int64_t kDay_s = 86'400, kLife_s = 30 * kDay_s;
constexpr size_t kFileMax = 64 << 10;

struct Secret {
  DigestKey key{};
  int64_t from = 0;                                    // Unix seconds; the registry is good for kLife_s
};

// Number i's seed: two keyed digests of it, with the folder's secret as the key.
Seed seed_of(const Secret& secret, uint64_t number) {
  Seed out;
  for (uint8_t half = 0; half < 2; ++half) {
    std::array<uint8_t, 9> input{};
    std::memcpy(input.data(), &number, sizeof number);
    input[8] = half;
    const Digest16 digest = keyed_digest(secret.key, input);
    std::memcpy(out.data() + half * digest.size(), digest.data(), digest.size());
  }
  return out;
}

StatusOr<std::vector<det::RegistryEntry>> registry_of(const Secret& secret, Random& random) {
  const auto entity = [&](const char* name, const char* type, const char* parent, uint16_t hda, uint64_t number) {
    det::RegistryEntity out;
    out.name = name;
    out.type = type;
    out.raa = kRaa;
    out.hda = hda;
    out.parent = parent;
    out.seed = seed_of(secret, number);
    return out;
  };
  constexpr uint64_t kFirst = UINT64_MAX - 2;          // aircraft count from 0
  return det::build_registry({entity("raa", "raa", "raa", 0, kFirst), entity("hda", "hda", "raa", kHda, kFirst + 1), entity("sp", "sp", "hda", kHda, kFirst + 2),
                              entity("ua", "ua", "hda", kHda, 0)},
                             at_second(secret.from), at_second(secret.from + kLife_s), random);
}

std::string settings_of(const std::vector<det::RegistryEntry>& registry, const Ports& ports, const std::string& rules) {
  std::string out = "# A server to be measured by nrid-load, which answers its DNS questions while it runs.\n";
  out += "[server]\naddress = \"127.0.0.1\"\nport = " + std::to_string(ports.plain) + "\nschc_port = " + std::to_string(ports.schc) + "\n";
  if (!rules.empty()) out += "rules = \"" + rules + "\"\n";
  out += "det = \"" + to_hex(registry[2].det) + "\"\nkey_file = \"sp.key\"\naircraft_max = " + std::to_string(kAircraftMax) + "\n";
  out += "[dns]\nservers = [\"127.0.0.1:" + std::to_string(ports.dns) + "\"]\ncheck_at_start = false\n";
  out += "[trust]\nanchors = [\"" + to_hex(registry[0].det) + "=" + to_hex(Bytes(registry[0].key)) + "\"]\n";
  out += "[policy]\nrate = 1000\nrate_burst = 10000\n";
  out += "[web]\naddress = \"127.0.0.1\"\nport = " + std::to_string(ports.http) + "\n";
  return out;
}

StatusOr<Secret> read_secret(const std::string& path, Ports& ports) {
  TRY(text, read_file(path, kFileMax));
  const Json file = Json::parse(text, nullptr, false);
  const auto wrong = [&] { return Status::failed(path + " is not what nrid-load --make writes"); };
  if (!file.is_object()) return wrong();
  const auto port = [&](const char* name, uint16_t& out) {
    const auto at = file.find(name);
    if (at == file.end() || !at->is_number_unsigned() || at->get<uint64_t>() == 0 || at->get<uint64_t>() > 65'535) return false;
    out = at->get<uint16_t>();
    return true;
  };
  const auto from = file.find("from");
  const auto key = file.find("secret");
  if (!port("plain", ports.plain) || !port("schc", ports.schc) || !port("http", ports.http) || !port("dns", ports.dns) || from == file.end() ||
      !from->is_number_integer() || key == file.end() || !key->is_string()) {
    return wrong();
  }
  Secret out;
  const auto octets = from_hex(key->get_ref<const std::string&>());
  if (!octets || octets->size() != out.key.size()) return wrong();
  std::memcpy(out.key.data(), octets->data(), out.key.size());
  out.from = from->get<int64_t>();
  return out;
}

}  // namespace

Status make_folder(const std::string& folder, const Ports& ports, Random& random) {
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return Status::failed(folder + ": " + errno_text(errno));
  const std::string path = folder + "/load.json";
  Secret secret;
  Ports before;
  if (const auto kept = read_secret(path, before); kept.ok()) {
    secret = *kept;
  } else {
    random.fill(secret.key);
  }
  secret.from = SystemClock().now().wall.seconds() - 3600;
  TRY(registry, registry_of(secret, random));
  const Json file = {{"secret", to_hex(Bytes(secret.key))}, {"from", secret.from}, {"plain", ports.plain}, {"schc", ports.schc}, {"http", ports.http}, {"dns", ports.dns}};
  TRY_VOID(write_file_atomic(path, file.dump(2) + "\n", 0600));
  TRY_VOID(write_file_atomic(folder + "/sp.key", to_hex(Bytes(*registry[2].entity.seed)) + "\n", 0600));
  return write_file_atomic(folder + "/nridd.toml", settings_of(registry, ports, installed_file("rules/nrid.json")));
}

StatusOr<Fleet> load_folder(const std::string& folder, size_t count) {
  Fleet out;
  TRY(secret, read_secret(folder + "/load.json", out.ports));
  const int64_t age_s = SystemClock().now().wall.seconds() - secret.from;
  if (age_s < 0 || age_s > kLife_s - kDay_s) {
    return Status::failed(folder + "/load.json: its registry is " + std::to_string(age_s / kDay_s) + " days old and good for " + std::to_string(kLife_s / kDay_s - 1) + "; nrid-load --make " + folder + " renews it");
  }
  SystemRandom random;
  TRY(registry, registry_of(secret, random));
  out.registry = std::move(registry);
  out.sp = out.registry[2].det;
  out.sp_key = out.registry[2].key;
  out.fliers.resize(count);
  const det::RegistryEntry& hda = out.registry[1];
  const SeedSigner parent(*hda.entity.seed);
  // Keys and endorsements of many take a while: each core makes every so manieth.
  const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  for (size_t core = 0; core < cores; ++core) {
    threads.emplace_back([&, core] {
      for (size_t i = core; i < count; i += cores) {
        Flier& each = out.fliers[i];
        each.signer = std::make_unique<SeedSigner>(seed_of(secret, i));
        each.det = det::derive(kRaa, kHda, each.signer->public_key());
        const auto endorsement = det::make_endorsement(each.det, each.signer->public_key(), hda.det, parent, at_second(secret.from), at_second(secret.from + kLife_s));
        CHECK(endorsement.ok());
        each.endorsement = *endorsement;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return out;
}

}  // namespace nrid::load
