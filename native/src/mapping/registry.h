// Which mapping a JavaScript handle means. The registry is one for the process, so that worker
// threads find each other's mappings; each environment releases its own handles when it ends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace fmmap::registry {

/** An environment starts; releaseAll() ends it. */
void enter(const void* environment);
/** A handle to a mapping; `environment` is what it ends with. 0 if that has ended, or if the mapping is closed. */
HandleId add(const std::shared_ptr<Mapping>& mapping, const void* environment);
/** Gives a handle to another environment; false if it is gone. */
bool take(HandleId id, const void* environment);
std::shared_ptr<Mapping> find(HandleId id);
/** Those of all handles; one may be among them several times. */
std::vector<std::shared_ptr<Mapping>> all();
/** Whether nothing of it is left. It is not found any more a moment before. */
bool isGone(HandleId id);
/** A word that nobody can guess, by which other threads find the mapping of a handle; empty if that is gone. */
std::string share(HandleId id);
std::shared_ptr<Mapping> findShared(const std::string& secret);
/** What all views of a handle over a window keep: its memory, and the handle. Null if it has no such window of `end` bytes. */
Keeper viewsOf(HandleId id, const std::uint8_t* data, std::size_t end);
/** Takes the handle away; the mapping closes with its last one. */
void release(HandleId id);
/** Likewise, but for what its views show: with the last of them. */
void disown(HandleId id);
/** All of an environment's; views go on where there are others that they may have been moved to. */
void releaseAll(const void* environment);

}  // namespace fmmap::registry
