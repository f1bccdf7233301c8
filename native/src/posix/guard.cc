// The fault guard: what signals.cc calls when memory was touched in vain. Everything from
// `handleFault` down runs in a signal handler, on any thread: no locks, no allocation, no waiting
// but for system calls.
#include "guard.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <vector>

#include "os.h"

namespace fmmap::platform {

struct Ward {
  std::atomic<std::uint8_t*> data{nullptr};  // null: nobody's
  std::atomic<std::uint8_t*> end{nullptr};
  std::atomic<int> visitors{0};              // handlers at work in it
  std::atomic<bool> suspended{false};
  std::atomic<Access> access{Access::read};
  std::atomic<Fault*> fault{nullptr};
  std::atomic<int> repairs{0};  // single pages replaced
  std::atomic<int> retries{0};
  Guarded window{};             // does not change while `data` is set
};

namespace {

// Wards live in blocks that are never freed or moved, so that a handler can walk them while other
// threads add and remove some.
constexpr std::size_t kBlock = 1024;
std::atomic<Ward*> blocks[1 << 16];  // more than the kernel has memory for
std::atomic<std::size_t> wardCount{0};

/** More areas than these for one window, and the kernel's supply is at risk. */
constexpr int kMaxRepairs = 64;

/** A page that is there for reading and still faults so often is broken in a way that we do not know. */
constexpr int kMaxRetries = 1000;

std::atomic<bool> disabled{false};
std::atomic<int> reports{-1};  // where to write a byte for each fault

std::mutex& changing() {
  static auto* const mutex = new std::mutex();  // environments may end after static destructors
  return *mutex;
}

std::vector<Ward*>& spare() {
  static auto* const wards = new std::vector<Ward*>();
  return *wards;
}

Ward* newWard() {
  if (!spare().empty()) {
    Ward* ward = spare().back();
    spare().pop_back();
    return ward;
  }
  const std::size_t index = wardCount;
  if (index % kBlock == 0) blocks[index / kBlock] = new Ward[kBlock];
  wardCount = index + 1;
  return &blocks[index / kBlock].load()[index % kBlock];
}

void waitForVisitors(const Ward* ward) {
  while (ward->visitors != 0) sched_yield();
}

// --- in the handler ---

/** Keeps a ward from being given to another window for a scope. */
class Visit {
 public:
  explicit Visit(Ward& ward) : ward_(ward) { ++ward_.visitors; }
  ~Visit() { --ward_.visitors; }
  Visit(const Visit&) = delete;

 private:
  Ward& ward_;
};

/** Calls `visit(ward)` for each ward that is in use until one returns true. */
template <typename Test>
bool anyWard(Test visit) {
  const std::size_t count = wardCount;
  for (std::size_t index = 0; index < count; ++index) {
    if (visit(blocks[index / kBlock].load()[index % kBlock])) return true;
  }
  return false;
}

void raiseFlag(const Guarded& window) {
  reinterpret_cast<std::atomic<std::uint8_t>*>(window.data + window.capacity)->store(1);
}

/** Before any page is replaced, so that nobody takes what then stands there for the file's. */
void mark(const Guarded& window, Cause cause, const std::uint8_t* address) {
  raiseFlag(window);
  if (!window.fault->set(cause, window.offset + (address - window.data))) return;
  anyWard([&](Ward& other) {
    if (other.fault != window.fault) return false;
    const Visit visit(other);
    if (other.data && other.fault == window.fault) raiseFlag(other.window);
    return false;
  });
  reportFault();
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

bool replaceLostPage(Ward& ward, std::uint8_t* address, Touch touch) {
  const Guarded& window = ward.window;
  const std::size_t at = static_cast<std::size_t>(pageOf(address) - window.data);
  const bool store = touch == Touch::write && ward.access == Access::write;
  Cause cause = causeOf(window.file, window.offset + static_cast<std::int64_t>(at), store);
  if (cause == Cause::none) {
    if (++ward.retries < kMaxRetries) return true;
    cause = Cause::io;
  }
  // What this process is cutting off itself is told by the flag alone.
  if (cause == Cause::truncated && window.fault->meetCut(window.offset + static_cast<std::int64_t>(at))) raiseFlag(window);
  else mark(window, cause, address);
  if (cause == Cause::truncated) {
    // All at once what the file has lost, or there would be a signal for each page.
    const std::size_t left = std::min(pagesInFile(window), at);
    return static_cast<bool>(retire(window.data + left, window.capacity - left));
  }
  if (++ward.repairs <= kMaxRepairs && retire(window.data + at, pageSize())) return true;
  return static_cast<bool>(retire(window.data, window.capacity));
}

/** Gives a store that must not reach the file private pages, once for the whole window. */
bool divertStore(Ward& ward, const std::uint8_t* address) {
  const Guarded& window = ward.window;
  mark(window, Cause::readOnly, address);
  const int protection = PROT_READ | PROT_WRITE | (ward.access == Access::exec ? PROT_EXEC : 0);
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

bool serve(Ward& ward, int signal, std::uint8_t* address, Touch touch) {
  if (ward.suspended || isBack(address, touch)) return true;  // the first come again until they are not
  const bool isReadOnly = ward.access == Access::read || ward.access == Access::exec;
  if (isReadOnly && (touch == Touch::write || (touch == Touch::unknown && signal == SIGSEGV))) {
    return divertStore(ward, address);
  }
  return signal == SIGBUS && touch != Touch::execute && replaceLostPage(ward, address, touch);
}

}  // namespace

Cause causeOf(Handle file, std::int64_t offset, bool store) {
  const int descriptor = static_cast<int>(file);
  if (isFull(descriptor, offset, pageSize(), store)) return Cause::noSpace;
  // The file may be growing and shrinking: reading tells for one moment, unlike a look at its size.
  char byte;
  const ssize_t count = pread(descriptor, &byte, 1, offset);
  return count < 0 ? Cause::io : count == 0 ? Cause::truncated : Cause::none;
}

bool handleFault(int signal, const siginfo_t* info, const void* context) {
  if (!isAboutPage(signal, info->si_code)) return false;
  auto* const address = static_cast<std::uint8_t*>(info->si_addr);
  const Touch touch = touchOf(context);
  bool served = false;
  const bool isOurs = anyWard([&](Ward& ward) {
    const auto isInside = [&] {
      const std::uint8_t* data = ward.data;
      return data && address >= data && address < ward.end;
    };
    if (!isInside()) return false;
    const Visit visit(ward);
    if (!isInside()) return false;
    served = serve(ward, signal, address, touch);
    return true;
  });
  // Or it was: another thread may have closed the file between the fault and this line.
  return isOurs ? served : isBack(address, touch);
}

// --- outside of it ---

Ward* guard(const Guarded& window) {
  if (disabled) return nullptr;
  takeSignals();
  std::lock_guard<std::mutex> guard(changing());
  Ward* ward = newWard();
  ward->window = window;
  ward->access = window.access;
  ward->fault = window.fault;
  ward->repairs = ward->retries = 0;
  ward->suspended = false;
  ward->end = window.data + window.capacity;
  ward->data = window.data;
  return ward;
}

void setAccess(Ward* ward, Access access) {
  if (ward) ward->access = access;
}

void suspend(Ward* ward) {
  if (!ward) return;
  ward->suspended = true;
  waitForVisitors(ward);
}

void resume(Ward* ward) {
  if (!ward) return;
  ward->repairs = ward->retries = 0;
  ward->suspended = false;
}

void unguard(Ward* ward) {
  if (!ward) return;
  ward->data = nullptr;
  waitForVisitors(ward);
  ward->fault = nullptr;
  std::lock_guard<std::mutex> guard(changing());
  spare().push_back(ward);
}

bool disableGuard() {
  std::lock_guard<std::mutex> guard(changing());
  if (wardCount != 0) return false;
  disabled = true;
  return true;
}

void rearmGuard() {
  if (wardCount != 0) takeSignals();
}

// --- telling of faults ---

void reportFault() {
  const int pipe = reports;
  // The pipe being full, there are reports on their way.
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
  pthread_sigmask(SIG_SETMASK, &all, &before);  // a thread that no signal is for
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
