// Which mapping a handle belongs to. The process has one registry, so that worker threads find each other's mappings; each
// environment releases its own handles when it ends.
//
// Its mutex is taken when handles come and go. A thread finds a mapping without it, by a Lookup of its own.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "mapping/mapping.h"

namespace fmmap::registry {

/** A handle, as threads that have found it see it. */
struct Slot {
  explicit Slot(const std::shared_ptr<Mapping>& of) : mapping(of) {}
  const std::shared_ptr<Mapping> mapping;
  std::atomic<bool> isReleased{false};  // set before anything of the handle is taken away
};

/**
 * Finds mappings for one thread. Handles that it has found before are found without a lock: it keeps their mappings, closed or
 * not, until it has found as many others.
 */
class Lookup {
 public:
  /** Null if the handle is gone. Stays until the next call. */
  Mapping* find(HandleId id) {
    const Known& known = known_[id % known_.size()];
    if (known.id != id && !learn(id)) return nullptr;
    return known.slot->isReleased.load(std::memory_order_acquire) ? nullptr : known.slot->mapping.get();
  }

 private:
  bool learn(HandleId id);

  struct Known {
    HandleId id = ~HandleId{0};  // which no handle has
    std::shared_ptr<const Slot> slot;
  };
  std::array<Known, 64> known_;
};

/** An environment starts; releaseAll() ends it. */
void enter(const void* environment);
/** A handle to a mapping, which ends with `environment`. 0 if that has ended, or if the mapping is closed. */
HandleId add(const std::shared_ptr<Mapping>& mapping, const void* environment);
/** Gives a handle to another environment; false if it is gone. */
bool take(HandleId id, const void* environment);
/** The mappings of all handles; some may be there several times. */
std::vector<std::shared_ptr<Mapping>> all();
/** Whether nothing of it is left. A handle is not found any more shortly before that. */
bool isGone(HandleId id);
/** A secret that cannot be guessed, by which other threads find the mapping of a handle; empty if that is gone. */
Status share(HandleId id, std::string* secret);
std::shared_ptr<Mapping> findShared(const std::string& secret);
/** What all views of a handle over a window keep: its memory, and the handle. Null if it has no such window of `end` bytes. */
Keeper viewsOf(HandleId id, const std::uint8_t* data, std::size_t end);
/** Takes the handle away; the mapping closes with its last one. */
void release(HandleId id);
/** Likewise, except for what its views show, which goes with the last of them. */
void disown(HandleId id);
/** All of an environment's; their views stay if there are other environments that they may have been moved to. */
void releaseAll(const void* environment);

}  // namespace fmmap::registry
