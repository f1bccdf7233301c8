// The contract between the shared code and an operating system. Each platform folder implements
// every function here; binding.gyp picks the folder.
//
// Windows shaped it as much as POSIX: there a mapped file cannot shrink (1224) or be deleted (5)
// while a view is mapped, so the shared code retires pages *before* it resizes or removes; offsets
// follow granularity() (64 KiB there, the page elsewhere); locks belong to the handle; and
// retire() must leave the address range occupied (placeholders there, an anonymous filler here).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/fault.h"
#include "platform/status.h"

namespace fmmap::platform {

using Handle = std::intptr_t;
inline constexpr Handle kNoHandle = -1;

enum class Lock { none = 0, shared, exclusive };
enum class Access { read = 0, exec, write, copy };  // copy: private, the file never changes
enum class Advice {
  normal = 0, random, sequential, willneed, dontneed, hugepage, nohugepage, cold, pageout,
  collapse, populateRead, populateWrite, remove, mergeable, unmergeable, dontfork, dofork, dontdump, dodump,
};

struct Identity {
  std::uint64_t volume = 0;
  std::uint64_t file = 0;
  bool operator==(const Identity& other) const { return volume == other.volume && file == other.file; }
};

/** What has a name in a directory and may lose it to another file. */
struct Entry {
  bool isFile = false;  // else it is nothing, or a symbolic link, which has no permissions
  int mode = 0;
  std::int64_t user = 0, group = 0;
};

/** What fs.fstat() tells, in the order of Node's `Stats`; times in seconds, followed by nanoseconds. */
struct FileStat {
  std::int64_t device, mode, links, user, group, specialDevice, blockSize, file, size, blocks;
  std::int64_t accessed[2], modified[2], changed[2], born[2];
};

/**
 * A path, and the open directory that a relative one starts from; without one, the process's working directory. Or an open
 * file itself, for which `path` is but a name.
 */
struct Place {
  std::string path;
  Handle directory = kNoHandle;
  Handle file = kNoHandle;
};

struct OpenRequest {
  bool write = false;
  bool append = false;
  bool create = false;
  bool createNew = false;
  int mode = 0666;
  int customFlags = 0;
};

struct MapFlags {
  bool populate = false;
  bool stack = false;
  bool hugePages = false;
  bool noReserve = false;
  bool isPrivate = false;  // also without Access::copy
};

/** A window whose pages may vanish, and what is to be told then. */
struct Guarded {
  std::uint8_t* data;
  std::size_t capacity;
  std::atomic<std::uint8_t>* flag;  // of the window; stays until unguard()
  Handle file;
  std::int64_t offset;   // of data in the file
  Access access;
  bool isPrivate;
  Fault* fault;          // one for all windows of a mapping
};

/** A guarded window. */
struct Ward;

// --- facts ---
std::size_t pageSize();
std::size_t granularity();
/** Flags of open(2) for a directory that others are to be opened in. */
int directoryFlags();

// --- files ---
/** The absolute path of an open file, if one leads to it: not from where the caller may not walk, or too far down. */
bool absolutePath(const Place& place, const Identity& identity, std::string* path);
/**
 * If that made a file, `parent` is its directory, which was open before; else there is none. What is open already is opened
 * anew, with no more rights than it has: a lock belongs to what open(2) gave, and one that was shared with whoever has the
 * other handle would exclude nobody who has it too, and go when they give up theirs.
 */
Status open(const OpenRequest& request, const Place& place, Handle* file, Handle* parent);
/** In an open directory, under the last name of `path`. */
Status createNew(Handle parent, const std::string& path, int mode, Handle* file);
/** Permission bits, whatever the umask; of file systems that have none of their own nothing is asked. */
Status setMode(Handle file, int mode);
/** Owner, group and permissions of another file, as far as this process may give them; nobody gets more than there. */
Status setLike(Handle file, const Entry& entry);
/**
 * A file that has no name until giveName(), and is gone without one; kNoHandle where that cannot be had.
 * Something at `path` already is EEXIST.
 */
Status createUnnamed(Handle parent, const std::string& path, int mode, Handle* file);
Status giveName(Handle file, Handle parent, const std::string& path);
/** A file without a name, in memory only, gone with its last handle. */
Status openMemory(Handle* file);
/** Another handle on the same open file, its lock included, to open() it by later. */
Status duplicate(Handle file, Handle* copy);
void close(Handle file);
Status size(Handle file, std::int64_t* bytes);
Status identity(Handle file, Identity* identity);
Status stat(Handle file, FileStat* stat);
/**
 * Identity and size of what was opened at `place`. Refuses what has no bytes to map although it
 * opens: directories, devices, /proc. `moved` tells that the path leads to another file by now.
 */
Status inspect(Handle file, const Place& place, Identity* identity, std::int64_t* bytes, bool* moved);
Status resize(Handle file, std::int64_t bytes);
Status allocate(Handle file, std::int64_t offset, std::int64_t length);
/** Sets blocks aside that the file is about to grow into, where its file system can. Fails only where there are none. */
Status reserve(Handle file, std::int64_t offset, std::int64_t length);
/** Makes `*from` to `*to` the first part of itself that is more than a hole; empty, at `*to`, if all of it is one. */
void nextData(Handle file, std::int64_t* from, std::int64_t* to);
/** Up to `length` bytes: fewer where the file ends. */
Status read(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset);
Status write(Handle file, const std::uint8_t* from, std::size_t length, std::int64_t offset);
Status sync(Handle file);
/** Reads where that waits for no disk; false, with bytes of whatever kind, where it does or cannot be known. */
bool readCached(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset);
/** Has a new file share all blocks of another one. False where that cannot be had. */
bool clone(Handle from, Handle to);
/** Inside the kernel where it can; `copied` says how far it came before it could not. */
Status copyInKernel(Handle from, std::int64_t offset, std::int64_t length, Handle to, std::int64_t toOffset,
                    std::int64_t* copied);
/** Does not wait: `acquired` is false when somebody else holds a conflicting lock. */
Status lock(Handle file, Lock kind, bool* acquired);

// --- memory; addresses and lengths are multiples of the page ---
/** Whether there are addresses for so many bytes, and enough left for everybody else. */
Status probe(std::size_t length);
Status map(Handle file, std::int64_t offset, std::uint8_t* at, std::size_t length, Access access, MapFlags flags);
/** Replaces pages by private zeroes in place, so that no address is ever free while a view may see it. */
Status retire(std::uint8_t* at, std::size_t length);
/** Whether retire() would succeed for so many bytes. */
Status probeFiller(std::size_t length);
/** Fails if so many areas more were too many: the kernel counts them, and others in the process need some. */
Status claimAreas(std::size_t count, const char* syscall);
void releaseAreas(std::size_t count);
/** Keeps pages from being merged with their neighbours and split off again each time those are mapped. */
void setApart(std::uint8_t* at, std::size_t length);
Status protect(std::uint8_t* at, std::size_t length, Access access);
Status flush(std::uint8_t* at, std::size_t length);
Status startFlush(Handle file, std::int64_t offset, std::int64_t length);
Status advise(std::uint8_t* at, std::size_t length, Advice advice);
/** Whether the system has such an advice; not every mapping takes it. */
bool hasAdvice(Advice advice);
/** Whether the system notes an advice for the pages, which makes areas of their own of those before and after. */
bool splitsAreas(Advice advice);
Status populate(std::uint8_t* at, std::size_t length, bool write);
/** Whether residency() is true for this file: to others than its owners and writers a system may say yes always. */
bool tellsResidency(Handle file);
Status residency(std::uint8_t* at, std::size_t length, std::uint8_t* pages);
Status lockMemory(std::uint8_t* at, std::size_t length, bool lock);
/** memmem(3): where `needle` first occurs, or null. It has at least two bytes. */
const std::uint8_t* find(const std::uint8_t* data, std::size_t length, const std::uint8_t* needle, std::size_t size);

// --- faults ---
// A load or a store that finds no page, or no permission, in a guarded window: the guard sets the
// fault, raises the flags of all windows that have it, puts a page there and lets the program go on.
/** What is the matter with the page at `offset` of a file; none if it can be had by now. */
Why whyLost(Handle file, std::int64_t offset, bool store);
/** The name of a system's error that Node may not know, or "". */
const char* errorName(int error);
/** nullptr where the guard was disabled. Call with the file mapped. */
Ward* guard(const Guarded& window);
void setAccess(Ward* ward, Access access);
/** From here on to unguard() the pages are the caller's: threads that fault there wait. */
void suspend(Ward* ward);
void unguard(Ward* ward);
/** For programs that handle faults themselves. False if there is, or was, a guarded window. */
bool disableGuard();
/** Sees to it that faults come to us first, whoever has taken them over since. */
void rearmGuard();
/** Has `report` called, on a thread of its own, whenever there was a fault. Once in a process. */
Status watchFaults(void (*report)());
void reportFault();

// --- directories ---
Status openDirectory(const Place& place, Handle* directory);
Status openParent(const Place& place, Handle* directory);
/** Another handle on the directory that a relative path starts from, to start from it later. */
Status holdDirectory(const Place& place, Handle* directory);
Status syncDirectory(Handle directory);
/** Unlinks the last name of `path` in its open parent, only if it still is the file with `identity`. */
Status removeEntry(Handle parent, const std::string& path, const Identity& identity);
/**
 * What has the last name of `path` in its open parent: nothing, a link or a file, and if `only` is given, the file with that
 * identity. Fails for anything else, such as a directory.
 */
Status findEntry(Handle parent, const std::string& path, const Identity* only, Entry* entry);
/** Gives what is called `name` in a directory the last name of `path`, in place of what has that, in one step. */
Status replaceEntry(Handle parent, const std::string& name, const std::string& path);

}  // namespace fmmap::platform
