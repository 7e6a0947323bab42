// Attention of a few tokens of one row over its past, for the query heads that share a key head.
//
// Keys and values: bf16 [positions][size]. A token's result depends on its position and its past only, so a prompt
// read in chunks, in one piece or from kept keys gives the same bits.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "simd.h"

// One query head of one token, that sees the first `count` positions. `scores`: room for them, in whole vectors.
struct Asker {
  const float* query;
  int count;
  float *scores, *out;
  float total = 0;  // of its weights
};

constexpr int kPositionsAhead = 64;  // fetched while others are worked on

struct Past {
  const bf16 *keys, *values;
  int size;  // of a head, a multiple of 16
};

// turned[i] = the numbers 2 i and 2 i + 1 of 16 keys, lane by lane; the last key stands in for missing ones.
static void turn_keys(const Past& past, int first, int count, u32x16* turned) {
  for (int d = 0; d < past.size; d += kPaired, turned += kLanes) {
    const __mmask16 within = past.size - d >= kPaired ? 0xffff : 0x00ff;
    for (int j = 0; j < kLanes; j++) {
      const bf16* key = past.keys + (long)(first + std::min(j, count - 1)) * past.size + d;
      __builtin_prefetch(key + (long)kPositionsAhead * past.size);
      turned[j] = (u32x16)_mm512_maskz_loadu_epi32(within, key);
    }
    transpose(turned);
  }
}

// Each score is the sum of four: a chain of additions would be waited for.
template <int askers>
static void score(const Asker* asker, const u32x16* turned, int size, float scale, int first) {
  f32x16 total[askers][4] = {};
  for (int d = 0; d < size; d += 4) {
    const u32x16 near = turned[d / 2], far = turned[d / 2 + 1];
    const f32x16 keys[4] = {lower(near), upper(near), lower(far), upper(far)};
    for (int a = 0; a < askers; a++)
      for (int i = 0; i < 4; i++) total[a][i] += keys[i] * asker[a].query[d + i];
  }
  for (int a = 0; a < askers; a++)
    store(asker[a].scores + first, ((total[a][0] + total[a][1]) + (total[a][2] + total[a][3])) * scale);
}

// Scores become weights; returns their sum.
static float soften(float* scores, int count) {
  for (int j = count; j % 16; j++) scores[j] = -INFINITY;
  f32x16 most = all(-INFINITY), total = {};
  for (int j = 0; j < count; j += 16) most = larger(load(scores + j), most);
  const float peak = largest(most);
  for (int j = 0; j < count; j += 16) {
    const f32x16 score = load(scores + j);
    const f32x16 known = exponential(score - peak) + 0.0f * score;  // NaN and infinity reach the result
    const f32x16 weight = pick(score != -INFINITY, known, f32x16{});
    store(scores + j, weight);
    total += weight;
  }
  return sum(total);
}

// Adds the weighted values of the positions [from, to) to lanes d to d + 16 * width of the results.
template <int askers, int width>
static void mix(const Asker* asker, const Past& past, int d, int from, int to) {
  f32x16 total[askers][width] = {};
  if (from)
    for (int a = 0; a < askers; a++)
      for (int w = 0; w < width; w++) total[a][w] = load(asker[a].out + d + 16 * w);
  for (int j = from; j < to; j++)
    for (int w = 0; w < width; w++) {
      const bf16* at = past.values + (long)j * past.size + d + 16 * w;
      if (w % 2 == 0) __builtin_prefetch(at + (long)kPositionsAhead * past.size);
      const f32x16 value = load(at);
      for (int a = 0; a < askers; a++) total[a][w] += value * asker[a].scores[j];
    }
  for (int a = 0; a < askers; a++)
    for (int w = 0; w < width; w++) store(asker[a].out + d + 16 * w, total[a][w]);
}

template <int askers>
static void mix_all(const Asker* asker, const Past& past, int from, int to) {
  int d = 0;
  for (; d + 64 <= past.size; d += 64) mix<askers, 4>(asker, past, d, from, to);
  for (; d < past.size; d += 16) mix<askers, 1>(asker, past, d, from, to);
}

// What all of them see together, then what only some of them see.
template <int askers>
static void mix_together(const Asker* asker, const Past& past) {
  int common = asker[0].count;
  for (int a = 1; a < askers; a++) common = std::min(common, asker[a].count);
  mix_all<askers>(asker, past, 0, common);
  for (int a = 0; a < askers; a++)
    if (asker[a].count > common) mix_all<1>(asker + a, past, common, asker[a].count);
}

// Calls body.template operator()<n>(first) for groups of askers whose sums fit into the registers.
template <class Body>
static void in_groups(int askers, const Body& body) {
  int a = 0;
  for (; a + 6 <= askers; a += 6) body.template operator()<6>(a);
  for (; a + 3 <= askers; a += 3) body.template operator()<3>(a);
  for (; a < askers; a++) body.template operator()<1>(a);
}

// `turned`: room for `past.size` / 2 vectors, and no fewer than 16.
static void attend(std::vector<Asker>& askers, const Past& past, float scale, u32x16* turned) {
  const int count = askers.size();
  int longest = 0;
  for (const Asker& asker : askers) longest = std::max(longest, asker.count);
  for (int j = 0; j < longest; j += kLanes) {
    turn_keys(past, j, std::min(kLanes, longest - j), turned);
    in_groups(count, [&]<int n>(int a) { score<n>(&askers[a], turned, past.size, scale, j); });
  }
  for (Asker& asker : askers) asker.total = soften(asker.scores, asker.count);
  in_groups(count, [&]<int n>(int a) { mix_together<n>(&askers[a], past); });
  for (const Asker& asker : askers)
    for (int d = 0; d < past.size; d += kLanes) store(asker.out + d, load(asker.out + d) * (1.0f / asker.total));
}
