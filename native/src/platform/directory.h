// The contract with the system, 2 of 5: directories, and files by their name in an open one.
#pragma once

#include <cstdint>
#include <string>

#include "platform/file.h"

namespace fmmap::platform {

/** What has a name in a directory, and may lose it to another file. */
struct Entry {
  bool isFile = false;  // otherwise nothing, or a symbolic link, which has no permissions
  int mode = 0;
  std::int64_t user = 0, group = 0;
};

// --- directories ---

/** Flags of open(2) for a directory that others are to be opened in. */
int directoryFlags();
Status openDirectory(const Place& place, Handle* directory);
/** The directory that has the last name of the path. */
Status openParent(const Place& place, Handle* directory);
/** Another handle to the directory that a relative path starts from, for later use. */
Status holdDirectory(const Place& place, Handle* directory);
/** Whether it is syncDirectory() that makes changes of names durable, and not the file system by itself. */
bool canSyncDirectories();
/** Makes changes of names durable. */
Status syncDirectory(Handle directory);
/**
 * The absolute path of a file that was opened at `place`. False if none leads to it: the caller may not search a directory, or it
 * is too long.
 */
bool absolutePath(const Place& place, Handle file, std::string* path);

// --- names in an open directory: the last one of `path` ---

Status createNew(Handle parent, const std::string& path, int mode, Handle* file);
/**
 * A file that has no name until giveName(), and disappears without one; kNoHandle if there is no such thing here.
 * EEXIST if the name is taken.
 */
Status createUnnamed(Handle parent, const std::string& path, int mode, Handle* file);
Status giveName(Handle file, Handle parent, const std::string& path);
/** Gives a file the owner, group and permissions of another, as far as this process may; never more rights than there. */
Status setLike(Handle file, const Entry& entry);
/** Unlinks a name, only if it still is that of the file with `identity`. */
Status removeEntry(Handle parent, const std::string& path, const Identity& identity);
/**
 * What has a name: nothing, a link or a file, and if `only` is given, the file with that identity. Fails for anything else,
 * such as a directory.
 */
Status findEntry(Handle parent, const std::string& path, const Identity* only, Entry* entry);
/** Renames `name` in the directory to the last name of `path`, in one step, and in place of what has that. */
Status replaceEntry(Handle parent, const std::string& name, const std::string& path);

}  // namespace fmmap::platform
