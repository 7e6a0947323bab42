// Attention of one token over its row's past, for the query heads that share a key head.
//
// Keys and values: bf16 [positions][size]. A token's result depends on its position and its past only, so a prompt
// read in chunks, in one piece or from kept keys gives the same bits.
#pragma once
#include <algorithm>
#include <cmath>

#include "simd.h"

// partial[q][j] = the products of queries[q] and keys[j] in 16 sums, `size` a multiple of 16.
template <int heads>
static inline void multiply_keys(const float* queries, int size, const bf16* keys, int count, f32x16 (*partial)[16]) {
  for (int j = 0; j < count; j++) {
    f32x16 part[heads] = {};
#pragma GCC unroll 4
    for (int d = 0; d < size; d += 16) {
      const f32x16 key = load(keys + (long)j * size + d);
      for (int q = 0; q < heads; q++) part[q] += load(queries + q * size + d) * key;
    }
    for (int q = 0; q < heads; q++) partial[q][j] = part[q];
  }
}

// scores[q * room + j] = queries[q] · keys[j], for `count` positions; writes up to 15 scores more.
template <int heads>
static void score(const float* queries, int size, const bf16* keys, int count, float scale, float* scores, long room) {
  f32x16 partial[heads][16] = {};
  for (int j = 0; j < count; j += 16) {
    multiply_keys<heads>(queries, size, keys + (long)j * size, std::min(16, count - j), partial);
    for (int q = 0; q < heads; q++) store(scores + q * room + j, sums(partial[q]) * scale);
  }
}

// Scores become weights that sum to 1.
static void soften(float* scores, int count) {
  for (int j = count; j % 16; j++) scores[j] = -INFINITY;
  f32x16 most = all(-INFINITY), total = {};
  for (int j = 0; j < count; j += 16) most = larger(load(scores + j), most);
  const float peak = largest(most);
  for (int j = 0; j < count; j += 16) {
    f32x16 weight = exponential(load(scores + j) - peak);
    store(scores + j, weight);
  }
  for (int j = count; j % 16; j++) scores[j] = 0;
  for (int j = 0; j < count; j += 16) total += load(scores + j);
  const f32x16 share = all(1.0f / sum(total));
  for (int j = 0; j < count; j += 16) store(scores + j, load(scores + j) * share);
}

// out[q * size + d] = the weighted sum of the values' lanes d to d + 16 * width.
template <int heads, int width>
static void mix(const float* weights, long room, const bf16* values, int size, int count, float* out) {
  f32x16 total[heads][width] = {};
  for (int j = 0; j < count; j++)
    for (int w = 0; w < width; w++) {
      const f32x16 value = load(values + (long)j * size + 16 * w);
      for (int q = 0; q < heads; q++) total[q][w] += value * weights[q * room + j];
    }
  for (int q = 0; q < heads; q++)
    for (int w = 0; w < width; w++) store(out + q * size + 16 * w, total[q][w]);
}

// `scores`: room for heads * room floats. Writes out[heads][size].
template <int heads>
static void attend_heads(const float* queries, int size, const bf16* keys, const bf16* values, int count, float scale,
                         float* scores, long room, float* out) {
  score<heads>(queries, size, keys, count, scale, scores, room);
  for (int q = 0; q < heads; q++) soften(scores + q * room, count);
  int d = 0;
  for (; d + 64 <= size; d += 64) mix<heads, 4>(scores, room, values + d, size, count, out + d);
  for (; d < size; d += 16) mix<heads, 1>(scores, room, values + d, size, count, out + d);
}

static void attend(const float* queries, int heads, int size, const bf16* keys, const bf16* values, int count,
                   float scale, float* scores, long room, float* out) {
  int q = 0;
  for (; q + 3 <= heads; q += 3)
    attend_heads<3>(queries + q * size, size, keys, values, count, scale, scores, room, out + q * size);
  for (; q + 2 <= heads; q += 2)
    attend_heads<2>(queries + q * size, size, keys, values, count, scale, scores, room, out + q * size);
  for (; q < heads; q++)
    attend_heads<1>(queries + q * size, size, keys, values, count, scale, scores, room, out + q * size);
}
