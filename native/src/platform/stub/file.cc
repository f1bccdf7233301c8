// Files on a system that has none of it: see platform/file.h. Proves that the contract is complete (scripts/check-stub.mjs).
#include "platform/file.h"

#include <cerrno>

namespace fmmap::platform {

Status open(const OpenRequest&, const Place&, Handle*, Handle*) { return Status::system(ENOSYS, "open"); }

Status openMemory(Handle*) { return Status::system(ENOSYS, "memfd_create"); }

Handle handleOf(int) { return kNoHandle; }

Status duplicate(Handle, Handle*) { return Status::system(ENOSYS, "dup"); }

void close(Handle) {}

Status size(Handle, std::int64_t*) { return Status::system(ENOSYS, "fstat"); }

Status identity(Handle, Identity*) { return Status::system(ENOSYS, "fstat"); }

Status stat(Handle, FileStat*) { return Status::system(ENOSYS, "fstat"); }

Status inspect(Handle, const Place&, std::int64_t*, bool*) { return Status::system(ENOSYS, "fstat"); }

Status setMode(Handle, int) { return Status::system(ENOSYS, "fchmod"); }

Status resize(Handle, std::int64_t) { return Status::system(ENOSYS, "ftruncate"); }

Status allocate(Handle, std::int64_t, std::int64_t) { return Status::system(ENOSYS, "posix_fallocate"); }

Status reserve(Handle, std::int64_t, std::int64_t) { return Status::system(ENOSYS, "fallocate"); }

Status sync(Handle) { return Status::system(ENOSYS, "fsync"); }

Status read(Handle, std::uint8_t*, std::size_t, std::int64_t, std::size_t*) { return Status::system(ENOSYS, "pread"); }

Presence presence(Handle, std::int64_t, std::size_t) { return Presence::unknown; }

bool readCached(Handle, std::uint8_t*, std::size_t, std::int64_t) { return false; }

Status writeCached(Handle, const std::uint8_t*, std::size_t, std::int64_t, std::size_t* count) {
  *count = 0;
  return {};
}

Status write(Handle, const std::uint8_t*, std::size_t, std::int64_t) { return Status::system(ENOSYS, "write"); }

void nextData(Handle, std::int64_t*, std::int64_t*) {}

bool clone(Handle, Handle) { return false; }

Status copyInKernel(Handle, std::int64_t, std::int64_t, Handle, std::int64_t, std::int64_t*) { return {}; }

Status lock(Handle, Lock, bool*) { return Status::system(ENOSYS, "flock"); }

const char* errorName(int error) { return error == ENOSYS ? "ENOSYS" : ""; }

}  // namespace fmmap::platform
