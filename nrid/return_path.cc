#include "nrid/return_path.h"

namespace nrid {
namespace {

constexpr int kFarewell = 2;  // the old address gets the next two Heartbeats too

void credit(ReturnPath& path, size_t octets, bool proven, Tick now) {
  path.received += octets;
  path.proven = path.proven || proven;
  path.authenticated = now;
}

}  // namespace

void ReturnPaths::heard(const ReplyPath& from, size_t octets, bool newer, bool proven, Tick now) {
  if (current_ && current_->to.same_as(from)) {
    if (newer) current_->to.local = from.local;  // the peer may turn to another address of ours
    return credit(*current_, octets, proven, now);
  }
  if (current_ && !newer) {
    if (previous_ && previous_->to.same_as(from)) credit(*previous_, octets, proven, now);
    return;
  }
  ReturnPath path;
  if (previous_ && previous_->to.same_as(from)) path = *previous_;  // came back: what it proved stays proven
  path.to = from;
  path.farewell = 0;
  credit(path, octets, proven, now);
  if (current_) {
    previous_ = std::move(current_);
    previous_->farewell = kFarewell;
  }
  current_ = std::move(path);
}

ReturnPath* ReturnPaths::find(const ReplyPath& from) {
  if (current_ && current_->to.same_as(from)) return &*current_;
  if (previous_ && previous_->to.same_as(from)) return &*previous_;
  return nullptr;
}

void ReturnPaths::heard_copy(const ReplyPath& from, Tick now) {
  if (!previous_ || !previous_->to.same_as(from)) return;
  previous_->farewell = kFarewell;
  previous_->authenticated = now;  // it was, and by the 3x ledger gains nothing: the octets of a copy are not credited
}

void ReturnPaths::prove(const Address& peer, Bytes token) {
  for (std::optional<ReturnPath>* path : {&current_, &previous_}) {
    if (!*path || (*path)->to.peer != peer || !(*path)->token || !equal(*(*path)->token, token)) continue;
    (*path)->proven = true;
  }
}

}  // namespace nrid
