// The settings file of nridd: one table of rows, and their meaning as values. What the table cannot say (a key that must
// hash to its DET, D-1 of nrid.md section 0) is checked here, with file, line, value and limit in the sentence. The
// gateway's file says some things in the same way; what reads them is shared.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ed25519/verifier.h"
#include "base/settings.h"
#include "det/key_source.h"
#include "det/resolver.h"
#include "nrid/datagram_port.h"
#include "nrid/peer_file.h"
#include "nrid/server.h"
#include "nrid/udp_port.h"
#include "schc/schc.h"

namespace nrid {

struct ServerSettings {
  ServerSetup setup;
  Address plain;                          // server.address and port
  Address schc;
  int workers = 1;                        // sockets, and so threads, per port
  int receive_buffer = UdpPort::kReceiveBuffer;  // octets, of each socket
  std::string rules_file;                 // "" when not given: the installed one
  std::string key_file;
  std::optional<Det> former;              // the identity that we leave (rotation)
  std::string former_key_file;
  det::ResolverSettings dns;
  det::KeySourceLimits keys;
  bool check_dns = true;                  // look ourselves up before anything starts
  std::vector<Det> revoked;               // by the operator
  std::string data_dir;                   // "" keeps module data in memory
  int host_workers = 2;
  std::string peers_file;                 // "": no peers
  VerifierSettings verifier;
};

// Rows of [server] [verify] [dns] [trust] [policy] [timers] [peers] [hda."RAA/HDA"]. The rows of web/ and of the modules are appended by main.
std::span<const SettingInfo> server_setting_rows();

// Values to settings; the Status is one line: "nridd.toml:12: policy.accept_hids: ...".
StatusOr<ServerSettings> read_server_settings(const Settings& settings);

// Of both programs' files: dns.servers, timeout and require_ad, trust.anchors. No server, no anchor or one that cannot be
// read is refused.
Status read_dns(const SettingsSection& dns, const SettingsSection& trust, det::ResolverSettings& out);

// The keys of setup.det and of `former`, in this order.
StatusOr<std::vector<Identity>> read_identities(const ServerSettings& settings);

// The list of peers that the settings name, judged as the provider of these identities; empty when they name none. Called at the start
// and whenever the list is read again; what is wrong with a new one leaves the old one in force.
StatusOr<PeerTable> read_peers(const ServerSettings& settings, std::span<const Identity> identities);

// A key file: 64 hex digits (an Ed25519 seed) on its first line that is no comment. The key must hash to `det`.
StatusOr<std::unique_ptr<SeedSigner>> read_key_file(const std::string& path, const Det& det);
// The same of its text; `path` is for the sentence.
StatusOr<std::unique_ptr<SeedSigner>> read_key(std::string_view text, const std::string& path, const Det& det);

}  // namespace nrid
