// Which mapping a JavaScript handle means. The registry is one for the process, so that worker
// threads find each other's mappings; each environment releases its own handles when it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mapping.h"

namespace fmmap::registry {

using Id = std::uint64_t;

/** An environment begins; releaseAll() ends it. */
void enter(const void* environment);
/** A handle with a mapping of its own; `environment` is whom it dies with. 0 if that has ended. */
Id add(std::shared_ptr<Mapping> mapping, const void* environment);
/** Another handle to the mapping of `other`; 0 if that is gone. */
Id attach(Id other, const void* environment);
/** Gives a handle to another environment; false if it is gone. */
bool take(Id id, const void* environment);
std::shared_ptr<Mapping> find(Id id);
int handles(const Mapping* mapping);
/** Notes that the handle looks through the window at `data`, or that it no longer does. */
void look(Id id, std::uint8_t* data);
void forget(Id id, std::uint8_t* data);
/** A pin that an environment takes with it when it ends, as a terminated worker does. */
Status pin(Id id, platform::Handle* file);
void unpin(Id id);
/** Takes the handle away; the mapping closes with its last one. */
void release(Id id);
void releaseAll(const void* environment);

}  // namespace fmmap::registry
