#include "registry.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace fmmap::registry {

namespace {

struct Entry {
  std::shared_ptr<Mapping> mapping;
  const void* environment;
  std::vector<std::uint8_t*> windows;
  int pins = 0;
};

std::mutex mutex;
Id last = 0;  // never used twice: a stale token must not find somebody else's mapping

std::unordered_map<Id, Entry>& entries() {
  // Never destroyed: environments may end after static destructors have begun.
  static auto* const map = new std::unordered_map<Id, Entry>();
  return *map;
}

std::unordered_map<const Mapping*, int>& counts() {
  static auto* const map = new std::unordered_map<const Mapping*, int>();
  return *map;
}

/** Work in the pool may come to its end after the environment that began it. */
std::unordered_set<const void*>& environments() {
  static auto* const set = new std::unordered_set<const void*>();
  return *set;
}

/** Outside the mutex: closing waits for work in flight. */
void finish(Entry entry, bool lastHandle) {
  while (entry.pins-- > 0) entry.mapping->unpinHandle();
  for (std::uint8_t* data : entry.windows) entry.mapping->release(data);
  if (lastHandle) entry.mapping->close();
}

}  // namespace

Id add(std::shared_ptr<Mapping> mapping, const void* environment) {
  std::lock_guard<std::mutex> guard(mutex);
  if (environments().count(environment) == 0) return 0;
  ++counts()[mapping.get()];
  entries().emplace(++last, Entry{std::move(mapping), environment, {}, 0});
  return last;
}

Id attach(Id other, const void* environment) {
  std::lock_guard<std::mutex> guard(mutex);
  const auto found = entries().find(other);
  if (found == entries().end() || found->second.mapping->closed()) return 0;
  ++counts()[found->second.mapping.get()];
  entries().emplace(++last, Entry{found->second.mapping, environment, {}, 0});
  return last;
}

void enter(const void* environment) {
  std::lock_guard<std::mutex> guard(mutex);
  environments().insert(environment);
}

bool take(Id id, const void* environment) {
  std::lock_guard<std::mutex> guard(mutex);
  const auto found = entries().find(id);
  if (found == entries().end()) return false;
  found->second.environment = environment;
  return true;
}

std::shared_ptr<Mapping> find(Id id) {
  std::lock_guard<std::mutex> guard(mutex);
  const auto found = entries().find(id);
  return found == entries().end() ? nullptr : found->second.mapping;
}

int handles(const Mapping* mapping) {
  std::lock_guard<std::mutex> guard(mutex);
  const auto found = counts().find(mapping);
  return found == counts().end() ? 0 : found->second;
}

void look(Id id, std::uint8_t* data) {
  std::lock_guard<std::mutex> guard(mutex);
  const auto found = entries().find(id);
  if (found != entries().end()) found->second.windows.push_back(data);
}

void forget(Id id, std::uint8_t* data) {
  std::unique_lock<std::mutex> guard(mutex);
  const auto found = entries().find(id);
  if (found == entries().end()) return;
  auto& windows = found->second.windows;
  const auto window = std::find(windows.begin(), windows.end(), data);
  if (window == windows.end()) return;
  windows.erase(window);
  const auto mapping = found->second.mapping;
  guard.unlock();
  mapping->release(data);
}

Status pin(Id id, platform::Handle* file) {
  const auto mapping = find(id);
  if (!mapping) return Status::make(Kind::closed, "fstat", "");
  if (Status status = mapping->pinHandle(file); !status) return status;
  std::lock_guard<std::mutex> guard(mutex);
  ++entries().at(id).pins;
  return {};
}

void unpin(Id id) {
  std::unique_lock<std::mutex> guard(mutex);
  const auto found = entries().find(id);
  if (found == entries().end() || found->second.pins == 0) return;
  --found->second.pins;
  const auto mapping = found->second.mapping;
  guard.unlock();
  mapping->unpinHandle();
}

void release(Id id) {
  std::unique_lock<std::mutex> guard(mutex);
  const auto found = entries().find(id);
  if (found == entries().end()) return;
  Entry entry = std::move(found->second);
  entries().erase(found);
  const auto count = counts().find(entry.mapping.get());
  const bool lastHandle = --count->second == 0;
  if (lastHandle) counts().erase(count);
  guard.unlock();
  finish(std::move(entry), lastHandle);
}

void releaseAll(const void* environment) {
  std::vector<Id> ids;
  {
    std::lock_guard<std::mutex> guard(mutex);
    environments().erase(environment);
    for (const auto& [id, entry] : entries()) {
      if (entry.environment == environment) ids.push_back(id);
    }
  }
  for (const Id id : ids) release(id);
}

}  // namespace fmmap::registry
