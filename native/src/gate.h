// Many may use a mapping at once (pins); changing it waits until nobody does. Unlike
// std::shared_mutex a pin may be released on another thread, and waiting changers go first.
#pragma once

#include <condition_variable>
#include <mutex>

namespace fmmap {

class Gate {
 public:
  void pin();
  void unpin();
  void close();
  void open();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int pins_ = 0;
  int waiting_ = 0;
  bool closed_ = false;
};

/** Holds a pin for a scope. */
class Pin {
 public:
  explicit Pin(Gate& gate) : gate_(gate) { gate_.pin(); }
  ~Pin() { gate_.unpin(); }
  Pin(const Pin&) = delete;

 private:
  Gate& gate_;
};

/** Has the mapping to itself for a scope. */
class Exclusive {
 public:
  explicit Exclusive(Gate& gate) : gate_(gate) { gate_.close(); }
  ~Exclusive() { gate_.open(); }
  Exclusive(const Exclusive&) = delete;

 private:
  Gate& gate_;
};

}  // namespace fmmap
