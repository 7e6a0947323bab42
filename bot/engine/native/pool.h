// Threads that share the tasks of one phase after another. The caller works too, and never waits for a thread that
// has taken nothing: on a busy machine a sleeping helper costs its help, not the step.
#pragma once
#include <atomic>
#include <thread>
#include <vector>

class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 1; i < threads; i++) helpers_.emplace_back([this, i] { help(i); });
  }

  ~Pool() {
    stop_ = true;
    ticket_ += kPhase;
    ticket_.notify_all();
    for (auto& helper : helpers_) helper.join();
  }

  int threads() const { return (int)helpers_.size() + 1; }

  // body(task, thread) for every task below `count` (fewer than 2^20), on all threads; returns when all are done.
  template <class Body>
  void run(int count, const Body& body) {
    if (count == 1 || helpers_.empty()) {
      for (int task = 0; task < count; task++) body(task, 0);
      return;
    }
    call_ = [](const void* b, int task, int thread) { (*(const Body*)b)(task, thread); };
    body_ = &body;
    done_.store(0, std::memory_order_relaxed);
    phase_ += kPhase;
    ticket_.store(phase_ | (uint64_t)count << kCountShift, std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_seq_cst)) ticket_.notify_all();
    work(0);
    for (int spins = 0; done_.load(std::memory_order_acquire) < count; spins++)
      spins < kSpins ? __builtin_ia32_pause() : std::this_thread::yield();
  }

 private:
  // A ticket: number of the phase, count of its tasks, next task. Taking one from a finished phase takes nothing.
  static constexpr int kCountShift = 20;
  static constexpr uint64_t kMask = (1 << kCountShift) - 1;
  static constexpr uint64_t kPhase = (uint64_t)1 << 40;
  static constexpr int kSpins = 4000;  // tens of microseconds, several phases long

  static bool has_tasks(uint64_t ticket) { return (ticket & kMask) < (ticket >> kCountShift & kMask); }

  void work(int thread) {
    while (has_tasks(ticket_.load(std::memory_order_acquire))) {
      uint64_t mine = ticket_.fetch_add(1, std::memory_order_acq_rel);
      if (!has_tasks(mine)) return;
      call_(body_, (int)(mine & kMask), thread);
      done_.fetch_add(1, std::memory_order_release);
    }
  }

  void help(int thread) {
    for (int spins = 0; !stop_; spins++) {
      uint64_t seen = ticket_.load(std::memory_order_acquire);
      if (has_tasks(seen)) {
        work(thread);
        spins = 0;
      } else if (spins < kSpins) {
        __builtin_ia32_pause();
      } else {
        asleep_++;
        ticket_.wait(seen);
        asleep_--;
        spins = 0;
      }
    }
  }

  std::vector<std::thread> helpers_;
  std::atomic<uint64_t> ticket_{0};
  std::atomic<int> done_{0}, asleep_{0};
  std::atomic<bool> stop_{false};
  uint64_t phase_ = 0;
  void (*call_)(const void*, int, int) = nullptr;
  const void* body_ = nullptr;
};
