// The few places where POSIX systems differ; linux.cc and darwin.cc implement them.
#pragma once

#include <signal.h>
#include <sys/stat.h>

#include "platform/platform.h"

namespace fmmap::platform {

/** The last name of a path. */
std::string entryOf(const std::string& path);
inline Identity identityOf(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino)};
}
/** The absolute path of an open directory, or of the working directory (AT_FDCWD); empty if it has none. */
std::string nameOfDirectory(int directory);
/** Of open(2), for a directory in which nothing but names are to be looked up. */
int searchFlag();

int mapFlagBits(MapFlags flags);
/** A file that is open, opened anew, by itself and not by its path; or -1 with errno. */
int reopenDescriptor(int file, int flags);
/** A file descriptor of a nameless file in memory, or -1 with errno. */
int memoryDescriptor();
/** A new file without a name in a directory, or -1 with errno, ENOTSUP where there is no such thing. */
int unnamedDescriptor(int directory, int mode);
int nameDescriptor(int file, int directory, const char* name);
/** With the time of birth, where it is known. */
int statDescriptor(int file, FileStat* stat);
/** fsync as strong as the system has it. */
int syncDescriptor(int file);
int allocateBlocks(int file, std::int64_t offset, std::int64_t length);
int adviseBits(Advice advice);  // -1: this system has no such advice
/** Sets blocks aside, past the end of the file, too, and leaves its size; errno. */
int reserveBlocks(int file, std::int64_t offset, std::int64_t length);
/** Whether the pages of a file are larger than those of memory, so that nothing can be mapped right after it. */
bool hasHugePages(int file);
/** Whether SEEK_DATA knows of what was stored through memory. */
bool tellsHoles(int file);
/** Areas that a process may have mapped, and those that this one has; 0 if that cannot be known. */
std::size_t areaLimit();
std::size_t countAreas();
/** Changes nothing but that the kernel sees pages of another kind. */
void setApartPages(std::uint8_t* at, std::size_t length);
/** mlock(2); it may leave it to the caller to have the pages read in. */
int lockPages(std::uint8_t* at, std::size_t length);
/** False, with errno, where the kernel cannot: the caller then touches the pages itself. */
bool populatePages(std::uint8_t* at, std::size_t length, bool write);
/** The errno if the disk has no room for these bytes of a file, which somebody wanted to store or to load; else 0. */
int noRoom(int file, std::int64_t offset, std::int64_t length, bool store);
enum class Touch { unknown, read, write, execute };
/** What a fault was about, from the ucontext_t of its signal. */
Touch touchOf(const void* context);
/** Whether a code of SIGBUS or SIGSEGV is about a page that may be put in place. */
bool isAboutPage(int signal, int code);
/** Whether a signal may say that a store was not permitted, and not only that there is no page. */
bool mayBeForbidden(int signal);
/** Whether a code of SIGBUS or SIGSEGV says that no instruction is at fault. */
bool isSent(int code);
std::uint64_t currentThread();
bool isAlive(std::uint64_t thread);
/** Sends a signal to this thread as it came. */
void resend(int signal, siginfo_t* info);
int startWriting(int file, std::int64_t offset, std::int64_t length);
bool cloneBlocks(int from, int to);
bool copyWithinKernel(int from, std::int64_t offset, std::int64_t length, int to, std::int64_t toOffset,
                      std::int64_t* copied);
/** For the guard: room for areas that a repair makes. Asks nobody, and so may be wrong by some. */
bool claimAreasAtOnce(std::size_t count);

}  // namespace fmmap::platform
