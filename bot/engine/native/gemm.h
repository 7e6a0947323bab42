// Products of int8 weights and int8 activations, summed exactly in int32 within each group of inputs.
//
// Weights: one scale per output, stored plus 128 as [outputs / 16][inputs / 4][16 outputs][4 inputs].
// Activations: one scale per token and group. What a token gets never depends on the tokens beside it: whatever the
// blocking, each output is the same sum of the same groups in the same order.
#pragma once
#include <immintrin.h>

#include "simd.h"

constexpr int kGroup = 64;  // inputs that share a scale; also what inputs are padded to
constexpr int kLanes = 16;

struct Linear {
  const uint8_t* weights;
  const float* scales;  // [outputs]
  const float* bias;    // [outputs] or null
  int32_t inputs;       // padded to groups
  int32_t outputs;      // padded to lanes
};

// Tokens' activations, room for `inputs` each.
struct Quantized {
  int8_t* values;  // [tokens][inputs]
  float* scales;   // [tokens][groups]
  int32_t* sums;   // [tokens][groups], times -128: takes the weights' offset back
};

static inline void quantize(const float* x, int inputs, int8_t* values, float* scales, int32_t* sums) {
  for (int g = 0; g < inputs / kGroup; g++, x += kGroup, values += kGroup) {
    f32x16 most = {}, total = {};
    for (int i = 0; i < kGroup; i += kLanes) {
      most = larger(absolute(load(x + i)), most);
      total += load(x + i);
    }
    // NaN and infinity in any input reach the scale, and with it every output.
    float scale = largest(most) / 127.0f + 0.0f * sum(total);
    f32x16 inverse = all(scale > 0 ? 1.0f / scale : 0.0f);
    f32x16 whole = {};  // exact: small integers
    for (int i = 0; i < kGroup; i += kLanes) {
      i32x16 q = rounded(load(x + i) * inverse);
      whole += __builtin_convertvector(q, f32x16);
      typedef int8_t i8x16 __attribute__((vector_size(16)));
      i8x16 narrow = __builtin_convertvector(q, i8x16);
      memcpy(values + i, &narrow, sizeof narrow);
    }
    scales[g] = scale;
    sums[g] = -128 * (int32_t)sum(whole);
  }
}

// sum[output] += the four products of each output's weights with x.
static inline i32x16 dot4(i32x16 sum, const uint8_t* weights, const int8_t* x) {
  int32_t four;
  memcpy(&four, x, 4);
  return (i32x16)_mm512_dpbusd_epi32((__m512i)sum, _mm512_loadu_si512(weights), _mm512_set1_epi32(four));
}

// One tile of 16 outputs for `tokens` tokens: out[t * stride + lane].
template <int tokens>
static void multiply_tile(const Linear& linear, int tile, const Quantized& x, int first, float* out, long stride) {
  const int groups = linear.inputs / kGroup;
  const uint8_t* weights = linear.weights + (long)tile * kLanes * linear.inputs;
  const int8_t* values = x.values + (long)first * linear.inputs;
  const float* scales = x.scales + (long)first * groups;
  const int32_t* offsets = x.sums + (long)first * groups;
  f32x16 total[tokens] = {};
  for (int g = 0; g < groups; g++) {
    i32x16 part[tokens];
    for (int t = 0; t < tokens; t++) part[t] = i32x16{} + offsets[t * groups + g];
#pragma GCC unroll 4
    for (int i = 0; i < kGroup; i += 4)
#pragma GCC unroll 8
      for (int t = 0; t < tokens; t++)
        part[t] = dot4(part[t], weights + kLanes * i, values + (long)t * linear.inputs + g * kGroup + i);
    weights += kLanes * kGroup;
    for (int t = 0; t < tokens; t++)
      total[t] += __builtin_convertvector(part[t], f32x16) * scales[t * groups + g];
  }
  const f32x16 scale = load(linear.scales + tile * kLanes);
  const f32x16 bias = linear.bias ? load(linear.bias + tile * kLanes) : f32x16{};
  for (int t = 0; t < tokens; t++) store(out + t * stride, total[t] * scale + bias);
}

// Tiles [from, to) for tokens [0, count): out[token * stride + output].
static void multiply(const Linear& linear, int from, int to, const Quantized& x, int count, float* out, long stride) {
  for (int tile = from; tile < to; tile++) {
    int t = 0;
    float* at = out + tile * kLanes;
    for (; t + 8 <= count; t += 8) multiply_tile<8>(linear, tile, x, t, at + t * stride, stride);
    for (; t + 4 <= count; t += 4) multiply_tile<4>(linear, tile, x, t, at + t * stride, stride);
    for (; t + 2 <= count; t += 2) multiply_tile<2>(linear, tile, x, t, at + t * stride, stride);
    for (; t < count; t++) multiply_tile<1>(linear, tile, x, t, at + t * stride, stride);
  }
}
