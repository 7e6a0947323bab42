// Sixteen numbers at a time, in GCC's vector extensions; conversions by intrinsics, which GCC 12 does badly itself.
#pragma once
#include <immintrin.h>

#include <cstdint>
#include <cstring>

constexpr int kLanes = 16;

typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint16_t bf16;  // the upper half of a float

static inline f32x16 all(float x) { return x - f32x16{}; }

static inline f32x16 load(const float* at) {
  f32x16 x;
  memcpy(&x, at, sizeof x);
  return x;
}

static inline f32x16 load(const bf16* at) {
  return (f32x16)((u32x16)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)at)) << 16);
}

static inline void store(float* at, f32x16 x) { memcpy(at, &x, sizeof x); }

static inline f32x16 pick(i32x16 mask, f32x16 yes, f32x16 no) { return mask ? yes : no; }

static inline f32x16 larger(f32x16 a, f32x16 b) { return pick(a > b, a, b); }

static inline f32x16 absolute(f32x16 x) { return (f32x16)((i32x16)x & 0x7fffffff); }

// To the nearest, ties to even; |x| below 2^22.
static inline i32x16 rounded(f32x16 x) {
  const f32x16 magic = all(12582912.0f);  // 1.5 * 2^23: its last bit counts ones
  return (i32x16)(x + magic) - (i32x16)magic;
}

// Rounded to bf16, to the nearest, ties to even: the upper halves of the bits; the lower ones mean nothing.
static inline u32x16 rounded_bits(f32x16 x) {
  const u32x16 bits = (u32x16)x, even = bits + 0x7fff + ((bits >> 16) & 1);
  return (i32x16)((bits & 0x7fffffff) > 0x7f800000) ? u32x16{} + 0x7fc00000 : even;  // NaN stays NaN
}

static inline void store(bf16* at, f32x16 x) {
  _mm256_storeu_si256((__m256i*)at, _mm512_cvtepi32_epi16((__m512i)(rounded_bits(x) >> 16)));
}

// 32 numbers in bf16: lane i holds number i below number 16 + i. Two instructions take them apart.
typedef u32x16 Pair;
constexpr int kPaired = 32;

static inline Pair joined(f32x16 low, f32x16 high) {
  return (rounded_bits(low) >> 16) | (rounded_bits(high) & 0xffff0000u);
}

static inline f32x16 lower(Pair pair) { return (f32x16)(pair << 16); }

static inline f32x16 upper(Pair pair) { return (f32x16)(pair & 0xffff0000u); }

// Each lane beside the one whose number differs in the bit `step`.
template <int step>
static inline f32x16 swapped(f32x16 x) {
  i32x16 lanes;
  for (int i = 0; i < 16; i++) lanes[i] = i ^ step;
  return __builtin_shuffle(x, lanes);
}

static inline float sum(f32x16 x) {
  x += swapped<8>(x);
  x += swapped<4>(x);
  x += swapped<2>(x);
  x += swapped<1>(x);
  return x[0];
}

static inline float largest(f32x16 x) {
  x = larger(swapped<8>(x), x);
  x = larger(swapped<4>(x), x);
  x = larger(swapped<2>(x), x);
  x = larger(swapped<1>(x), x);
  return x[0];
}

// exp with a relative error near 2e-7 (Cody and Waite's reduction, the polynomial of Cephes' expf).
static inline f32x16 exponential(f32x16 x) {
  x = larger(x, all(-87.0f));
  x = pick(x > 88.0f, all(88.0f), x);
  i32x16 n = rounded(x * 1.44269504f);
  f32x16 whole = __builtin_convertvector(n, f32x16);
  f32x16 r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  f32x16 p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return (p * r * r + r + 1.0f) * (f32x16)((n + 127) << 23);
}

// Swaps the rows i and i + step where their lanes differ in the bit `step`.
template <int step>
static inline void swap_lanes(u32x16* rows) {
  u32x16 low, high;
  for (uint32_t i = 0; i < 16; i++) {
    low[i] = i & step ? 16 + i - step : i;
    high[i] = i & step ? 16 + i : i + step;
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++)
    if (!(i & step)) {
      const u32x16 a = rows[i], b = rows[i + step];
      rows[i] = __builtin_shuffle(a, b, low);
      rows[i + step] = __builtin_shuffle(a, b, high);
    }
}

// Sixteen rows become sixteen columns.
static inline void transpose(u32x16* rows) {
  u32x16 moved[16];
  memcpy(moved, rows, sizeof moved);
  swap_lanes<8>(moved);
  swap_lanes<4>(moved);
  swap_lanes<2>(moved);
  swap_lanes<1>(moved);
  memcpy(rows, moved, sizeof moved);
}
