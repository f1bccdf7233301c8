// Handles and their mappings: see registry.h.
#include "mapping/registry.h"

#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mapping/random-digits.h"

namespace fmmap::registry {

namespace {

struct Entry {
  std::shared_ptr<Mapping> mapping;  // null while the handle is being taken away
  const void* environment;           // null once that has ended, and views are left
  std::shared_ptr<Slot> slot;        // what threads that know the handle look at
  bool isOwned = true;               // by an object of JavaScript's
  int views = 0;                     // windows with some
};

/** What the views of a handle over one window keep: the memory, and the handle. */
struct Views {
  std::shared_ptr<Mapping> mapping;
  HandleId handle;
  const std::uint8_t* data;
  Keeper memory;

  Views(std::shared_ptr<Mapping> of, HandleId id, const std::uint8_t* at, Keeper kept)
      : mapping(std::move(of)), handle(id), data(at), memory(std::move(kept)) {}
  Views(const Views&) = delete;
  ~Views();  // on any thread
};

struct Shared {
  std::string secret;
  std::weak_ptr<Mapping> mapping;
};

struct Registry {
  std::mutex mutex;
  HandleId last = 0;  // never used twice: an old number must not find another mapping
  std::unordered_map<HandleId, Entry> entries;
  /** Work in the pool may end after the environment that started it. */
  std::unordered_set<const void*> environments;
  std::unordered_map<std::string, std::weak_ptr<Mapping>> shared;
  std::unordered_map<const Mapping*, std::string> secrets;
};

Registry& registry() {
  static auto* const one = new Registry();  // environments may end after static destructors
  return *one;
}

}  // namespace

void enter(const void* environment) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  all.environments.insert(environment);
}

HandleId add(const std::shared_ptr<Mapping>& mapping, const void* environment) {
  Registry& all = registry();
  std::unique_lock<std::mutex> guard(all.mutex);
  if (all.environments.count(environment) == 0) return 0;
  const HandleId id = ++all.last;
  if (!mapping->join(id)) return 0;
  all.entries.emplace(id, Entry{mapping, environment, std::make_shared<Slot>(mapping)});
  return id;
}

bool take(HandleId id, const void* environment) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.entries.find(id);
  if (found == all.entries.end() || !found->second.mapping) return false;
  found->second.environment = environment;
  return true;
}

bool Lookup::learn(HandleId id) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.entries.find(id);
  if (found == all.entries.end()) return false;
  known_[id % known_.size()] = {id, found->second.slot};
  return true;
}

std::vector<std::shared_ptr<Mapping>> all() {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  std::vector<std::shared_ptr<Mapping>> mappings;
  for (const auto& [id, entry] : all.entries) {
    if (entry.mapping) mappings.push_back(entry.mapping);
  }
  return mappings;
}

bool isGone(HandleId id) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  return all.entries.count(id) == 0;
}

Status share(HandleId id, std::string* secret) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.entries.find(id);
  if (found == all.entries.end() || !found->second.mapping) return {};
  const auto& mapping = found->second.mapping;
  const auto known = all.secrets.find(mapping.get());
  if (known != all.secrets.end()) {
    *secret = known->second;
    return {};
  }
  std::string made;
  if (Status status = addRandomDigits<16>(&made); !status) return status;
  all.secrets.emplace(mapping.get(), made);
  all.shared.emplace(made, mapping);
  *secret = std::move(made);
  return {};
}

std::shared_ptr<Mapping> findShared(const std::string& secret) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.shared.find(secret);
  return found == all.shared.end() ? nullptr : found->second.lock();
}

void release(HandleId id) {
  Registry& all = registry();
  std::shared_ptr<Mapping> mapping;
  {
    std::lock_guard<std::mutex> guard(all.mutex);
    const auto found = all.entries.find(id);
    if (found == all.entries.end()) return;
    found->second.slot->isReleased = true;
    mapping = std::move(found->second.mapping);
  }
  if (!mapping) return;
  // Outside the mutex: it takes the windows away.
  const bool wasLast = mapping->leave(id);
  std::lock_guard<std::mutex> guard(all.mutex);
  all.entries.erase(id);
  if (!wasLast) return;
  const auto secret = all.secrets.find(mapping.get());
  if (secret == all.secrets.end()) return;
  all.shared.erase(secret->second);
  all.secrets.erase(secret);
}

Keeper viewsOf(HandleId id, const std::uint8_t* data, std::size_t end) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.entries.find(id);
  if (found == all.entries.end() || !found->second.mapping) return nullptr;
  Entry& entry = found->second;
  return entry.mapping->viewsOf(id, data, end, [&](const Keeper& memory) {
    ++entry.views;
    return std::make_shared<Views>(entry.mapping, id, data, memory);
  });
}

namespace {

Views::~Views() {
  mapping->windows().endViews(handle, data);
  Registry& all = registry();
  {
    std::lock_guard<std::mutex> guard(all.mutex);
    const auto found = all.entries.find(handle);
    if (found == all.entries.end() || --found->second.views > 0 || found->second.isOwned) return;
  }
  release(handle);
}

}  // namespace

void disown(HandleId id) {
  Registry& all = registry();
  std::shared_ptr<Mapping> mapping;
  {
    std::lock_guard<std::mutex> guard(all.mutex);
    const auto found = all.entries.find(id);
    if (found == all.entries.end()) return;
    found->second.isOwned = false;
    if (found->second.views > 0) mapping = found->second.mapping;
  }
  if (mapping) mapping->leaveViews(id);
  else release(id);
}

void releaseAll(const void* environment) {
  Registry& all = registry();
  std::vector<HandleId> ids;
  bool viewsGoOn;
  {
    std::lock_guard<std::mutex> guard(all.mutex);
    all.environments.erase(environment);
    viewsGoOn = !all.environments.empty();
    for (auto& [id, entry] : all.entries) {
      if (entry.environment != environment) continue;
      ids.push_back(id);
      entry.environment = nullptr;
    }
  }
  for (const HandleId id : ids) viewsGoOn ? disown(id) : release(id);
}

}  // namespace fmmap::registry
