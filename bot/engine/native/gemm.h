// Products of int8 weights and int8 activations, summed exactly in int32 within each group of inputs.
//
// Weights: one scale per output, stored plus 128 as [outputs / 16][inputs / 4][16 outputs][4 inputs].
// Activations: one scale per token and group. What a token gets never depends on the tokens beside it: whatever the
// blocking, each output is the same sum of the same groups in the same order.
#pragma once
#include "simd.h"

constexpr int kGroup = 64;  // inputs that share a scale; also what inputs are padded to

struct Linear {
  const uint8_t* weights;
  const float* scales;  // [outputs]
  const float* bias;    // [outputs] or null
  int32_t inputs;       // padded to groups
  int32_t outputs;      // padded to lanes

  long tile_bytes() const { return (long)kLanes * inputs; }
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
      _mm_storeu_si128((__m128i*)(values + i), _mm512_cvtepi32_epi8((__m512i)q));
    }
    scales[g] = scale;
    sums[g] = -128 * (int32_t)sum(whole);
  }
}

// sum[output] += the four products of each output's weights with x.
static inline i32x16 dot4(i32x16 sum, __m512i weights, __m512i x) {
  return (i32x16)_mm512_dpbusd_epi32((__m512i)sum, weights, x);
}

// `tiles` tiles of 16 outputs from `tile` on, for `tokens` tokens from `first` on: out[token * stride + output].
// As many bytes from `next` on are fetched meanwhile: what this thread will probably multiply with next.
template <int tiles, int tokens>
static void multiply_tiles(const Linear& linear, int tile, const Quantized& x, int first, float* out, long stride,
                           const uint8_t* next) {
  const int groups = linear.inputs / kGroup;
  const long tile_bytes = linear.tile_bytes();
  const uint8_t* weights = linear.weights + tile * tile_bytes;
  const int8_t* values = x.values + (long)first * linear.inputs;
  const float* scales = x.scales + (long)first * groups;
  const int32_t* offsets = x.sums + (long)first * groups;
  f32x16 total[tiles][tokens] = {};
  for (int g = 0; g < groups; g++) {
    i32x16 part[tiles][tokens];
    for (int w = 0; w < tiles; w++)
      for (int t = 0; t < tokens; t++) part[w][t] = i32x16{} + offsets[t * groups + g];
#pragma GCC unroll 4
    for (int i = 0; i < kGroup; i += 4, weights += 4 * kLanes, values += 4, next += 4 * kLanes) {
      __m512i lanes[tiles];
      for (int w = 0; w < tiles; w++) {
        _mm_prefetch((const char*)next + w * tile_bytes, _MM_HINT_T1);
        lanes[w] = _mm512_loadu_si512(weights + w * tile_bytes);
      }
#pragma GCC unroll 8
      for (int t = 0; t < tokens; t++) {
        int32_t four;
        memcpy(&four, values + (long)t * linear.inputs, 4);
        for (int w = 0; w < tiles; w++) part[w][t] = dot4(part[w][t], lanes[w], _mm512_set1_epi32(four));
      }
    }
    for (int w = 0; w < tiles; w++)
      for (int t = 0; t < tokens; t++)
        total[w][t] += __builtin_convertvector(part[w][t], f32x16) * scales[t * groups + g];
  }
  for (int w = 0; w < tiles; w++) {
    const int output = (tile + w) * kLanes;
    const f32x16 scale = load(linear.scales + output);
    const f32x16 bias = linear.bias ? load(linear.bias + output) : f32x16{};
    for (int t = 0; t < tokens; t++) store(out + (first + t) * stride + output, total[w][t] * scale + bias);
  }
}

template <int tiles>
static void multiply_all(const Linear& linear, int tile, const Quantized& x, int count, float* out, long stride,
                         const uint8_t* next) {
  int t = 0;
  for (; t + 8 <= count; t += 8) multiply_tiles<tiles, 8>(linear, tile, x, t, out, stride, next);
  for (; t + 4 <= count; t += 4) multiply_tiles<tiles, 4>(linear, tile, x, t, out, stride, next);
  for (; t + 2 <= count; t += 2) multiply_tiles<tiles, 2>(linear, tile, x, t, out, stride, next);
  for (; t < count; t++) multiply_tiles<tiles, 1>(linear, tile, x, t, out, stride, next);
}

// Tiles [from, to) for tokens [0, count), fetching from `next` on: out[token * stride + output].
static void multiply(const Linear& linear, int from, int to, const Quantized& x, int count, float* out, long stride,
                     const uint8_t* next) {
  int tile = from;
  for (; tile + 2 <= to; tile += 2)
    multiply_all<2>(linear, tile, x, count, out, stride, next + (tile - from) * linear.tile_bytes());
  if (tile < to) multiply_all<1>(linear, tile, x, count, out, stride, next + (tile - from) * linear.tile_bytes());
}
