// Mapped memory on a system that has none of it: see platform/memory.h. Proves that the contract is complete (scripts/check-stub.mjs).
#include "platform/memory.h"

#include <algorithm>
#include <cerrno>

namespace fmmap::platform {

const char* lacks() { return ""; }

std::size_t pageSize() { return 4096; }

bool viewsHoldFile() { return false; }

bool canMapGuests() { return false; }

Status probe(std::size_t) { return Status::system(ENOSYS, "mmap"); }

Status map(Handle, std::int64_t, std::uint8_t*, std::size_t, Access, MapFlags) { return Status::system(ENOSYS, "mmap"); }

Status retire(std::uint8_t*, std::size_t) { return Status::system(ENOSYS, "mmap"); }

Status lift(std::uint8_t*, std::size_t) { return Status::system(ENOSYS, "munmap"); }

Status probeFiller(std::size_t) { return Status::system(ENOSYS, "mmap"); }

Status protect(std::uint8_t*, std::size_t, Access) { return Status::system(ENOSYS, "mprotect"); }

void setApart(std::uint8_t*, std::size_t) {}

Status claimAreas(std::size_t, const char* syscall) { return Status::system(ENOSYS, syscall); }

Status flush(std::uint8_t*, std::size_t) { return Status::system(ENOSYS, "msync"); }

Status startFlush(Handle, std::int64_t, std::int64_t) { return Status::system(ENOSYS, "sync_file_range"); }

Status populate(std::uint8_t*, std::size_t, bool) { return Status::system(ENOSYS, "madvise"); }

bool isAtHand(std::uint8_t*, std::uint8_t) { return true; }

bool tellsResidency(Handle) { return false; }

Status residency(std::uint8_t*, std::size_t, std::uint8_t*) { return Status::system(ENOSYS, "mincore"); }

Status lockMemory(std::uint8_t*, std::size_t, bool) { return Status::system(ENOSYS, "mlock"); }

Status advise(std::uint8_t*, std::size_t, Advice) { return Status::system(ENOSYS, "madvise"); }

bool hasAdvice(Advice) { return false; }

bool splitsAreas(Advice) { return false; }

Status fillRandom(std::uint8_t*, std::size_t) { return Status::system(ENOSYS, "getrandom"); }

const std::uint8_t* find(const std::uint8_t* data, std::size_t length, const std::uint8_t* needle, std::size_t size) {
  const auto* const end = data + length;
  const auto* const found = std::search(data, end, needle, needle + size);
  return found == end ? nullptr : found;
}

}  // namespace fmmap::platform
