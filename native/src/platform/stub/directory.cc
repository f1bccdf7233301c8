// Directories on a system that has none of it: see platform/directory.h. Proves that the contract is complete (scripts/check-stub.mjs).
#include "platform/directory.h"

#include <cerrno>

namespace fmmap::platform {

int directoryFlags() { return 0; }

Status openDirectory(const Place&, Handle*) { return Status::system(ENOSYS, "open"); }

Status openParent(const Place&, Handle*) { return Status::system(ENOSYS, "open"); }

Status holdDirectory(const Place&, Handle*) { return Status::system(ENOSYS, "open"); }

bool canSyncDirectories() { return true; }

Status syncDirectory(Handle) { return Status::system(ENOSYS, "fsync"); }

bool absolutePath(const Place&, Handle, std::string*) { return false; }

Status createNew(Handle, const std::string&, int, Handle*) { return Status::system(ENOSYS, "open"); }

Status createUnnamed(Handle, const std::string&, int, Handle*) { return Status::system(ENOSYS, "open"); }

Status giveName(Handle, Handle, const std::string&) { return Status::system(ENOSYS, "open"); }

Status setLike(Handle, const Entry&) { return Status::system(ENOSYS, "fchown"); }

Status removeEntry(Handle, const std::string&, const Identity&) { return Status::system(ENOSYS, "unlink"); }

Status findEntry(Handle, const std::string&, const Identity*, Entry*) { return Status::system(ENOSYS, "lstat"); }

Status replaceEntry(Handle, const std::string&, const std::string&) { return Status::system(ENOSYS, "rename"); }

}  // namespace fmmap::platform
