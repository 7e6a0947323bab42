// A decoder's forward pass for a line of tokens of many rows, each row with its own LoRA adapter or none.
//
// Shapes: Llama's, with what Qwen3 (norms of queries and keys), Gemma 3 (norms after each block, sliding windows,
// GELU), SmolLM3 (layers without positions) and Granite (scales) add. Called through ctypes by decoder.py; structs.py
// mirrors the structs below. Owns no weights: they stay
// in the caller's tensors, as do keys and values.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "attention.h"
#include "elementwise.h"
#include "gemm.h"
#include "lora.h"
#include "pool.h"

namespace {

constexpr int kTilesPerTask = 2;
constexpr int kTokensPerRun = 4;  // that attend together
constexpr int kParts = 7;  // of a layer that an adapter may change: q, k, v, o, gate, up, down

struct Layer {
  Linear qkv, o, gate_up, down;
  const float *input_norm, *attention_norm, *mlp_input_norm, *mlp_norm;  // the second and fourth may be null
  const float *q_norm, *k_norm;                                        // or null
  const float* rope;  // [positions][cos of head_size, sin of head_size]; null: this layer knows no positions
  bf16 *keys, *values;  // [rows][kv_heads][room][head_size]
  int32_t window;       // 0: all of the past
};

struct Shape {
  int32_t layers, hidden, heads, kv_heads, head_size, intermediate, vocabulary, room, slots, gelu;
  float norm_epsilon, attention_scale, embedding_scale, residual_scale, logit_scale;
};

struct Step {
  int32_t tokens, kept;
  const int32_t *ids, *rows, *positions, *slots;  // [tokens]
  const int32_t* keep;                            // [kept], tokens whose logits are wanted
  float* logits;                                  // [kept][vocabulary]
};

// Blocks of a row's keys and values, and the same on the shelf; one of the two becomes a copy of the other.
struct Move {
  int32_t row, first, count, positions;  // `count` blocks of so many positions, from the row's block `first` on
  const int32_t* places;                 // [count]: which blocks of the shelf they are
  bf16* const* shelf;                    // [layers] keys, [layers] values: [blocks][kv_heads][positions][head_size]
  int32_t to_shelf;
};

// Tokens of one row at positions that follow each other.
struct Run {
  int first, count;
};

int padded(int count, int to) { return (count + to - 1) / to * to; }

// A line of activations, as floats for adapters and quantized for the base weights.
class Activations {
 public:
  void resize(int tokens, int inputs) {
    inputs_ = padded(inputs, kGroup);
    groups_ = inputs_ / kGroup;
    if (tokens <= tokens_) return;
    tokens_ = tokens;
    floats_.assign((size_t)tokens * inputs_, 0);
    values_.resize((size_t)tokens * inputs_);
    scales_.resize((size_t)tokens * groups_);
    sums_.resize((size_t)tokens * groups_);
  }
  float* of(int token) { return &floats_[(size_t)token * inputs_]; }
  void quantize_token(int token) {
    size_t group = (size_t)token * groups_;
    quantize(of(token), inputs_, &values_[(size_t)token * inputs_], &scales_[group], &sums_[group]);
  }
  Quantized quantized() { return {values_.data(), scales_.data(), sums_.data()}; }

 private:
  int tokens_ = 0, inputs_ = 0, groups_ = 0;
  std::vector<float> floats_, scales_;
  std::vector<int8_t> values_;
  std::vector<int32_t> sums_;
};

class Decoder {
 public:
  Decoder(const Shape& shape, const Layer* layers, const bf16* embedding, const float* norm, const Linear& head,
          int threads)
      : shape_(shape),
        layers_(layers, layers + shape.layers),
        adapters_(shape.slots),
        embedding_(embedding),
        norm_(norm),
        head_(head),
        pool_(threads) {
    q_size_ = shape.heads * shape.head_size;
    kv_size_ = shape.kv_heads * shape.head_size;
    desks_.resize(threads);
    for (Desk& desk : desks_) {
      desk.scores.resize((size_t)kTokensPerRun * group() * score_room());
      desk.turned.resize(padded(shape.head_size, kPaired) / 2);
    }
    const int hidden = shape.hidden, between = shape.intermediate;
    for (int l = 0; l < shape.layers; l++)
      part_sizes_.insert(part_sizes_.end(), {{hidden, q_size_},
                                             {hidden, kv_size_},
                                             {hidden, kv_size_},
                                             {q_size_, hidden},
                                             {hidden, between},
                                             {hidden, between},
                                             {between, hidden}});
  }

  // Steps may run meanwhile, but with no row that uses the slot. `shares`: [layers][parts].
  void set_slot(int slot, const Share* shares) { adapters_[slot].take(shares, part_sizes_); }

  void move(const Move& move) {
    pool_.run(2 * shape_.layers, [&](int tensor, int) {
      const Layer& layer = layers_[tensor % shape_.layers];
      move_tensor(move, tensor < shape_.layers ? layer.keys : layer.values, move.shelf[tensor]);
    });
  }

  void run(const Step& step) {
    step_ = &step;
    make_room();
    find_runs();
    each_token([&](int t) { embed(t); });
    for (int l = 0; l < shape_.layers; l++) run_layer(l);
    give_logits();
  }

 private:
  template <class Body>
  void each_token(const Body& body) {
    pool_.run(step_->tokens, [&](int token, int) { body(token); });
  }

  int group() const { return shape_.heads / shape_.kv_heads; }
  size_t score_room() const { return padded(shape_.room, kLanes); }

  void find_runs() {
    const int *rows = step_->rows, *positions = step_->positions;
    runs_.clear();
    for (int t = 0; t < step_->tokens; t++) {
      const bool follows = t && rows[t] == rows[t - 1] && positions[t] == positions[t - 1] + 1;
      if (follows && runs_.back().count < kTokensPerRun)
        runs_.back().count++;
      else
        runs_.push_back({t, 1});
    }
  }

  void make_room() {
    const int tokens = step_->tokens;
    in_.resize(tokens, shape_.hidden);
    attended_.resize(tokens, q_size_);
    between_.resize(tokens, shape_.intermediate);
    kept_.resize(step_->kept, shape_.hidden);
    out_stride_ = std::max({layers_[0].qkv.outputs, layers_[0].gate_up.outputs, shape_.hidden});
    if (out_.size() < (size_t)tokens * out_stride_) out_.resize((size_t)tokens * out_stride_);
    if (line_.size() < (size_t)tokens * shape_.hidden) line_.resize((size_t)tokens * shape_.hidden);
  }

  float* line(int token) { return &line_[(size_t)token * shape_.hidden]; }
  float* out(int token) { return &out_[(size_t)token * out_stride_]; }

  // `next`: what will be multiplied with after this.
  void multiply_all(const Linear& linear, Activations& x, const Linear& next) {
    multiply_tasks(linear, kTilesPerTask, x.quantized(), step_->tokens, out_.data(), out_stride_, next);
  }

  // Each task fetches the weights of the one that its thread will take next when all threads go at one pace.
  void multiply_tasks(const Linear& linear, int per_task, const Quantized& x, int count, float* out, long stride,
                      const Linear& next) {
    const int tiles = linear.outputs / kLanes, tasks = (tiles + per_task - 1) / per_task;
    pool_.run(tasks, [&](int task, int) {
      const int from = task * per_task, later = task + pool_.threads();
      const uint8_t* ahead = later < tasks ? linear.weights + later * per_task * linear.tile_bytes()
                                           : next.weights + (later - tasks) * kTilesPerTask * next.tile_bytes();
      multiply(linear, from, std::min(from + per_task, tiles), x, count, out, stride, ahead);
    });
  }

  void adapt(int layer, int part, int token, const float* x, int inputs, int outputs, float* to) {
    if (const int slot = step_->slots[token])
      add_share(adapters_[slot][layer * kParts + part], x, inputs, outputs, to);
  }

  void norm(const float* x, const float* weight, float* to) {
    normalize(x, weight, shape_.hidden, shape_.norm_epsilon, to);
  }

  void embed(int t) {
    const int id = step_->ids[t];
    if (embedding_) {
      const bf16* from = embedding_ + (long)id * shape_.hidden;
      for (int i = 0; i < shape_.hidden; i += kLanes) store(line(t) + i, load(from + i) * shape_.embedding_scale);
    } else {
      embed_by_head(id, line(t));
    }
    enter(t, layers_[0].input_norm);
  }

  // The output head's own row of a token, of which there is no second copy.
  void embed_by_head(int id, float* to) const {
    const uint8_t* from = head_.weights + (long)(id / kLanes) * kLanes * head_.inputs + id % kLanes * 4;
    const float scale = head_.scales[id] * shape_.embedding_scale;
    for (int i = 0; i < shape_.hidden; i++) to[i] = (from[i / 4 * 4 * kLanes + i % 4] - 128) * scale;
  }

  // The next block's input: the normalized line.
  void enter(int t, const float* weight) {
    norm(line(t), weight, in_.of(t));
    in_.quantize_token(t);
  }

  // A block's output joins the line.
  void leave(int t, const float* weight) {
    if (weight) norm(out(t), weight, out(t));
    add(line(t), out(t), shape_.residual_scale, shape_.hidden);
  }

  void run_layer(int l) {
    const Layer& layer = layers_[l];
    multiply_all(layer.qkv, in_, layer.o);
    each_token([&](int t) { place(l, t); });
    pool_.run((int)runs_.size() * shape_.kv_heads, [&](int task, int thread) { attend_run(l, task, thread); });
    each_token([&](int t) { attended_.quantize_token(t); });
    multiply_all(layer.o, attended_, layer.gate_up);
    each_token([&](int t) {
      adapt(l, 3, t, attended_.of(t), q_size_, shape_.hidden, out(t));
      leave(t, layer.attention_norm);
      enter(t, layer.mlp_input_norm);
    });
    multiply_all(layer.gate_up, in_, layer.down);
    each_token([&](int t) { gate_token(l, t); });
    multiply_all(layer.down, between_, l + 1 < shape_.layers ? layers_[l + 1].qkv : head_);
    each_token([&](int t) {
      adapt(l, 6, t, between_.of(t), shape_.intermediate, shape_.hidden, out(t));
      leave(t, layer.mlp_norm);
      if (l + 1 < shape_.layers) enter(t, layers_[l + 1].input_norm);
    });
  }

  // Finishes a token's queries, keys and values, and puts the latter two at its row and position.
  void place(int l, int t) {
    const Layer& layer = layers_[l];
    const int size = shape_.head_size, position = step_->positions[t];
    float *q = out(t), *k = q + q_size_, *v = k + kv_size_;
    adapt(l, 0, t, in_.of(t), shape_.hidden, q_size_, q);
    adapt(l, 1, t, in_.of(t), shape_.hidden, kv_size_, k);
    adapt(l, 2, t, in_.of(t), shape_.hidden, kv_size_, v);
    const float* rope = layer.rope ? layer.rope + (long)position * 2 * size : nullptr;
    for (int h = 0; h < shape_.heads + shape_.kv_heads; h++) {
      float* head = q + h * size;
      const float* weight = h < shape_.heads ? layer.q_norm : layer.k_norm;
      if (weight) normalize(head, weight, size, shape_.norm_epsilon, head);
      if (rope) rotate(head, size, rope);
    }
    for (int h = 0; h < shape_.kv_heads; h++)
      for (int i = 0; i < size; i += kLanes) {
        const long at = head_of(step_->rows[t], h) + (long)position * size + i;
        store(layer.keys + at, load(k + h * size + i));
        store(layer.values + at, load(v + h * size + i));
      }
  }

  void move_tensor(const Move& move, bf16* rows, bf16* shelf) {
    const long size = (long)move.positions * shape_.head_size;
    for (int i = 0; i < move.count; i++)
      for (int head = 0; head < shape_.kv_heads; head++) {
        bf16* in_row = rows + head_of(move.row, head) + (move.first + i) * size;
        bf16* kept = shelf + ((long)move.places[i] * shape_.kv_heads + head) * size;
        memcpy(move.to_shelf ? kept : in_row, move.to_shelf ? in_row : kept, size * sizeof(bf16));
      }
  }

  // Where a row's keys and values of a head begin.
  long head_of(int row, int head) const {
    return ((long)row * shape_.kv_heads + head) * shape_.room * shape_.head_size;
  }

  void attend_run(int l, int task, int thread) {
    const auto [first, count] = runs_[task / shape_.kv_heads];
    const int window = layers_[l].window, end = step_->positions[first] + count;
    const int together = window && end > window ? 1 : count;  // only tokens that see the same beginning
    for (int t = first; t < first + count; t += together) attend_tokens(l, t, together, task % shape_.kv_heads, thread);
  }

  void attend_tokens(int l, int first, int count, int head, int thread) {
    const Layer& layer = layers_[l];
    const int size = shape_.head_size, end = step_->positions[first] + 1;
    const int begin = layer.window ? std::max(0, end - layer.window) : 0;
    const long from = head_of(step_->rows[first], head) + (long)begin * size;
    Desk& desk = desks_[thread];
    desk.askers.clear();
    for (int t = first; t < first + count; t++)
      for (int h = head * group(); h < (head + 1) * group(); h++) {
        float* scores = &desk.scores[desk.askers.size() * score_room()];
        desk.askers.push_back({out(t) + h * size, end + t - first - begin, scores, attended_.of(t) + h * size});
      }
    attend(desk.askers, {layer.keys + from, layer.values + from, size}, shape_.attention_scale, desk.turned.data());
  }

  void gate_token(int l, int t) {
    const int size = shape_.intermediate;
    float *gated = out(t), *up = gated + size;
    adapt(l, 4, t, in_.of(t), shape_.hidden, size, gated);
    adapt(l, 5, t, in_.of(t), shape_.hidden, size, up);
    gate(gated, up, size, shape_.gelu);
    memcpy(between_.of(t), gated, size * sizeof(float));
    between_.quantize_token(t);
  }

  void give_logits() {
    pool_.run(step_->kept, [&](int i, int) {
      norm(line(step_->keep[i]), norm_, kept_.of(i));
      kept_.quantize_token(i);
    });
    multiply_tasks(head_, 8 * kTilesPerTask, kept_.quantized(), step_->kept, step_->logits, head_.outputs,
                   layers_[0].qkv);
    if (shape_.logit_scale != 1)
      for (long i = 0; i < (long)step_->kept * head_.outputs; i++) step_->logits[i] *= shape_.logit_scale;
  }

  // What a thread needs to attend.
  struct Desk {
    std::vector<float> scores;
    std::vector<u32x16> turned;
    std::vector<Asker> askers;
  };

  const Shape shape_;
  const std::vector<Layer> layers_;
  std::vector<Adapter> adapters_;                // [slots]
  std::vector<std::pair<int, int>> part_sizes_;  // [layers][parts], inputs and outputs
  const bf16* embedding_;                        // [vocabulary][hidden]; null: the head's
  const float* norm_;
  const Linear head_;
  Pool pool_;
  int q_size_, kv_size_, out_stride_ = 0;
  const Step* step_ = nullptr;
  Activations in_, attended_, between_, kept_;
  std::vector<float> line_, out_;  // [tokens][hidden], the residual stream; [tokens][out_stride_], a product's outputs
  std::vector<Run> runs_;
  std::vector<Desk> desks_;  // [threads]
};

}  // namespace

extern "C" {

void* troupe_make(const Shape* shape, const Layer* layers, const bf16* embedding, const float* norm,
                  const Linear* head, int threads) {
  return new Decoder(*shape, layers, embedding, norm, *head, threads);
}

void troupe_set_slot(void* decoder, int slot, const Share* shares) { ((Decoder*)decoder)->set_slot(slot, shares); }

void troupe_move(void* decoder, const Move* move) { ((Decoder*)decoder)->move(*move); }

void troupe_run(void* decoder, const Step* step) { ((Decoder*)decoder)->run(*step); }

void troupe_free(void* decoder) { delete (Decoder*)decoder; }
}
