// The fault guard: see platform/guard.h. signals.cc calls it for each fault.
//
// What follows "in the handler", and `handleFault`, run in a signal handler, on any thread: no locks, no allocation, no
// waiting other than for system calls.
#include "platform/guard.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "platform/posix/internal.h"
#include "platform/posix/signals.h"
#include "platform/posix/guarded-range-index.h"

namespace fmmap::platform {

namespace {

/** More areas than this for one window would put the kernel's supply at risk. */
constexpr int kMaxRepairs = 64;

/** A page that can be read and still faults so often is broken in an unknown way. */
constexpr int kMaxRetries = 1000;

GuardedRangeIndex ranges;
std::atomic<bool> isUsed{false};
bool isDisabled = false;
std::atomic<int> reports{-1};  // where to write a byte for each fault

/** Guards changes of the above. */
std::mutex& changing() {
  static auto* const mutex = new std::mutex();  // environments may end after static destructors
  return *mutex;
}

// --- in the handler ---

/**
 * Keeps a window from being given up for a scope, unless it is gone already. A handler counts itself in,
 * then looks at the state; suspend() and unguard() change the state, then look at the count. All four are
 * sequentially consistent, so either the handler sees the new state or the other waits for the handler.
 */
class Visit {
 public:
  explicit Visit(const std::uint8_t* address) {
    const GuardedRangeIndex::Walk walk(ranges);
    enter(walk.find(address));
  }
  explicit Visit(GuardedRange& range) { enter(&range); }  // during a walk
  ~Visit() {
    if (range_) --range_->visitors;
  }
  Visit(const Visit&) = delete;

  GuardedRange* range() const { return range_; }

 private:
  void enter(GuardedRange* range) {
    if (!range) return;
    ++range->visitors;
    if (range->state != GuardedRange::State::gone) range_ = range;
    else --range->visitors;
  }

  GuardedRange* range_ = nullptr;
};

void raiseFlag(const Guarded& window) { window.flag->store(1); }

void raiseFlags(const Fault* fault) {
  // Mapping::addWindow looks for a fault after guard(): it flags what was added too late for this walk.
  const GuardedRangeIndex::Walk walk(ranges);
  walk.eachOf(fault, [](GuardedRange& other) {
    if (const Visit visit(other); visit.range()) raiseFlag(other.window);
  });
}

/** Called before any page is replaced, so that no thread takes its new content for the file's. */
void mark(const Guarded& window, Why why, const std::uint8_t* address) {
  raiseFlag(window);
  // A page that this process itself is cutting off is not a fault: threads find the new length.
  const std::int64_t at = window.offset + (address - window.data);
  const bool isOwnCut = why.reason == Reason::truncated && window.fault->isOwnCut(at);
  if (isOwnCut ? !window.fault->meetCut() : !window.fault->set(why, at)) return;
  raiseFlags(window.fault);
  if (!isOwnCut) reportFault();
}

std::uint8_t* pageOf(std::uint8_t* address) {
  return address - reinterpret_cast<std::uintptr_t>(address) % pageSize();
}

/** How much of a window the file still has; whole pages. */
std::size_t pagesInFile(const Guarded& window) {
  struct stat info;
  if (fstat(static_cast<int>(window.file), &info) != 0) return window.capacity;
  const std::int64_t page = static_cast<std::int64_t>(pageSize());
  const std::int64_t bytes = std::max<std::int64_t>(info.st_size - window.offset, 0);
  return std::min(window.capacity, static_cast<std::size_t>((bytes + page - 1) / page * page));
}

/** Whether the page can be had after all: another thread has put one there, or the file has grown again. */
bool isBack(std::uint8_t* address, Touch touch) {
  return (touch == Touch::read || touch == Touch::write) &&
         populatePages(pageOf(address), pageSize(), touch == Touch::write);
}

/**
 * As noRoom(), for all pages that a store wants blocks for at once: a file system may have them in folios, of at most this
 * size. Where there is room it is taken.
 */
int noRoomForFolio(const Guarded& window, std::size_t at) {
  constexpr std::int64_t folio = std::int64_t{1} << 21;
  const std::int64_t page = window.offset + static_cast<std::int64_t>(at);
  const std::int64_t start = page / folio * folio;
  struct stat info;
  if (fstat(static_cast<int>(window.file), &info) != 0 || info.st_size <= page) return 0;
  return noRoom(static_cast<int>(window.file), start, std::min<std::int64_t>(info.st_size - start, folio), true);
}

bool replaceLostPage(GuardedRange& range, std::uint8_t* address, Touch touch) {
  const Guarded& window = range.window;
  const std::size_t at = static_cast<std::size_t>(pageOf(address) - window.data);
  const bool store = touch == Touch::write && range.access == Access::write;
  Why why = whyLost(window.file, window.offset + static_cast<std::int64_t>(at), store);
  if (!why && store && !isBack(address, touch)) {
    if (const int error = noRoomForFolio(window, at)) why = {Reason::noSpace, error};
  }
  if (!why) {
    if (++range.retries < kMaxRetries) return true;
    why = {Reason::io};
  }
  mark(window, why, address);
  if (why.reason == Reason::truncated) {
    // All that the file has lost at once, or there would be a signal for each page.
    const std::size_t left = std::min(pagesInFile(window), at);
    return static_cast<bool>(retire(window.data + left, window.capacity - left));
  }
  if (++range.repairs <= kMaxRepairs && claimAreasAtOnce(2) && retire(window.data + at, pageSize())) return true;
  return static_cast<bool>(retire(window.data, window.capacity));
}

/** Gives a store that must not reach the file private pages, once for the whole window. */
bool divertStore(GuardedRange& range, const std::uint8_t* address) {
  const Guarded& window = range.window;
  mark(window, {Reason::readOnly}, address);
  const int protection = PROT_READ | PROT_WRITE | (range.access == Access::exec ? PROT_EXEC : 0);
  const std::size_t left = pagesInFile(window);
  bool isDone = left == 0;
  if (!isDone && window.isPrivate) {
    isDone = mprotect(window.data, left, protection) == 0;  // what a frozen mapping changed before is in these pages
  } else if (!isDone) {
    isDone = mmap(window.data, left, protection, MAP_FIXED | MAP_PRIVATE | MAP_NORESERVE,
                  static_cast<int>(window.file), window.offset) != MAP_FAILED;
  }
  const std::size_t kept = isDone ? left : 0;
  return kept == window.capacity || retire(window.data + kept, window.capacity - kept);
}

bool repair(GuardedRange& range, int signal, std::uint8_t* address, Touch touch) {
  if (isBack(address, touch)) return true;
  const bool isReadOnly = range.access == Access::read || range.access == Access::exec;
  const bool isStore = touch == Touch::write || (touch == Touch::unknown && signal == SIGSEGV);
  // While a window is being frozen its pages may still be writable, and a store may meet a lost one.
  if (isReadOnly && isStore && mayBeForbidden(signal)) return divertStore(range, address);
  return signal == SIGBUS && touch != Touch::execute && replaceLostPage(range, address, touch);
}

bool serve(GuardedRange& range, int signal, std::uint8_t* address, Touch touch) {
  // The thread retries until the window is given up, or its mapping is left to the guard again.
  if (range.state != GuardedRange::State::open || !range.window.fault->enter()) return true;
  const bool isServed = repair(range, signal, address, touch);
  range.window.fault->leave();
  return isServed;
}

}  // namespace

// --- outside of it ---

Why whyLost(Handle file, std::int64_t offset, bool store) {
  const int descriptor = static_cast<int>(file);
  if (const int error = noRoom(descriptor, offset, pageSize(), store)) return {Reason::noSpace, error};
  // The file may be growing and shrinking: a read is true for one moment, unlike a look at the size.
  char byte;
  const ssize_t count = pread(descriptor, &byte, 1, offset);
  if (count < 0) return {Reason::io, errno};
  return {count == 0 ? Reason::truncated : Reason::none};
}

bool handleFault(int signal, const siginfo_t* info, const void* context) {
  if (!isAboutPage(signal, info->si_code)) return false;
  auto* const address = static_cast<std::uint8_t*>(info->si_addr);
  const Touch touch = touchOf(context);
  const Visit visit(address);
  if (visit.range()) return serve(*visit.range(), signal, address, touch);
  // No window, or not any more: another thread may have closed the file between the fault and the visit. It maps the zeroes
  // before it marks the range as gone, so a handler that sees the mark finds them.
  return isBack(address, touch);
}

GuardedRange* guard(const Guarded& window) {
  GuardedRange* range = nullptr;
  {
    std::lock_guard<std::mutex> guard(changing());
    if (isDisabled) return nullptr;
    isUsed = true;
    range = new GuardedRange(window);
    ranges.add(range);
  }
  takeSignals();
  return range;
}

// Called before the pages are protected: a fault for that comes after the system call, and so sees this.
void setAccess(GuardedRange* range, Access access) {
  if (range) range->access = access;
}

void suspend(GuardedRange* range) {
  if (!range) return;
  range->state = GuardedRange::State::suspended;
  waitForNone(range->visitors);
}

void unguard(GuardedRange* range) {
  if (!range) return;
  range->state = GuardedRange::State::gone;
  waitForNone(range->visitors);
  std::lock_guard<std::mutex> guard(changing());
  ranges.remove(range);
}

bool disableGuard() {
  std::lock_guard<std::mutex> guard(changing());
  if (!isUsed) isDisabled = true;
  return !isUsed;
}

void rearmGuard() {
  if (isUsed) takeSignals();
}

// --- reports ---

void reportFault() {
  const int pipe = reports;
  // If the pipe is full, there are reports on their way.
  if (pipe >= 0 && ::write(pipe, "", 1) < 0) return;
}

Status watchFaults(void (*report)()) {
  std::lock_guard<std::mutex> guard(changing());
  if (reports >= 0) return {};
  int ends[2];
  if (pipe(ends) != 0) return Status::system(errno, "pipe");
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  struct Watcher {
    int pipe;
    void (*report)();
  };
  auto* watcher = new Watcher{ends[0], report};
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // a thread that handles no signals
  const int error = pthread_create(&thread, nullptr, [](void* argument) -> void* {
    const auto* own = static_cast<Watcher*>(argument);
    char bytes[64];
    while (::read(own->pipe, bytes, sizeof bytes) > 0 || errno == EINTR) own->report();
    return nullptr;
  }, watcher);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    for (const int end : ends) ::close(end);
    delete watcher;
    return Status::system(error, "pthread_create");
  }
  pthread_detach(thread);
  reports = ends[1];
  return {};
}

}  // namespace fmmap::platform
