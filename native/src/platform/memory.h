// The contract with the system, 3 of 5: mapped memory. Addresses and lengths are multiples of the page.
//
// Offsets of files are multiples of pageSize(), too, and retire() leaves the range of addresses occupied.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/file.h"

namespace fmmap::platform {

// packages/core/src/binding.ts has the same numbers.
enum class Access { read = 0, exec, write, copy };  // copy: private, the file never changes

// packages/core/src/advice.ts has the same order.
enum class Advice {
  normal = 0, random, sequential, willneed, dontneed, hugepage, nohugepage, cold, pageout,
  collapse, populateRead, populateWrite, remove, mergeable, unmergeable, dontfork, dofork, dontdump, dodump,
};

struct MapFlags {
  bool populate = false;
  bool stack = false;
  bool hugePages = false;
  bool noReserve = false;
  bool isPrivate = false;  // even without Access::copy
};

/** What this system lacks, without which no file can be mapped; empty if nothing. Asked when the addon is loaded. */
const char* lacks();
std::size_t pageSize();
/**
 * Whether the system refuses to cut or delete a file of which pages are mapped, and to map pages that it does not have. Then
 * pages are taken away before a change of it, and mapped again after.
 */
bool viewsHoldFile();
/** Whether a file can be mapped over memory that is not ours: V8's, for WebAssembly code. */
bool canMapGuests();

// --- mapping ---

/** Whether the process has addresses for so many bytes, and enough left for everything else. */
Status probe(std::size_t length);
Status map(Handle file, std::int64_t offset, std::uint8_t* at, std::size_t length, Access access, MapFlags flags);
/** Replaces pages by private zeroes in place, so that no address is ever free while a view may use it. */
Status retire(std::uint8_t* at, std::size_t length);
/** Only if viewsHoldFile(): takes pages of a file away; threads that touch them wait until something is mapped there. */
Status lift(std::uint8_t* at, std::size_t length);
/** Whether retire() would succeed for so many bytes. */
Status probeFiller(std::size_t length);
Status protect(std::uint8_t* at, std::size_t length, Access access);
/** Keeps pages from being merged with their neighbours, and split off again, each time those are mapped. */
void setApart(std::uint8_t* at, std::size_t length);

// --- areas, of which the kernel allows a process only so many ---

/** Fails if so many areas more would be too many: others in the process need some, too. Those that end need not be told. */
Status claimAreas(std::size_t count, const char* syscall);

// --- pages ---

Status flush(std::uint8_t* at, std::size_t length);
Status startFlush(Handle file, std::int64_t offset, std::int64_t length);
Status populate(std::uint8_t* at, std::size_t length, bool write);
/** Whether a store to this byte causes no fault, or that cannot be told. Found out by storing `value`. */
bool isAtHand(std::uint8_t* at, std::uint8_t value);
/** Whether residency() is true for this file: a system may say "all of it" to anyone but its owners and writers. */
bool tellsResidency(Handle file);
Status residency(std::uint8_t* at, std::size_t length, std::uint8_t* pages);
Status lockMemory(std::uint8_t* at, std::size_t length, bool lock);
/** For no bytes, only the advice is checked, as madvise(2) documents. */
Status advise(std::uint8_t* at, std::size_t length, Advice advice);
/** Whether the system has this advice; not every mapping takes it. */
bool hasAdvice(Advice advice);
/** Whether the system records the advice for the pages, which makes areas of their own of those before and after. */
bool splitsAreas(Advice advice);

// --- bytes ---

/** memmem(3): where `needle`, of two bytes or more, first occurs, or null. */
const std::uint8_t* find(const std::uint8_t* data, std::size_t length, const std::uint8_t* needle, std::size_t size);
/** Unpredictable bytes. Opens no file: a process may have no descriptor left, and std::random_device takes one. */
Status fillRandom(std::uint8_t* to, std::size_t length);

}  // namespace fmmap::platform
