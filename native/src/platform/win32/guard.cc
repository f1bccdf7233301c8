// The fault guard: see platform/guard.h.
//
// A vectored exception handler is ordinary code on the thread that faulted. It may take locks, unless the thread may already
// hold them: so whoever holds the lock of an arena touches no window, and calls nothing that might.
#include "platform/guard.h"

#include <atomic>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "platform/win32/arena.h"

namespace fmmap::platform {

struct GuardedRange {
  GuardedRange(const Guarded& of, std::shared_ptr<Arena> in) : window(of), arena(std::move(in)), access(of.access) {}
  const Guarded window;
  const std::shared_ptr<Arena> arena;
  // Guarded by the lock of the arena:
  Access access;
  bool isSuspended = false;
  int retries = 0;
  int repairs = 0;
};

namespace {

/** More parts than this in one window make it slow. */
constexpr int kMaxRepairs = 64;
/** A page that can be read and still faults so often is broken in an unknown way. */
constexpr int kMaxRetries = 1000;

constexpr DWORD kDiskFull = 0xc000007f;  // STATUS_DISK_FULL

/** All ranges, and what the process has decided; taken after the lock of an arena. */
struct Ranges {
  SRWLOCK lock = SRWLOCK_INIT;
  std::unordered_set<GuardedRange*> all;
  bool isUsed = false;
  bool isDisabled = false;
};

Ranges& ranges() {
  static auto* const one = new Ranges();  // environments may end after static destructors
  return *one;
}

std::atomic<HANDLE> reports{nullptr};

// --- in the handler, with the lock of the arena held ---

/** Called before any page is replaced, so that no thread takes its new content for the file's. */
void mark(const GuardedRange& range, Why why, const std::uint8_t* address) {
  const Guarded& window = range.window;
  window.flag->store(1);
  if (!window.fault->set(why, window.offset + (address - window.data))) return;
  {
    Ranges& all = ranges();
    Hold hold(all.lock);
    for (GuardedRange* const other : all.all) {
      if (other->window.fault == window.fault) other->window.flag->store(1);
    }
  }
  reportFault();
}

std::uint8_t* pageOf(std::uint8_t* address) {
  return address - reinterpret_cast<std::uintptr_t>(address) % pageSize();
}

bool retireAll(Arena& arena, const Guarded& window) {
  return static_cast<bool>(arena.put(window.data, {window.capacity, Part::Kind::zeroes}));
}

/** Gives a store that must not reach the file private pages, once for the whole window. */
bool divertStore(Arena& arena, GuardedRange& range, const std::uint8_t* address) {
  const Guarded& window = range.window;
  mark(range, {Reason::readOnly}, address);
  // What a frozen mapping had changed before is in the pages that it has.
  const Status status = window.isPrivate ? arena.permitStores(window.data, window.capacity)
                                         : arena.putCopies(window.data, window.capacity);
  return status || retireAll(arena, window);
}

bool replaceLostPage(Arena& arena, GuardedRange& range, std::uint8_t* address, DWORD reason, bool store) {
  const Guarded& window = range.window;
  std::uint8_t* const page = pageOf(address);
  Why why = reason == kDiskFull ? Why{Reason::noSpace, ENOSPC} : whyLost(window.file, window.offset + (page - window.data), store);
  if (!why) {
    if (++range.retries < kMaxRetries) return true;
    why = {Reason::io, EIO};
  }
  mark(range, why, address);
  if (++range.repairs <= kMaxRepairs && arena.put(page, {pageSize(), Part::Kind::zeroes})) return true;
  return retireAll(arena, window);
}

bool repair(Arena& arena, GuardedRange& range, const EXCEPTION_RECORD& record, std::uint8_t* address) {
  const bool store = record.ExceptionInformation[0] == 1;
  if (record.ExceptionCode == static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR)) {
    const auto reason = record.NumberParameters > 2 ? static_cast<DWORD>(record.ExceptionInformation[2]) : 0;
    return replaceLostPage(arena, range, address, reason, store);
  }
  const bool isReadOnly = range.access == Access::read || range.access == Access::exec;
  return store && isReadOnly && divertStore(arena, range, address);
}

enum class Outcome { foreign, served, wait };

Outcome serve(Arena& arena, const EXCEPTION_RECORD& record, std::uint8_t* address) {
  if (record.ExceptionInformation[0] > 1) return Outcome::foreign;  // neither a load nor a store
  GuardedRange* const range = arena.guarded;
  // Until the window is given up, or the file is mapped again.
  if (arena.kindAt(address) == Part::Kind::lifted) return Outcome::wait;
  if (range && (range->isSuspended || !range->window.fault->enter())) return Outcome::wait;
  const bool store = record.ExceptionInformation[0] == 1;
  bool isServed = false;
  if (record.ExceptionCode == static_cast<DWORD>(EXCEPTION_ACCESS_VIOLATION)) {
    isServed = isAllowed(address, store) || arena.commit(address);  // or another thread has served it
  }
  if (!isServed && range) isServed = repair(arena, *range, record, address);
  if (range) range->window.fault->leave();
  return isServed ? Outcome::served : Outcome::foreign;
}

LONG CALLBACK onException(EXCEPTION_POINTERS* pointers) {
  const EXCEPTION_RECORD& record = *pointers->ExceptionRecord;
  const bool isAboutMemory = record.ExceptionCode == static_cast<DWORD>(EXCEPTION_ACCESS_VIOLATION) ||
                             record.ExceptionCode == static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR);
  if (!isAboutMemory || record.NumberParameters < 2) return EXCEPTION_CONTINUE_SEARCH;
  const DWORD error = GetLastError();
  auto* const address = reinterpret_cast<std::uint8_t*>(record.ExceptionInformation[1]);
  Outcome outcome;
  do {
    outcome = Outcome::foreign;
    if (const std::shared_ptr<Arena> arena = Arena::find(address)) {
      Hold hold(arena->lock);
      outcome = serve(*arena, record, address);
    }
    if (outcome != Outcome::wait) break;
    Sleep(1);
    // What could not be read before may be readable now: only another access tells.
    if (record.ExceptionCode == static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR)) outcome = Outcome::served;
  } while (outcome == Outcome::wait);
  SetLastError(error);
  return outcome == Outcome::foreign ? EXCEPTION_CONTINUE_SEARCH : EXCEPTION_CONTINUE_EXECUTION;
}

}  // namespace

// --- outside of it ---

void installHandler() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Ahead of all other handlers: Node's own, for WebAssembly, knows nothing of windows.
    AddVectoredExceptionHandler(1, onException);
    HMODULE module;  // Node unloads addons with their last worker, but the handler and the finalizers of views remain
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       reinterpret_cast<LPCWSTR>(onException), &module);
  });
}

Why whyLost(Handle file, std::int64_t offset, bool) {
  std::uint8_t byte;
  std::size_t count = 0;
  const Status status = read(file, &byte, 1, offset, &count);
  if (!status) return {Reason::io, status.error};
  return {count == 0 ? Reason::truncated : Reason::none};
}

GuardedRange* guard(const Guarded& window) {
  const std::shared_ptr<Arena> arena = Arena::find(window.data);
  if (!arena) return nullptr;
  auto* const range = new GuardedRange(window, arena);
  Hold hold(arena->lock);
  Ranges& all = ranges();
  Hold holdAll(all.lock);
  if (all.isDisabled) {
    delete range;
    return nullptr;
  }
  all.isUsed = true;
  all.all.insert(range);
  arena->guarded = range;
  return range;
}

void setAccess(GuardedRange* range, Access access) {
  if (!range) return;
  Hold hold(range->arena->lock);
  range->access = access;
}

void suspend(GuardedRange* range) {
  if (!range) return;
  Hold hold(range->arena->lock);
  range->isSuspended = true;
}

void unguard(GuardedRange* range) {
  if (!range) return;
  {
    Hold hold(range->arena->lock);
    range->arena->guarded = nullptr;
    Ranges& all = ranges();
    Hold holdAll(all.lock);
    all.all.erase(range);
  }
  delete range;
}

bool disableGuard() {
  Ranges& all = ranges();
  Hold hold(all.lock);
  if (!all.isUsed) all.isDisabled = true;
  return !all.isUsed;
}

// Handlers that others add come first only if they ask for it, and then on purpose.
void rearmGuard() {}

// --- reports ---

void reportFault() {
  if (const HANDLE event = reports) SetEvent(event);
}

Status watchFaults(void (*report)()) {
  if (reports.load()) return {};
  const HANDLE event = CreateEventW(nullptr, FALSE, FALSE, nullptr);
  if (!event) return last("CreateEvent");
  struct Watcher {
    HANDLE event;
    void (*report)();
  };
  auto* const watcher = new Watcher{event, report};
  const HANDLE thread = CreateThread(
      nullptr, 0,
      [](void* argument) -> DWORD {
        const auto* const own = static_cast<Watcher*>(argument);
        while (WaitForSingleObject(own->event, INFINITE) == WAIT_OBJECT_0) own->report();
        return 0;
      },
      watcher, 0, nullptr);
  if (!thread) {
    const Status status = last("CreateThread");
    CloseHandle(event);
    delete watcher;
    return status;
  }
  CloseHandle(thread);
  reports = event;
  return {};
}

}  // namespace fmmap::platform
