// Adapters: what each adds to the outputs of the linear layers, out += b · (a · x), in fp32 from bf16 weights.
//
// An adapter lies in one piece of memory, in the order in which a step reads it, so that one stream brings it to the
// processor. What a token gets depends on its own input and adapter only.
#pragma once
#include <sys/mman.h>

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "simd.h"

// One adapter's part of one linear layer as it is given: a [rank][inputs], b [outputs][rank]; or rank 0.
struct Share {
  const float *a, *b;
  int32_t rank;
};

// The same as it is used: a [inputs / 32][rank][32], b [outputs / 32][rank][32], both padded with zeros.
struct PackedShare {
  const Pair *a, *b;
  int32_t rank;
};

// Zeros on huge pages where the system has them: adapters are read from end to end, at many places in turn.
class Pages {
 public:
  explicit Pages(size_t bytes) : size_((bytes + 2 * kHuge - 1) / kHuge * kHuge) {
    start_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    madvise(start_, size_, MADV_HUGEPAGE);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(start_, size_); }

  void* aligned() const { return (void*)(((uintptr_t)start_ + kHuge - 1) / kHuge * kHuge); }
  bool fit(size_t bytes) const { return bytes <= size_ - kHuge; }

 private:
  static constexpr size_t kHuge = 2 << 20;
  size_t size_;
  void* start_;
};

// A matrix [rows][columns], given by the distances between its rows and between its columns, in blocks of columns.
static Pair* pack(const float* from, int rows, long row_step, int columns, long column_step, Pair* to) {
  for (int first = 0; first < columns; first += kPaired)
    for (int r = 0; r < rows; r++, to++) {
      float numbers[kPaired] = {};
      for (int i = 0; i < kPaired && first + i < columns; i++)
        numbers[i] = from[r * row_step + (first + i) * column_step];
      *to = joined(load(numbers), load(numbers + kLanes));
    }
  return to;
}

// What a slot holds. Its memory stays for the next adapter: pages that are there already cost no time.
class Adapter {
 public:
  // `sizes`: inputs and outputs of each share's layer.
  void take(const Share* shares, const std::vector<std::pair<int, int>>& sizes) {
    const size_t needed = bytes(shares, sizes);
    if (!pages_ || !pages_->fit(needed)) pages_ = std::make_unique<Pages>(needed);
    parts_.clear();
    Pair* to = (Pair*)pages_->aligned();
    for (size_t i = 0; i < sizes.size(); i++) {
      const auto [a, b, rank] = shares[i];
      const auto [inputs, outputs] = sizes[i];
      Pair* const b_to = pack(a, rank, inputs, inputs, 1, to);
      parts_.push_back({to, b_to, rank});
      to = pack(b, rank, 1, outputs, rank, b_to);
    }
  }

  const PackedShare& operator[](int part) const { return parts_[part]; }

 private:
  static size_t bytes(const Share* shares, const std::vector<std::pair<int, int>>& sizes) {
    size_t pairs = 0;
    for (size_t i = 0; i < sizes.size(); i++)
      pairs += (size_t)shares[i].rank * (blocks(sizes[i].first) + blocks(sizes[i].second));
    return pairs * sizeof(Pair);
  }
  static int blocks(int numbers) { return (numbers + kPaired - 1) / kPaired; }

  std::unique_ptr<Pages> pages_;
  std::vector<PackedShare> parts_;
};

constexpr int kPairsAhead = 64;  // 4 KB: what is fetched while this much is worked on

// Ranks [first, first + ranks) of a share.
template <int ranks>
static void add_ranks(const PackedShare& share, int first, const float* x, int inputs, int outputs, float* out) {
  f32x16 part[ranks] = {};
  const Pair* a = share.a + first;
  for (int i = 0; i < inputs; i += kPaired, a += share.rank) {
    const f32x16 low = load(x + i), high = load(x + i + kLanes);
    for (int r = 0; r < ranks; r++) {
      __builtin_prefetch(a + r + kPairsAhead);
      part[r] += low * lower(a[r]);
      part[r] += high * upper(a[r]);
    }
  }
  float product[ranks];
  for (int r = 0; r < ranks; r++) product[r] = sum(part[r]);
  const Pair* b = share.b + first;
  for (int o = 0; o < outputs; o += kPaired, b += share.rank) {
    const bool whole = o + kLanes < outputs;
    f32x16 low = load(out + o), high = whole ? load(out + o + kLanes) : f32x16{};
    for (int r = 0; r < ranks; r++) {
      __builtin_prefetch(b + r + kPairsAhead);
      low += product[r] * lower(b[r]);
      high += product[r] * upper(b[r]);
    }
    store(out + o, low);
    if (whole) store(out + o + kLanes, high);
  }
}

// `x`: padded with zeros to pairs.
static void add_share(const PackedShare& share, const float* x, int inputs, int outputs, float* out) {
  int r = 0;
  for (; r + 8 <= share.rank; r += 8) add_ranks<8>(share, r, x, inputs, outputs, out);
  for (; r + 4 <= share.rank; r += 4) add_ranks<4>(share, r, x, inputs, outputs, out);
  for (; r < share.rank; r++) add_ranks<1>(share, r, x, inputs, outputs, out);
}
