#include "registry.h"

#include <cstdio>
#include <mutex>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace fmmap::registry {

namespace {

struct Entry {
  std::shared_ptr<Mapping> mapping;  // null while the handle is being taken away
  const void* environment;
};

struct Shared {
  std::string secret;
  std::weak_ptr<Mapping> mapping;
};

struct Registry {
  std::mutex mutex;
  HandleId last = 0;  // never used twice: a stale number must not find somebody else's mapping
  std::unordered_map<HandleId, Entry> entries;
  /** Work in the pool may come to its end after the environment that started it. */
  std::unordered_set<const void*> environments;
  std::unordered_map<std::string, std::weak_ptr<Mapping>> shared;
  std::unordered_map<const Mapping*, std::string> secrets;
};

Registry& registry() {
  static auto* const one = new Registry();  // environments may end after static destructors
  return *one;
}

std::string makeSecret() {
  std::random_device random;
  std::string secret;
  for (int word = 0; word < 4; ++word) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(random()));
    secret += digits;
  }
  return secret;
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
  all.entries.emplace(id, Entry{mapping, environment});
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

std::shared_ptr<Mapping> find(HandleId id) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.entries.find(id);
  return found == all.entries.end() ? nullptr : found->second.mapping;
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

std::string share(HandleId id) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.entries.find(id);
  if (found == all.entries.end() || !found->second.mapping) return {};
  const auto& mapping = found->second.mapping;
  std::string& secret = all.secrets[mapping.get()];
  if (secret.empty()) {
    secret = makeSecret();
    all.shared.emplace(secret, mapping);
  }
  return secret;
}

std::shared_ptr<Mapping> findShared(const std::string& secret) {
  Registry& all = registry();
  std::lock_guard<std::mutex> guard(all.mutex);
  const auto found = all.shared.find(secret);
  return found == all.shared.end() ? nullptr : found->second.lock();
}

namespace {

/** If it is of this environment; null stands for any. */
void releaseOf(HandleId id, const void* environment) {
  Registry& all = registry();
  std::shared_ptr<Mapping> mapping;
  {
    std::lock_guard<std::mutex> guard(all.mutex);
    const auto found = all.entries.find(id);
    if (found == all.entries.end() || (environment && found->second.environment != environment)) return;
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

}  // namespace

void release(HandleId id) { releaseOf(id, nullptr); }

void releaseAll(const void* environment) {
  Registry& all = registry();
  std::vector<HandleId> ids;
  {
    std::lock_guard<std::mutex> guard(all.mutex);
    all.environments.erase(environment);
    for (const auto& [id, entry] : all.entries) {
      if (entry.environment == environment) ids.push_back(id);
    }
  }
  for (const HandleId id : ids) releaseOf(id, environment);
}

}  // namespace fmmap::registry
