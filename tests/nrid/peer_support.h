// Peer files for tests: a registry, its providers and the document that says who they are, signed like an operator's.
#pragma once

#include "nrid/peer_file.h"
#include "tests/nrid/server_support.h"

namespace nrid::testing {

struct PeerLine {                        // one entry of the list
  const Party* sp = nullptr;
  std::string addresses = "\"198.51.100.1\"";
  uint64_t capacity = 100;
  std::string more;                      // further members, with their comma: ", \"priority\": 3"
  Instant from = at_second(kNow - 86'400);
  Instant until = at_second(kNow + 30 * 86'400);
};

inline std::string endorsement_hex(const Party& of, const Party& by, Instant from, Instant until) {
  return to_hex(*det::make_endorsement(of.det, of.signer.public_key(), by.det, by.signer, from, until));
}

// A square in degrees as a MultiPolygon's coordinates.
inline std::string square(double west, double south, double east, double north) {
  const auto point = [](double x, double y) { return "[" + std::to_string(x) + "," + std::to_string(y) + "]"; };
  return "[[[" + point(west, south) + "," + point(east, south) + "," + point(east, north) + "," + point(west, north) + "," + point(west, south) + "]]]";
}

// Unsigned: "signature" is an empty text.
inline std::string peer_document(const Party& hda, const Party& signer, const std::vector<PeerLine>& lines, const std::string& chain = "[]") {
  std::string out = "{\n \"format\": \"nrid-peers-1\",\n \"signer\": \"" + to_text(signer.det) + "\",\n \"chain\": " + chain + ",\n \"peers\": [";
  for (size_t i = 0; i < lines.size(); ++i) {
    const PeerLine& line = lines[i];
    out += (i == 0 ? "\n" : ",\n");
    out += "  {\"sp\": \"" + to_text(line.sp->det) + "\", \"addresses\": [" + line.addresses + "],\n   \"endorsement\": \"" +
           endorsement_hex(*line.sp, hda, line.from, line.until) + "\",\n   \"capacity\": " + std::to_string(line.capacity) + line.more + "}";
  }
  return out + "\n ],\n \"signature\": \"\"\n}\n";
}

inline std::string signed_document(const Party& hda, const Party& signer, const std::vector<PeerLine>& lines, const std::string& chain = "[]") {
  const auto out = sign_peer_file(peer_document(hda, signer, lines, chain), "peers.json", signer.det, signer.signer);
  EXPECT_TRUE(out.ok()) << out.text();
  return *out;
}

// As provider `self` reads it, with the registry itself as trust anchor.
inline StatusOr<PeerTable> parse_as(const Party& self, const Party& hda, std::string_view text) {
  const det::TrustAnchor anchor{hda.det, hda.signer.public_key()};
  return parse_peer_file(text, "peers.json", {self.det, self.signer.public_key(), {&anchor, 1}});
}

}  // namespace nrid::testing
