// Work on many threads, handed out in the order in which it was asked for.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace amalgam::cli {

// Makes what `produce(i)` returns, for i from 0 to count - 1, on `jobs` threads. They run no more
// than a few results ahead of next(), so that memory does not grow with `count`.
template <typename T>
class OrderedJobs {
 public:
  OrderedJobs(std::size_t count, unsigned jobs, std::function<T(std::size_t)> produce)
      : produce_(std::move(produce)), slots_(count), ahead_(std::size_t{jobs} * 8) {
    const std::size_t threads = std::min<std::size_t>(jobs, count);
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  OrderedJobs(const OrderedJobs&) = delete;
  OrderedJobs& operator=(const OrderedJobs&) = delete;
  // What is not begun is left undone.
  ~OrderedJobs() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // The next result, once it is there; throws what `produce` threw. At most `count` times.
  T next() {
    Slot slot;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return slots_[taken_].done; });
      slot = std::exchange(slots_[taken_], Slot{});
      ++taken_;
    }
    changed_.notify_all();
    if (slot.error) std::rethrow_exception(slot.error);
    return *std::move(slot.value);
  }

 private:
  struct Slot {
    std::optional<T> value;
    std::exception_ptr error;
    bool done = false;
  };

  // The next index to work on; nothing when there is no more to do.
  std::optional<std::size_t> claim() {
    std::unique_lock lock(mutex_);
    changed_.wait(
        lock, [this] { return stop_ || claimed_ >= slots_.size() || claimed_ < taken_ + ahead_; });
    if (stop_ || claimed_ >= slots_.size()) return std::nullopt;
    return claimed_++;
  }

  void work() {
    while (const auto index = claim()) {
      Slot slot;
      try {
        slot.value.emplace(produce_(*index));
      } catch (...) {
        slot.error = std::current_exception();
      }
      slot.done = true;
      {
        const std::lock_guard lock(mutex_);
        slots_[*index] = std::move(slot);
      }
      changed_.notify_all();
    }
  }

  std::function<T(std::size_t)> produce_;
  std::vector<Slot> slots_;
  std::size_t ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t claimed_ = 0;
  std::size_t taken_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace amalgam::cli
