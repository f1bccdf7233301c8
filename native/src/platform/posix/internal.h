// Not part of the contract: helpers that the POSIX files share, and what linux.cc and darwin.cc provide to them.
//
// Where Linux and macOS differ altogether, those two implement functions of the contract themselves.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/directory.h"
#include "platform/memory.h"

namespace fmmap::platform {

// --- helpers ---

inline int fd(Handle file) { return static_cast<int>(file); }

/** The directory that a path starts from, for openat(2) and its like. */
inline int startOf(const Place& place) { return place.directory == kNoHandle ? AT_FDCWD : fd(place.directory); }

inline Identity identityOf(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino)};
}

/** The error of the last system call. */
inline Status last(const char* syscall) { return Status::system(errno, syscall); }

template <typename Call>
int retry(Call call) {
  int result;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

/** What a FIFO or a terminal cannot block, and no child inherits. */
inline constexpr int kOpenFlags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

inline int openDescriptor(int directory, const char* path, int flags, int mode) {
  return retry([&] { return ::openat(directory, path, flags | kOpenFlags, mode); });
}

/** The last name of a path (directory.cc). */
std::string entryOf(const std::string& path);

/** Reserves areas for a repair by the guard. It asks nothing of the system, and so may be off by some (memory.cc). */
bool claimAreasAtOnce(std::size_t count);

// --- linux.cc and darwin.cc; descriptors and results as of system calls: -1 with errno ---

/** The absolute path of an open directory, or of the working directory (AT_FDCWD); empty if it has none. */
std::string nameOfDirectory(int directory);
/** Of open(2), for a directory in which only names are to be looked up. */
int searchFlag();
/** Opens an open file again, by itself and not by its path. */
int reopenDescriptor(int file, int flags);
/** A nameless file in memory. */
int memoryDescriptor();
/** A new file without a name in a directory; ENOTSUP if there is no such thing. */
int unnamedDescriptor(int directory, int mode);
int nameDescriptor(int file, int directory, const char* name);
/** fsync(2) as strong as the system has it. */
int syncDescriptor(int file);
/** Returns an errno. */
int allocateBlocks(int file, std::int64_t offset, std::int64_t length);
/** Whether the pages of a file are larger than those of memory, so that nothing can be mapped right after it. */
bool hasHugePages(int file);
/** Whether SEEK_DATA knows of what was stored through memory. */
bool tellsHoles(int file);

int mapFlagBits(MapFlags flags);
/** -1 if the system has no such advice. */
int adviseBits(Advice advice);
/** The areas that a process may have, and those that this one has; 0 if that cannot be known. */
std::size_t areaLimit();
std::size_t countAreas();
/** mincore(2). */
int findResident(std::uint8_t* at, std::size_t length, std::uint8_t* pages);
/** mlock(2); it may leave it to the caller to have the pages read in. */
int lockPages(std::uint8_t* at, std::size_t length);
/** False, with errno, if the kernel cannot: the caller then touches the pages itself. */
bool populatePages(std::uint8_t* at, std::size_t length, bool write);

/** The errno if the disk has no room for these bytes of a file, which a thread wanted to store or to load; otherwise 0. */
int noRoom(int file, std::int64_t offset, std::int64_t length, bool store);
enum class Touch { unknown, read, write, execute };
/** What a faulting instruction did, from the ucontext_t of its signal. */
Touch touchOf(const void* context);
/** Whether a code of SIGBUS or SIGSEGV is about a page that the guard may put in place. */
bool isAboutPage(int signal, int code);
/** Whether a signal may say that a store was not permitted, and not only that there is no page. */
bool mayBeForbidden(int signal);
/** Whether a code of SIGBUS or SIGSEGV says that no instruction caused it. */
bool isSent(int code);
std::uint64_t currentThread();
bool isAlive(std::uint64_t thread);
/** Sends a signal to this thread again, as it came. */
void resend(int signal, siginfo_t* info);

}  // namespace fmmap::platform
