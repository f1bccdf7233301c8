// The contract with the system, 1 of 5: files. `Status`, `Fault` and these five headers are all that the shared code knows
// of a system; binding.gyp chooses the folder that implements them, one file for each header.
//
// Windows shaped it as much as POSIX did: there a mapped file can be neither shortened (1224) nor deleted (5), so the shared
// code retires pages *before* it resizes or removes, and locks belong to a handle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/status.h"

namespace fmmap::platform {

using Handle = std::intptr_t;
inline constexpr Handle kNoHandle = -1;

// packages/core/src/binding.ts has the same numbers.
enum class Lock { none = 0, shared, exclusive };

struct Identity {
  std::uint64_t volume = 0;
  std::uint64_t file = 0;
  std::uint64_t fileHigh = 0;  // ReFS has numbers of 128 bits
  bool operator==(const Identity& other) const {
    return volume == other.volume && file == other.file && fileHigh == other.fileHigh;
  }
};

/** The results of fs.fstat(), in the order of Node's `Stats`; times in seconds, followed by nanoseconds. */
struct FileStat {
  std::int64_t device, mode, links, user, group, specialDevice, blockSize, file, size, blocks;
  std::int64_t accessed[2], modified[2], changed[2], born[2];
};

/**
 * A path, and the open directory that a relative one starts from; without one, the process's working directory. Or an open
 * file, for which `path` is only a name.
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
  std::uint32_t customFlags = 0;
  /** Arguments of CreateFile on Windows; -1 is what that platform chooses. */
  std::int64_t accessMode = -1, shareMode = -1, attributes = -1, securityQosFlags = -1;
};

// --- opening ---

/**
 * If this created the file, `parent` is its directory, which was opened first; otherwise there is none. A file that is open
 * already is opened again, with no more rights than it has: a lock belongs to one open(2), so a lock that was shared with the
 * other handle would not exclude its users, and would end when they unlock.
 */
Status open(const OpenRequest& request, const Place& place, Handle* file, Handle* parent);
/** A file without a name, in memory only. It ends with its last handle. */
Status openMemory(Handle* file);
/** The handle behind a descriptor of Node's; kNoHandle if there is none. */
Handle handleOf(int descriptor);
/** Another handle to the same open file, its lock included, to open() it by later. */
Status duplicate(Handle file, Handle* copy);
void close(Handle file);

// --- what a file is ---

Status size(Handle file, std::int64_t* bytes);
Status identity(Handle file, Identity* identity);
Status stat(Handle file, FileStat* stat);
/**
 * The size of the file that was opened at `place`. Refuses what can be opened but has no bytes to map: directories, devices,
 * /proc. `moved` says that the path leads to another file by now.
 */
Status inspect(Handle file, const Place& place, std::int64_t* bytes, bool* moved);

// --- changing it ---

/** Permission bits, whatever the umask. File systems without permissions are left alone. */
Status setMode(Handle file, int mode);
Status resize(Handle file, std::int64_t bytes);
Status allocate(Handle file, std::int64_t offset, std::int64_t length);
/** Reserves blocks that the file is about to grow into, if its file system can. Fails only if there are none. */
Status reserve(Handle file, std::int64_t offset, std::int64_t length);
Status sync(Handle file);

// --- reading, writing and copying ---

/** Up to `length` bytes: fewer at the end of the file. `count` is how many. */
Status read(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset, std::size_t* count);
enum class Presence { unknown, absent, present };
/** Whether all of it is in memory, or is being read in. Waits for nothing, and starts nothing. */
Presence presence(Handle file, std::int64_t offset, std::size_t length);
/**
 * Reads all of it without waiting for a disk. False if that is not possible or cannot be known; the bytes are then
 * unspecified.
 */
bool readCached(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset);
/**
 * Writes to the pages of the file in memory, where its maps show it at once. `count` says how much was written before it was no
 * longer possible, or nothing if it cannot be done that way; the rest can be stored through a map. Fails only if there is no
 * room for the rest.
 */
Status writeCached(Handle file, const std::uint8_t* from, std::size_t length, std::int64_t offset, std::size_t* count);
Status write(Handle file, const std::uint8_t* from, std::size_t length, std::int64_t offset);
/** Narrows `*from` to `*to` to its first part that is not a hole; to nothing, at `*to`, if all of it is a hole. */
void nextData(Handle file, std::int64_t* from, std::int64_t* to);
/** Makes a new file share all blocks of another one. False if they cannot. */
bool clone(Handle from, Handle to);
/** Copies inside the kernel, if it can; `copied` says how far it came before it could not. */
Status copyInKernel(Handle from, std::int64_t offset, std::int64_t length, Handle to, std::int64_t toOffset,
                    std::int64_t* copied);

// --- the advisory lock ---

/** Does not wait: `acquired` is false while another handle holds a conflicting lock. */
Status lock(Handle file, Lock kind, bool* acquired);

// --- errors ---

/** The name of an errno that Node may not know, or "". */
const char* errorName(int error);

}  // namespace fmmap::platform
