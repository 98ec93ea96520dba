// The verdicts of many signatures: hash, reduce and recode; SB - hA for as many at once as there are lanes; one inversion for all; compare
// with the octets of R. No equation joins two signatures.
#pragma once

#include "base/ed25519/sha512_lanes.h"
#include "base/ed25519/tables.h"

namespace nrid::ed25519 {

template <class V>
struct Batch {
  static constexpr size_t kGroupsMax = kTasksMax / V::kLanes + 1;  // those with and those without a comb each end in a group of their own
  struct Group {
    Task* task[V::kLanes];  // lanes that are left over repeat the last one
    size_t count;
    unsigned decoded;       // lanes whose key is a point
    Digits digits[V::kLanes];
    const uint8_t* tables[V::kLanes];
  };
  Group groups[kGroupsMax];
  size_t count;
  Pending<V, kGroupsMax> sums;
};

template <class V>
void prepare(typename Batch<V>::Group& group) {
  HashInput in[V::kLanes];
  uint8_t hash[V::kLanes][64];
  for (size_t lane = 0; lane < V::kLanes; ++lane) {
    const Task& task = *group.task[lane];
    in[lane] = {task.signature, task.key, task.message, task.length};
    group.tables[lane] = task.table;
  }
  sha512<V>(in, hash);
  const bool plain = group.tables[0] == nullptr;
  for (size_t lane = 0; lane < V::kLanes; ++lane) {
    recode(reduce(hash[lane]), plain ? kPlainWidth : kKeyWidth, plain ? kPlainDigits : kKeyDigits, group.digits[lane].key);
    recode(scalar_from(group.task[lane]->signature + 32), kBaseWidth, kBaseDigits, group.digits[lane].base);
  }
}

template <class V>
void enter(Batch<V>& batch, Task* tasks, size_t count) {
  for (size_t from = 0; from < count; from += V::kLanes) {
    auto& group = batch.groups[batch.count++];
    group.count = count - from < V::kLanes ? count - from : V::kLanes;
    group.decoded = (1u << V::kLanes) - 1;
    for (size_t lane = 0; lane < V::kLanes; ++lane) group.task[lane] = tasks + from + (lane < group.count ? lane : group.count - 1);
    prepare<V>(group);
    if (from > 0 || group.tables[0] == nullptr) continue;
    // The first lanes have nobody before them: their rows come nearer while the others are hashed.
    for (size_t digit = 0; digit < kKeyDigits; ++digit) prefetch_rows<V>(group.digits, group.tables, digit);
  }
}

template <class V>
[[gnu::noinline]] void sum_unknown(typename Batch<V>::Group& group, Point<V>& p) {
  const uint8_t* keys[V::kLanes];
  for (size_t lane = 0; lane < V::kLanes; ++lane) keys[lane] = group.task[lane]->key;
  V words[4];
  gather_rows(keys, 0, words);
  Point<V> a;
  group.decoded = decode_negated(words, a).bits();
  PlainTable<V> table;
  fill_plain(a, table);
  sum_plain(p, group.digits, table);
}

// The lanes whose point has R as its encoding: y = (plus + minus) / 2z, x = (plus - minus) / 2z.
template <class V>
[[gnu::noinline]] unsigned equals_r(const typename Batch<V>::Group& group, const Fe<V>& minus, const Fe<V>& plus, const Fe<V>& inverse) {
  const uint8_t* at[V::kLanes];
  for (size_t lane = 0; lane < V::kLanes; ++lane) at[lane] = group.task[lane]->signature;
  V r[4], words[4];
  gather_rows(at, 0, r);
  to_words(freeze(mul(add(plus, minus), inverse)), words);
  const Fe<V> x = freeze(mul(subtract(plus, minus), inverse));
  words[3] = words[3] | shl<63>(x.l[0]);
  return (equal(r[0], words[0]) & equal(r[1], words[1]) & equal(r[2], words[2]) & equal(r[3], words[3])).bits();
}

template <class V>
void verify(Task* tasks, size_t known, size_t count, const uint8_t* base_table) {
  Batch<V> batch;
  batch.count = batch.sums.count = 0;
  enter(batch, tasks, known);
  const size_t known_groups = batch.count;
  enter(batch, tasks + known, count - known);
  for (size_t i = 0; i < batch.count; ++i) {
    auto& group = batch.groups[i];
    Point<V> p;
    if (i < known_groups) {
      const auto* next = i + 1 < known_groups ? &batch.groups[i + 1] : nullptr;
      sum_known(p, group.digits, group.tables, next != nullptr ? next->digits : nullptr, next != nullptr ? next->tables : nullptr);
    } else {
      sum_unknown(group, p);
    }
    add_base(p, group.digits, base_table);
    p.z = add(p.z, p.z);
    batch.sums.add(p);
  }
  batch.sums.finish([&](size_t i, const Fe<V>& inverse) {
    const auto& group = batch.groups[i];
    const unsigned good = equals_r(group, batch.sums.minus[i], batch.sums.plus[i], inverse) & group.decoded;
    for (size_t lane = 0; lane < group.count; ++lane) group.task[lane]->good = (good >> lane & 1) != 0;
  });
}

}  // namespace nrid::ed25519
