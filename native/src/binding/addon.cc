// The functions that JavaScript sees. packages/core/src/binding.ts types them.
#include <napi.h>

#include <algorithm>
#include <limits>

#include "binding/fault-listeners.h"
#include "binding/operations.h"
#include "binding/pool-task.h"
#include "mapping/gather.h"
#include "mapping/search.h"
#include "platform/engine.h"
#include "binding/view.h"

namespace fmmap {
namespace {

napi_value boolean(const Call& call, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(call.env(), value, &result);
  return result;
}

napi_value number(const Call& call, double value) { return numberOf(call.env(), value); }

napi_value string(const Call& call, const std::string& text) {
  napi_value result = nullptr;
  napi_create_string_utf8(call.env(), text.data(), text.size(), &result);
  return result;
}

// --- what only makes sense on the calling thread ---

// adopt(memory): prepares that of a new window
napi_value adopt(const Call& call) {
  const Span memory = call.pages(0);
  if (call.accept()) platform::setApart(memory.data, memory.length);
  return nullptr;
}

// allocate(bytes): a SharedArrayBuffer for a window; undefined where files can be mapped over V8's own
napi_value allocate(const Call& call) {
  const std::int64_t length = call.size(0);
  const auto page = static_cast<std::int64_t>(platform::pageSize());
  if (length % page != 0 || length < 2 * page) call.wrong(0, "whole pages, and one more for the footer");
  napi_value memory = nullptr;
  if (!call.accept()) return nullptr;
  const Status status = platform::engine::makeMemory(call.env(), static_cast<std::size_t>(length), view::isKnown(call.env()), &memory);
  return status ? memory : raise(call, {}, status);
}

// blank(memory): puts zeroes over whole pages that are no window any more
napi_value blank(const Call& call) {
  const Span memory = call.pages(0);
  if (call.accept()) retireUnclaimed(memory.data, memory.length);
  return nullptr;
}

// unmap(handle, window): whether the memory may be used again; if not, work in flight still has it
napi_value unmap(const Call& call) {
  const HandleId id = call.id(0);
  const Span memory = call.bytes(1);
  if (!call.accept()) return nullptr;
  const auto mapping = call.environment().find(id);
  return boolean(call, mapping ? mapping->windows().drop(id, memory.data) : registry::isGone(id));
}

// cancel(number): withdraws a queued operation that no thread has started; its promise is rejected with undefined
napi_value cancel(const Call& call) {
  const auto number = static_cast<std::uint64_t>(call.size(0));
  if (call.accept()) call.environment().cancel(number, call.env());
  return nullptr;
}

// watch(object): a number by which takeDropped() reports that it was collected
napi_value watch(const Call& call) {
  if (!call.isObject(0)) call.wrong(0, "an object");
  return call.accept() ? number(call, static_cast<double>(call.environment().watch(call.env(), call.value(0)))) : nullptr;
}

// unwatch(number)
napi_value unwatch(const Call& call) {
  const auto watched = static_cast<std::uint64_t>(call.size(0));
  if (call.accept()) call.environment().unwatch(watched, call.env());
  return nullptr;
}

// takeDropped(numbers): puts there those of watched objects that have been collected, and returns how many
napi_value takeDropped(const Call& call) {
  const Span numbers = call.typed(0, napi_float64_array);
  if (!call.accept()) return nullptr;
  return number(call, static_cast<double>(call.environment().takeDropped(
                          call.env(), reinterpret_cast<double*>(numbers.data), numbers.length / sizeof(double))));
}

// addressOf(bytes): by which view() and keepFor() know a window
napi_value addressOf(const Call& call) {
  const Span memory = call.bytes(0);
  return call.accept() ? number(call, static_cast<double>(reinterpret_cast<std::uintptr_t>(memory.data))) : nullptr;
}

// protectGuests(memory): of a WebAssembly memory that has grown
napi_value protectGuests(const Call& call) {
  const Span memory = call.pages(0);
  if (!call.accept()) return nullptr;
  for (const auto& mapping : registry::all()) mapping->protectGuests(memory.data, memory.data + memory.length);
  return nullptr;
}

napi_value poison(const Call& call) {
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  if (const auto mapping = call.environment().find(id)) mapping->poison();
  return nullptr;
}

// noteRoom(handle, from, to)
napi_value noteRoom(const Call& call) {
  const HandleId id = call.id(0);
  const std::int64_t from = call.size(1), to = call.size(2);
  if (!call.accept()) return nullptr;
  if (const auto mapping = call.environment().find(id)) mapping->noteRoom(from, to);
  return nullptr;
}

// share(handle): the secret of its mapping; empty if that is gone
napi_value share(const Call& call) {
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  std::string secret;
  if (Status status = registry::share(id, &secret); !status) return raise(call, {}, status);
  return string(call, secret);
}

// nameOf(handle): the path of the file, as it was given
napi_value nameOf(const Call& call) {
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  const auto mapping = call.environment().find(id);
  return string(call, mapping ? mapping->file().name() : "");
}

// hold(descriptor, name): another descriptor of the same open file, until letGo() or the end of the environment
struct Hold : Unmapped {
  explicit Hold(const Call& call) : environment(&call.environment()), file(call.small(0, 0x7fffffff)) {
    name = call.string(1);
  }
  Subject subject() const { return {name, true, {}}; }
  Status run(Outcome& outcome) {
    platform::Handle copy = platform::kNoHandle;
    const Status status = environment->hold(platform::handleOf(file), &copy);
    outcome.value = static_cast<double>(copy);
    return status;
  }
  Environment* environment;
  std::string name;
  int file;
};

// letGo(descriptor): closes one that hold() returned, and no other
napi_value letGo(const Call& call) {
  const int file = call.small(0, 0x7fffffff);
  if (call.accept()) call.environment().letGo(file);
  return nullptr;
}

// attach(secret, name, starts, ...windows): a handle in this environment, over memory that both see. The results are the
// mapping's length, access, offset, delta, and traits (1 memory, 2 private, 4 detaching, 8 without a path); `starts` gets where each of
// the windows starts, or -1 for one that is not the mapping's.
struct Attach : Unmapped {
  explicit Attach(const Call& call) : environment(&call.environment()), secret(call.string(0)) {
    name = call.string(1);
    starts = call.typed(2, napi_float64_array);
    for (std::size_t index = 3; index < call.count(); ++index) {
      windows.push_back(call.bytes(index));
      memories.push_back(view::keep(call.env(), call.value(index)));
    }
    if (starts.length / sizeof(double) < windows.size()) call.wrong(2, "room for each window");
  }
  Subject subject() const { return {name, true, {}}; }
  Status run(Outcome& outcome) {
    const auto mapping = registry::findShared(secret);
    const HandleId id = mapping ? registry::add(mapping, environment) : 0;
    if (id == 0) return Status::make(Kind::closed, "", "");
    auto* const found = reinterpret_cast<double*>(starts.data);
    for (std::size_t index = 0; index < windows.size(); ++index) {
      std::int64_t start = -1;
      mapping->shareWindow(id, windows[index].data, windows[index].length, memories[index], &start);
      found[index] = static_cast<double>(start);
    }
    const MappingState state = mapping->state();
    outcome.results[0] = static_cast<double>(state.length);
    outcome.results[1] = static_cast<double>(state.access);
    outcome.results[2] = static_cast<double>(mapping->offset());
    outcome.results[3] = static_cast<double>(mapping->delta());
    outcome.results[4] = (mapping->isMemory() ? 1 : 0) | (mapping->isPrivate() ? 2 : 0) | (mapping->detaches() ? 4 : 0) |
                          (mapping->file().isNameless() ? 8 : 0);
    outcome.value = static_cast<double>(id);
    return {};
  }
  Environment* environment;
  std::string secret, name;
  Span starts;
  std::vector<Span> windows;
  std::vector<Keeper> memories;
};

// nothing(handle): what every call does, and no more; to measure that
napi_value nothing(const Call& call) {
  call.environment().find(call.id(0));
  call.accept();
  return nullptr;
}

// take(handle): makes it end with this environment; false if it is gone
napi_value take(const Call& call) {
  const HandleId id = call.id(0);
  return call.accept() ? boolean(call, registry::take(id, &call.environment())) : nullptr;
}

// state(handle): bits 1 closed, 2 poisoned, 4 faulted, 8 about to be cut; the results are length, lock, code, offset and
// serial number of the fault, and the number of changes of the length
struct State : OnMappingIfAny {
  using OnMappingIfAny::OnMappingIfAny;
  Status run(Outcome& outcome) {
    const MappingState state = mapping ? mapping->stateNow() : MappingState{};
    outcome.value = (state.closed ? 1 : 0) | (state.poisoned ? 2 : 0) | (state.why ? 4 : 0) |
                    (state.beingCut ? 8 : 0);
    outcome.results[0] = static_cast<double>(state.length);
    outcome.results[1] = static_cast<double>(state.lock);
    outcome.results[2] = static_cast<double>(state.why.code());
    outcome.results[3] = static_cast<double>(state.faultOffset);
    outcome.results[4] = static_cast<double>(state.faultSerial);
    outcome.results[5] = static_cast<double>(state.changes);
    return {};
  }
};

// statistics(): the results are the open mappings of the process, the bytes that they show, and the faults up to now
struct Statistics : Unmapped {
  explicit Statistics(const Call&) {}
  Subject subject() const { return {}; }
  Status run(Outcome& outcome) {
    auto mappings = registry::all();
    std::sort(mappings.begin(), mappings.end());
    mappings.erase(std::unique(mappings.begin(), mappings.end()), mappings.end());
    std::int64_t count = 0, bytes = 0;
    for (const auto& mapping : mappings) {
      const MappingState state = mapping->state();
      if (state.closed) continue;
      ++count;
      bytes += state.length;
    }
    outcome.results[0] = static_cast<double>(count);
    outcome.results[1] = static_cast<double>(bytes);
    outcome.results[2] = Fault::total();
    return {};
  }
};

// probe(handle, bytes)
struct Probe : OnMapping {
  explicit Probe(const Call& call) : OnMapping(call), bytes(call.size(1)) {}
  Status run(Outcome&) {
    // Room for as much again, which addresses of 32 bits may not have.
    const bool isPossible = bytes < std::numeric_limits<std::ptrdiff_t>::max() / 2;
    return isPossible ? platform::probe(static_cast<std::size_t>(bytes)) : Status::system(ENOMEM, "mmap");
  }
  std::int64_t bytes;
};

// freeze(handle, exec)
struct Freeze : OnMapping {
  explicit Freeze(const Call& call) : OnMapping(call), exec(call.flag(1)) {}
  Status run(Outcome&) { return mapping->freeze(exec); }
  bool exec;
};

// residency(handle, offset, length, pages)
struct Residency : OnRange {
  explicit Residency(const Call& call) : OnRange(call, 1), pages(call.bytes(3)) {}
  Status run(Outcome&) { return io::residency(*mapping, id, offset, length, pages.data, pages.length); }
  Span pages;
};

// readCached(handle, offset, to, length): 1 if it was all in memory and is copied, 2 if it is in memory and is to be copied through
// the map, 0 if not all of it is in memory
struct ReadCached : OnMapping {
  explicit ReadCached(const Call& call) : OnMapping(call), offset(call.size(1)), to(call.bytes(2)) {
    length = static_cast<std::size_t>(call.integer(3, 0, static_cast<double>(to.length)));
  }
  Status run(Outcome& outcome) {
    io::Cached cached = io::Cached::no;
    const Status status = io::readCached(*mapping, id, offset, to.data, length, &cached);
    outcome.value = static_cast<double>(cached);
    return status;
  }
  std::int64_t offset;
  Span to;
  std::size_t length;
};

// writeCached(handle, offset, from, isNew): how many of the bytes were written; the rest is to be stored through the map
struct WriteCached : OnMapping {
  explicit WriteCached(const Call& call)
      : OnMapping(call), offset(call.size(1)), from(call.bytes(2)), isNew(call.flag(3)) {}
  Status run(Outcome& outcome) {
    std::size_t count = 0;
    const Status status = io::writeCached(*mapping, id, offset, from.data, from.length, isNew, &count);
    outcome.value = static_cast<double>(count);
    return status;
  }
  std::int64_t offset;
  Span from;
  bool isNew;
};

// isResident(handle, offset, length): 1 if touching it waits for no disk
struct IsResident : OnRange {
  explicit IsResident(const Call& call) : OnRange(call, 1) {}
  Status run(Outcome& outcome) {
    bool resident = false;
    const Status status = io::isResident(*mapping, id, offset, length, &resident);
    outcome.value = resident ? 1 : 0;
    return status;
  }
};

/** A range of a window, from argument `first` on: the address of the window, and where it starts and how long it is. */
struct Part {
  Part(const Call& call, std::size_t first)
      : data(reinterpret_cast<std::uint8_t*>(static_cast<std::uintptr_t>(call.size(first)))),
        from(static_cast<std::size_t>(call.size(first + 1))),
        length(static_cast<std::size_t>(call.size(first + 2))) {
    // Addresses of 32 bits have no room for all that may be asked for.
    if (call.size(first + 1) + call.size(first + 2) > std::numeric_limits<std::ptrdiff_t>::max()) {
      call.wrong(first + 2, "no more than a window has");
    }
  }
  std::uint8_t* data;
  std::size_t from, length;

  Keeper views(const Call& call, HandleId id) const { return call.environment().viewsOf(id, data, from + length); }
};

// view(handle, address, from, length): an ArrayBuffer of these bytes of a window; undefined if the handle does not have it
napi_value view(const Call& call) {
  const HandleId id = call.id(0);
  const Part part(call, 1);
  if (!call.accept()) return nullptr;
  Keeper views = part.views(call, id);
  return views ? view::make(call.env(), part.data + part.from, part.length, std::move(views)) : nullptr;
}

// keepFor(handle, address, from, length, object): whether the object keeps them, as a view would
napi_value keepFor(const Call& call) {
  const HandleId id = call.id(0);
  const Part part(call, 1);
  if (!call.isObject(4)) call.wrong(4, "an object");
  if (!call.accept()) return nullptr;
  Keeper views = part.views(call, id);
  return boolean(call, views && view::keepFor(call.env(), call.value(4), std::move(views)));
}

// disown(handle): whose object is gone; its views stay
napi_value disown(const Call& call) {
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  registry::disown(id);
  return nullptr;
}

napi_value detach(const Call& call) {
  napi_detach_arraybuffer(call.env(), call.value(0));
  return nullptr;
}

Bytes bytesOf(Span span) { return {span.data, span.length}; }

// find(bytes, needle): where it first occurs, or -1
napi_value find(const Call& call) {
  const Bytes haystack = bytesOf(call.bytes(0)), needle = bytesOf(call.bytes(1));
  if (needle.length == 0) call.wrong(1, "a byte or more");
  return call.accept() ? number(call, static_cast<double>(findFirst(haystack, needle))) : nullptr;
}

// findAll(bytes, needle, base, target, used): how many occurrences were added to a BigUint64Array or a Float64Array
napi_value findAll(const Call& call) {
  const Bytes haystack = bytesOf(call.bytes(0)), needle = bytesOf(call.bytes(1));
  if (needle.length == 0) call.wrong(1, "a byte or more");
  const std::int64_t base = call.size(2);
  napi_typedarray_type type = napi_float64_array;
  napi_get_typedarray_info(call.env(), call.value(3), &type, nullptr, nullptr, nullptr, nullptr);
  const Span target = call.typed(3, type == napi_biguint64_array ? type : napi_float64_array);
  const std::size_t room = target.length / sizeof(double);
  const auto used = static_cast<std::size_t>(call.integer(4, 0, static_cast<std::int64_t>(room)));
  if (!call.accept()) return nullptr;
  const auto search = [&](auto* offsets) { return findAll(haystack, needle, base, offsets + used, room - used); };
  const std::size_t found = type == napi_biguint64_array ? search(reinterpret_cast<std::uint64_t*>(target.data))
                                                         : search(reinterpret_cast<double*>(target.data));
  return number(call, static_cast<double>(found));
}

// gather(target, size, offsets, delta, length, ...windows): copies the element of `size` bytes at each offset, in a
// Float64Array, a BigUint64Array or a Uint32Array, to the bytes of `target`; returns the index of an offset that is wrong, or -1
napi_value gather(const Call& call) {
  const Span target = call.bytes(0);
  const auto size = static_cast<std::size_t>(call.integer(1, 1, 8));
  if ((size & (size - 1)) != 0) call.wrong(1, "1, 2, 4 or 8");
  napi_typedarray_type type = napi_float64_array;
  napi_get_typedarray_info(call.env(), call.value(2), &type, nullptr, nullptr, nullptr, nullptr);
  const bool isKnown = type == napi_biguint64_array || type == napi_uint32_array;
  const Span offsets = call.typed(2, isKnown ? type : napi_float64_array);
  Shown from{{}, call.size(3), call.size(4)};
  std::int64_t room = 0;
  for (std::size_t index = 5; index < call.count(); ++index) {
    const Bytes window = bytesOf(call.bytes(index));
    if (!from.add(window)) call.wrong(index, "a window like the one before it");
    room += static_cast<std::int64_t>(window.length);
  }
  if (from.delta > room || from.length > room - from.delta) call.wrong(4, "no more than the windows hold");
  const std::size_t count = offsets.length / (type == napi_uint32_array ? 4 : 8);
  if (count > target.length / size) call.wrong(2, "no more than the target has room for");
  if (!call.accept()) return nullptr;
  const auto copy = [&](const auto* places) { return gather(from, places, count, target.data, size); };
  std::int64_t wrong;
  if (type == napi_biguint64_array) wrong = copy(reinterpret_cast<const volatile std::uint64_t*>(offsets.data));
  else if (type == napi_uint32_array) wrong = copy(reinterpret_cast<const volatile std::uint32_t*>(offsets.data));
  else wrong = copy(reinterpret_cast<const volatile double*>(offsets.data));
  return number(call, static_cast<double>(wrong));
}

// hasAdvice(advice): whether the system knows it
napi_value hasAdvice(const Call& call) {
  const auto advice = call.one(0, platform::Advice::dodump);
  return call.accept() ? boolean(call, platform::hasAdvice(advice)) : nullptr;
}

// disableGuard(): whether it was in time
napi_value disableGuard(const Call& call) { return boolean(call, platform::disableGuard()); }

napi_value rearmGuard(const Call&) {
  platform::rearmGuard();
  return nullptr;
}

// watchFaults(report): calls it after each fault of any mapping
napi_value watchFaults(const Call& call) {
  if (!call.isFunction(0)) call.wrong(0, "a function");
  if (!call.accept()) return nullptr;
  const Status status = fault_listeners::listen(call.env(), call.value(0));
  return status ? nullptr : raise(call, {}, status);
}

// --- exports ---

/** Puts the addon's functions into its objects. */
class Exports {
 public:
  Exports(napi_env env, napi_value object, Environment* environment)
      : env_(env), object_(object), environment_(environment) {}

  template <napi_value (*function)(const Call&)>
  void add(const char* name) const {
    napi_value value = nullptr;
    const auto callback = [](napi_env env, napi_callback_info info) { return function(Call(env, info)); };
    if (napi_create_function(env_, name, NAPI_AUTO_LENGTH, callback, environment_, &value) == napi_ok) {
      napi_set_named_property(env_, object_, name, value);
    }
  }

 private:
  const napi_env env_;
  const napi_value object_;
  Environment* const environment_;
};

template <typename Operation>
void addBoth(const Exports& exports, const Exports& pool, const char* name) {
  exports.add<now<Operation>>(name);
  pool.add<queued<Operation>>(name);
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment();
  const Exports all(env, exports, environment);
  env.SetInstanceData(environment);
  // Over shared memory, which cannot be detached: calls write there without asking.
  const auto make = [&](const char* type, napi_value argument) {
    return env.Global().Get(type).As<Napi::Function>().New({argument});
  };
  const auto memory = make("SharedArrayBuffer", Napi::Number::New(env, kResults * sizeof(double)));
  auto result = make("Float64Array", memory).As<Napi::Float64Array>();
  environment->result = Napi::Persistent(result);
  environment->results = result.Data();
  exports.Set("result", result);
  registry::enter(environment);
  // Before its memory goes, and on worker threads, too: nothing else would unmap what is still open.
  env.AddCleanupHook([environment] { registry::releaseAll(environment); });
  exports.Set("lacks", Napi::String::New(env, platform::lacks()));
  exports.Set("pageSize", Napi::Number::New(env, static_cast<double>(platform::pageSize())));
  exports.Set("directoryFlags", Napi::Number::New(env, platform::directoryFlags()));
  all.add<adopt>("adopt");
  all.add<allocate>("allocate");
  all.add<blank>("blank");
  all.add<unmap>("unmap");
  all.add<now<MapInto>>("mapInto");
  all.add<protectGuests>("protectGuests");
  all.add<poison>("poison");
  all.add<noteRoom>("noteRoom");
  all.add<watch>("watch");
  all.add<unwatch>("unwatch");
  all.add<takeDropped>("takeDropped");
  all.add<share>("share");
  all.add<nameOf>("nameOf");
  all.add<now<Hold>>("hold");
  all.add<letGo>("letGo");
  all.add<now<Attach>>("attach");
  all.add<nothing>("nothing");
  all.add<take>("take");
  all.add<now<State>>("state");
  all.add<now<Statistics>>("statistics");
  all.add<now<Memory>>("memory");
  all.add<now<Freeze>>("freeze");
  all.add<now<Probe>>("probe");
  all.add<now<Residency>>("residency");
  all.add<now<ReadCached>>("readCached");
  all.add<now<WriteCached>>("writeCached");
  all.add<now<IsResident>>("isResident");
  exports.Set("hasPlainViews", Napi::Boolean::New(env, view::isPlain(env)));
  all.add<addressOf>("addressOf");
  all.add<view>("view");
  all.add<keepFor>("keepFor");
  all.add<disown>("disown");
  all.add<detach>("detach");
  all.add<cancel>("cancel");
  all.add<find>("find");
  all.add<findAll>("findAll");
  all.add<gather>("gather");
  all.add<hasAdvice>("hasAdvice");
  all.add<disableGuard>("disableGuard");
  all.add<rearmGuard>("rearmGuard");
  all.add<watchFaults>("watchFaults");

  auto pool = Napi::Object::New(env);
  exports.Set("queued", pool);
  const Exports queue(env, pool, environment);
  addBoth<Open>(all, queue, "open");
  addBoth<Stat>(all, queue, "stat");
  addBoth<Map>(all, queue, "map");
  addBoth<Commit>(all, queue, "commit");
  addBoth<Abandon>(all, queue, "abandon");
  addBoth<Resize>(all, queue, "resize");
  addBoth<MakeRoom>(all, queue, "makeRoom");
  addBoth<CutRoom>(all, queue, "cutRoom");
  addBoth<Reopen>(all, queue, "reopen");
  addBoth<CheckFault>(all, queue, "checkFault");
  addBoth<Close>(all, queue, "close");
  addBoth<Release>(all, queue, "release");
  addBoth<Flush>(all, queue, "flush");
  addBoth<Advise>(all, queue, "advise");
  addBoth<Prefetch>(all, queue, "prefetch");
  addBoth<ReadMany>(all, queue, "readMany");
  addBoth<LockMemory>(all, queue, "lockMemory");
  addBoth<Lock>(all, queue, "lock");
  addBoth<WriteToNewFile>(all, queue, "writeToNewFile");
  addBoth<Remove>(all, queue, "remove");
  addBoth<SyncDirectory>(all, queue, "syncDirectory");
  return exports;
}

}  // namespace
}  // namespace fmmap

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return fmmap::start(env, exports); }
NODE_API_MODULE(fmmap, Init)
