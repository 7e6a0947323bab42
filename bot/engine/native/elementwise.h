// What a layer does to one token's numbers besides products and attention. Sizes are multiples of 16, but for a head's
// half.
#pragma once
#include <cmath>

#include "simd.h"

static void normalize(const float* x, const float* weight, int size, float epsilon, float* out) {
  f32x16 squares = {};
  for (int i = 0; i < size; i += kLanes) squares += load(x + i) * load(x + i);
  const float factor = 1.0f / std::sqrt(sum(squares) / size + epsilon);
  for (int i = 0; i < size; i += kLanes) store(out + i, load(x + i) * factor * load(weight + i));
}

static void add(float* x, const float* other, float scale, int size) {
  for (int i = 0; i < size; i += kLanes) store(x + i, load(x + i) + load(other + i) * scale);
}

// Halves of a head turn around each other (GPT-NeoX's rotary embedding).
static void rotate(float* head, int size, const float* rope) {
  const int half = size / 2;
  const float *cos = rope, *sin = rope + size;
  int i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const f32x16 low = load(head + i), high = load(head + i + half);
    store(head + i, low * load(cos + i) - high * load(sin + i));
    store(head + i + half, high * load(cos + i + half) + low * load(sin + i + half));
  }
  for (; i < half; i++) {
    const float low = head[i], high = head[i + half];
    head[i] = low * cos[i] - high * sin[i];
    head[i + half] = high * cos[i + half] + low * sin[i + half];
  }
}

// gate = activation(gate) * up
static void gate(float* gate, const float* up, int size, bool gelu) {
  for (int i = 0; i < size; i += kLanes) {
    const f32x16 x = load(gate + i);
    const f32x16 z = gelu ? 1.5957691216f * (x + 0.044715f * x * x * x) : x;  // GELU by tanh is x * sigmoid(2y)
    store(gate + i, x / (1.0f + exponential(-z)) * load(up + i));
  }
}
