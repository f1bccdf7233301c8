// What a user does with the bytes and pages of an open mapping. Offsets count from the first visible byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mapping/mapping.h"

namespace fmmap::io {

Status stat(const Mapping& mapping, platform::FileStat* stat);
Status flush(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, bool wait);
Status advise(Mapping& mapping, HandleId handle, platform::Advice advice, std::int64_t offset, std::int64_t length);
Status lockMemory(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, bool lock);

// --- bringing bytes into memory ---
Status prefetch(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length);
/** A part of what readMany() reads. */
struct Extract {
  std::int64_t offset;
  std::size_t length;
};
/**
 * Copies parts of the file to `to`, one after the other, without mapping them. `isRead` says that all of it was there, and
 * that the file kept its length meanwhile; if not, the code that then reads it in another way finds out why.
 */
Status readMany(const Mapping& mapping, const std::vector<Extract>& parts, std::uint8_t* to, bool* isRead);

// --- writing without the map; nothing here waits for another thread ---
/**
 * Writes to the pages of the file by a system call, where storing into pages that the process has not touched yet costs
 * several times as much. `count` says how many of the bytes; the rest is to be stored through the map, which also tells what
 * is wrong. `isNew`: only if it seems that the process has not touched the pages. Otherwise it fails, with nothing lost, if the
 * disk is full.
 */
Status writeCached(Mapping& mapping, HandleId handle, std::int64_t offset, const std::uint8_t* from, std::size_t length,
                   bool isNew, std::size_t* count);

// --- what is in memory; nothing here waits for a disk ---
enum class Cached { no = 0, copied, mapped };  // mapped: it is in memory, and can be copied through the map only
/** Copies bytes that are in memory. A private mapping may have changed them, so those are not read from the file. */
Status readCached(Mapping& mapping, HandleId handle, std::int64_t offset, std::uint8_t* to, std::size_t length,
                  Cached* cached);
/** Whether touching the range waits for no disk. True only if that is certain. */
Status isResident(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, bool* resident);
/** One byte for each page, of which there is space for `space`. */
Status residency(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, std::uint8_t* pages,
                 std::size_t space);

}  // namespace fmmap::io
