// The functions that JavaScript sees. packages/core/src/binding.ts types them.
#include <napi.h>

#include "binding/fault-listeners.h"
#include "binding/operations.h"
#include "binding/pool-task.h"
#include "mapping/search.h"
#include "binding/view.h"

namespace fmmap {
namespace {

using Info = const Napi::CallbackInfo&;

napi_value boolean(Info info, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(info.Env(), value, &result);
  return result;
}

napi_value number(Info info, double value) {
  napi_value result = nullptr;
  napi_create_double(info.Env(), value, &result);
  return result;
}

napi_value string(Info info, const std::string& text) {
  napi_value result = nullptr;
  napi_create_string_utf8(info.Env(), text.data(), text.size(), &result);
  return result;
}

// --- what only makes sense on the thread that calls ---

// adopt(memory): of a new window
napi_value adopt(Info info) {
  const Call call(info);
  const Span memory = call.pages(0);
  if (call.accept()) platform::setApart(memory.data, memory.length);
  return nullptr;
}

// blank(memory): of a window that was unmapped
napi_value blank(Info info) {
  const Call call(info);
  const Span memory = call.pages(0);
  if (call.accept()) retireUnclaimed(memory.data, memory.length);
  return nullptr;
}

// unmap(handle, window): whether the memory may be used again; else work in flight has it still
napi_value unmap(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  const Span memory = call.bytes(1);
  if (!call.accept()) return nullptr;
  const auto mapping = registry::find(id);
  return boolean(info, mapping ? mapping->windows().drop(id, memory.data) : registry::isGone(id));
}

// unwatch(handle): whose owner is done with it
napi_value unwatch(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  if (call.accept()) call.environment()->unwatch(id, info.Env());
  return nullptr;
}

// watch(handle, owner): whose end takeDropped() is to tell of
napi_value watch(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  if (!info[1].IsObject()) call.wrong(1, "an object");
  if (call.accept() && registry::find(id)) call.environment()->watch(id, info.Env(), info[1]);
  return nullptr;
}

// takeDropped(handles): how many handles it has put there, of those whose owners have been collected
napi_value takeDropped(Info info) {
  const Call call(info);
  const Span handles = call.typed(0, napi_float64_array);
  if (!call.accept()) return nullptr;
  return number(info, static_cast<double>(call.environment()->takeDropped(
                          info.Env(), reinterpret_cast<double*>(handles.data), handles.length / sizeof(double))));
}

// addressOf(bytes): of a window it is what view() and keepFor() know it by
napi_value addressOf(Info info) {
  const Call call(info);
  const Span memory = call.bytes(0);
  return call.accept() ? number(info, static_cast<double>(reinterpret_cast<std::uintptr_t>(memory.data))) : nullptr;
}

// protectGuests(memory): of a WebAssembly memory that has grown
napi_value protectGuests(Info info) {
  const Call call(info);
  const Span memory = call.pages(0);
  if (!call.accept()) return nullptr;
  for (const auto& mapping : registry::all()) mapping->protectGuests(memory.data, memory.data + memory.length);
  return nullptr;
}

napi_value poison(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  if (const auto mapping = registry::find(id)) mapping->poison();
  return nullptr;
}

// noteRoom(handle, from, to)
napi_value noteRoom(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  const std::int64_t from = call.size(1), to = call.size(2);
  if (!call.accept()) return nullptr;
  if (const auto mapping = registry::find(id)) mapping->noteRoom(from, to);
  return nullptr;
}

// share(handle): the secret of its mapping; empty if that is gone
napi_value share(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  return call.accept() ? string(info, registry::share(id)) : nullptr;
}

// nameOf(handle): the path of the file, as it was given
napi_value nameOf(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  const auto mapping = registry::find(id);
  return string(info, mapping ? mapping->file().name() : "");
}

// hold(descriptor): another one of the same open file, until letGo() of that or the end of the environment
struct Hold : Unmapped {
  explicit Hold(const Call& call) : environment(call.environment()), file(call.small(0, 0x7fffffff)) {
    subject = {call.string(1), true, {}};
  }
  Status run(Outcome& outcome) {
    platform::Handle copy = platform::kNoHandle;
    const Status status = environment->hold(file, &copy);
    outcome.value = static_cast<double>(copy);
    return status;
  }
  Environment* environment;
  int file;
};

// letGo(descriptor): which hold() gave; others are left alone
napi_value letGo(Info info) {
  const Call call(info);
  const int file = call.small(0, 0x7fffffff);
  if (call.accept()) call.environment()->letGo(file);
  return nullptr;
}

// attach(secret, name, starts, ...windows): a handle in this environment, over memory that both see. The results are the
// mapping's length, access, offset, delta, and traits (1 memory, 2 private, 4 detaching, 8 without a path); `starts` gets where each of
// the windows begins, or -1 for one that is not the mapping's.
struct Attach : Unmapped {
  explicit Attach(const Call& call) : environment(call.environment()), secret(call.string(0)) {
    subject = {call.string(1), true, {}};
    starts = call.typed(2, napi_float64_array);
    for (std::size_t index = 3; index < call.count(); ++index) {
      windows.push_back(call.bytes(index));
      memories.push_back(view::keep(call.env(), call.value(index)));
    }
    if (starts.length / sizeof(double) < windows.size()) call.wrong(2, "room for each window");
  }
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
  std::string secret;
  Span starts;
  std::vector<Span> windows;
  std::vector<Keeper> memories;
};

// take(handle): whether it was there; it ends with this environment from now on
napi_value take(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  return call.accept() ? boolean(info, registry::take(id, call.environment())) : nullptr;
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

// readCached(handle, offset, to): 1 if it was all in memory and is copied
struct ReadCached : OnMapping {
  explicit ReadCached(const Call& call) : OnMapping(call), offset(call.size(1)), to(call.bytes(2)) {}
  Status run(Outcome& outcome) {
    bool isRead = false;
    const Status status = io::readCached(*mapping, id, offset, to.data, to.length, &isRead);
    outcome.value = isRead ? 1 : 0;
    return status;
  }
  std::int64_t offset;
  Span to;
};

// isResident(handle, offset, length): 1 if no disk has to be waited for
struct IsResident : OnRange {
  explicit IsResident(const Call& call) : OnRange(call, 1) {}
  Status run(Outcome& outcome) {
    bool resident = false;
    const Status status = io::isResident(*mapping, id, offset, length, &resident);
    outcome.value = resident ? 1 : 0;
    return status;
  }
};

/** Of a window, in arguments `first` and on: its address, and a range. The handle's, or there is nothing to keep. */
struct Part {
  Part(const Call& call, std::size_t first)
      : data(reinterpret_cast<std::uint8_t*>(static_cast<std::uintptr_t>(call.size(first)))),
        from(static_cast<std::size_t>(call.size(first + 1))),
        length(static_cast<std::size_t>(call.size(first + 2))) {}
  std::uint8_t* data;
  std::size_t from, length;

  Keeper views(const Call& call, HandleId id) const { return call.environment()->viewsOf(id, data, from + length); }
};

// view(handle, address, from, length): an ArrayBuffer of these bytes of a window; undefined if it is not the handle's
napi_value view(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  const Part part(call, 1);
  if (!call.accept()) return nullptr;
  Keeper views = part.views(call, id);
  return views ? view::make(info.Env(), part.data + part.from, part.length, std::move(views)) : nullptr;
}

// keepFor(handle, address, from, length, object): whether the object keeps them, as a view would
napi_value keepFor(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  const Part part(call, 1);
  if (!info[4].IsObject()) call.wrong(4, "an object");
  if (!call.accept()) return nullptr;
  Keeper views = part.views(call, id);
  return boolean(info, views && view::keepFor(info.Env(), info[4], std::move(views)));
}

// disown(handle): whose object is gone; its views go on
napi_value disown(Info info) {
  const Call call(info);
  const HandleId id = call.id(0);
  if (!call.accept()) return nullptr;
  registry::disown(id);
  return nullptr;
}

napi_value detach(Info info) {
  napi_detach_arraybuffer(info.Env(), info[0]);
  return nullptr;
}

Bytes bytesOf(Span span) { return {span.data, span.length}; }

// find(bytes, needle): where its first occurrence begins, or -1
napi_value find(Info info) {
  const Call call(info);
  const Bytes haystack = bytesOf(call.bytes(0)), needle = bytesOf(call.bytes(1));
  if (needle.length == 0) call.wrong(1, "a byte or more");
  return call.accept() ? number(info, static_cast<double>(findFirst(haystack, needle))) : nullptr;
}

// findAll(bytes, needle, base, target, used): how many occurrences were added to a BigUint64Array or a Float64Array
napi_value findAll(Info info) {
  const Call call(info);
  const Bytes haystack = bytesOf(call.bytes(0)), needle = bytesOf(call.bytes(1));
  if (needle.length == 0) call.wrong(1, "a byte or more");
  const std::int64_t base = call.size(2);
  napi_typedarray_type type = napi_float64_array;
  napi_get_typedarray_info(info.Env(), info[3], &type, nullptr, nullptr, nullptr, nullptr);
  const Span target = call.typed(3, type == napi_biguint64_array ? type : napi_float64_array);
  const std::size_t room = target.length / sizeof(double);
  const auto used = static_cast<std::size_t>(call.integer(4, 0, static_cast<std::int64_t>(room)));
  if (!call.accept()) return nullptr;
  const auto search = [&](auto* offsets) { return findAll(haystack, needle, base, offsets + used, room - used); };
  const std::size_t found = type == napi_biguint64_array ? search(reinterpret_cast<std::uint64_t*>(target.data))
                                                         : search(reinterpret_cast<double*>(target.data));
  return number(info, static_cast<double>(found));
}

// hasAdvice(advice): whether the system knows it
napi_value hasAdvice(Info info) {
  const Call call(info);
  const auto advice = call.one(0, platform::Advice::dodump);
  return call.accept() ? boolean(info, platform::hasAdvice(advice)) : nullptr;
}

// disableGuard(): whether it was in time
napi_value disableGuard(Info info) { return boolean(info, platform::disableGuard()); }

napi_value rearmGuard(Info) {
  platform::rearmGuard();
  return nullptr;
}

// watchFaults(report): calls it after each fault of any mapping
napi_value watchFaults(Info info) {
  const Call call(info);
  if (!info[0].IsFunction()) call.wrong(0, "a function");
  if (!call.accept()) return nullptr;
  const Status status = fault_listeners::listen(info.Env(), info[0]);
  if (status) return nullptr;
  if (napi_value error = Subject().error(info.Env(), status, info.This())) napi_throw(info.Env(), error);
  return nullptr;
}

// --- exports ---

template <napi_value (*function)(Info)>
Napi::Value adapt(Info info) {
  return {info.Env(), function(info)};
}

template <napi_value (*function)(Info)>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<adapt<function>>(exports.Env(), name));
}

template <typename Operation>
void addBoth(Napi::Object& exports, Napi::Object& pool, const char* name) {
  add<now<Operation>>(exports, name);
  add<queued<Operation>>(pool, name);
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment();
  env.SetInstanceData(environment);
  auto result = Napi::Float64Array::New(env, kResults);
  environment->result = Napi::Persistent(result);
  environment->results = result.Data();
  exports.Set("result", result);
  registry::enter(environment);
  // Before its memory goes, and on worker threads too: nobody else would unmap what is still open.
  env.AddCleanupHook([environment] { registry::releaseAll(environment); });
  exports.Set("pageSize", Napi::Number::New(env, static_cast<double>(platform::pageSize())));
  exports.Set("granularity", Napi::Number::New(env, static_cast<double>(platform::granularity())));
  exports.Set("directoryFlags", Napi::Number::New(env, platform::directoryFlags()));
  add<adopt>(exports, "adopt");
  add<blank>(exports, "blank");
  add<unmap>(exports, "unmap");
  add<now<MapInto>>(exports, "mapInto");
  add<protectGuests>(exports, "protectGuests");
  add<poison>(exports, "poison");
  add<noteRoom>(exports, "noteRoom");
  add<watch>(exports, "watch");
  add<unwatch>(exports, "unwatch");
  add<takeDropped>(exports, "takeDropped");
  add<share>(exports, "share");
  add<nameOf>(exports, "nameOf");
  add<now<Hold>>(exports, "hold");
  add<letGo>(exports, "letGo");
  add<now<Attach>>(exports, "attach");
  add<take>(exports, "take");
  add<now<State>>(exports, "state");
  add<now<Memory>>(exports, "memory");
  add<now<Freeze>>(exports, "freeze");
  add<now<Residency>>(exports, "residency");
  add<now<ReadCached>>(exports, "readCached");
  add<now<IsResident>>(exports, "isResident");
  exports.Set("hasPlainViews", Napi::Boolean::New(env, view::isPlain(env)));
  add<addressOf>(exports, "addressOf");
  add<view>(exports, "view");
  add<keepFor>(exports, "keepFor");
  add<disown>(exports, "disown");
  add<detach>(exports, "detach");
  add<find>(exports, "find");
  add<findAll>(exports, "findAll");
  add<hasAdvice>(exports, "hasAdvice");
  add<disableGuard>(exports, "disableGuard");
  add<rearmGuard>(exports, "rearmGuard");
  add<watchFaults>(exports, "watchFaults");

  auto pool = Napi::Object::New(env);
  exports.Set("queued", pool);
  addBoth<Open>(exports, pool, "open");
  addBoth<Stat>(exports, pool, "stat");
  addBoth<Probe>(exports, pool, "probe");
  addBoth<Map>(exports, pool, "map");
  addBoth<Commit>(exports, pool, "commit");
  addBoth<Abandon>(exports, pool, "abandon");
  addBoth<Resize>(exports, pool, "resize");
  addBoth<MakeRoom>(exports, pool, "makeRoom");
  addBoth<CutRoom>(exports, pool, "cutRoom");
  addBoth<Reopen>(exports, pool, "reopen");
  addBoth<CheckFault>(exports, pool, "checkFault");
  addBoth<Close>(exports, pool, "close");
  addBoth<Release>(exports, pool, "release");
  addBoth<Flush>(exports, pool, "flush");
  addBoth<Advise>(exports, pool, "advise");
  addBoth<Prefetch>(exports, pool, "prefetch");
  addBoth<Fetch>(exports, pool, "fetch");
  addBoth<LockMemory>(exports, pool, "lockMemory");
  addBoth<Lock>(exports, pool, "lock");
  addBoth<WriteToNewFile>(exports, pool, "writeToNewFile");
  addBoth<Remove>(exports, pool, "remove");
  addBoth<SyncDirectory>(exports, pool, "syncDirectory");
  return exports;
}

}  // namespace
}  // namespace fmmap

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return fmmap::start(env, exports); }
NODE_API_MODULE(fmmap, Init)
