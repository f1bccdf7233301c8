// The functions that JavaScript sees. packages/core/src/binding.ts types them.
#include <napi.h>

#include "alias.h"
#include "notify.h"
#include "operations.h"
#include "search.h"

namespace fmmap {
namespace {

using Info = const Napi::CallbackInfo&;
using Value = Napi::Value;

// --- what only makes sense on the thread that calls ---

// init(createError, result)
Value init(Info info) {
  auto* environment = info.Env().GetInstanceData<Environment>();
  environment->createError = Napi::Persistent(info[0].As<Napi::Function>());
  environment->result = Napi::Persistent(info[1].As<Napi::Float64Array>());
  environment->results = environment->result.Value().Data();
  return info.Env().Undefined();
}

// adopt(memory): of a new window
Value adopt(Info info) {
  std::size_t length = 0;
  std::uint8_t* data = Call(info).bytes(0, &length);
  platform::setApart(data, length);
  return info.Env().Undefined();
}

// blank(memory): of a window that was unmapped
Value blank(Info info) {
  std::size_t length = 0;
  std::uint8_t* data = Call(info).bytes(0, &length);
  platform::retire(data, length);
  return info.Env().Undefined();
}

// unmap(handle, window)
Value unmap(Info info) {
  const Call call(info);
  std::size_t length = 0;
  registry::forget(call.id(0), call.bytes(1, &length));
  return info.Env().Undefined();
}

Value poison(Info info) {
  if (const auto mapping = registry::find(Call(info).id(0))) mapping->poison();
  return info.Env().Undefined();
}

// attach(handle, ...windows): a handle in this environment, over memory that both see
struct Attach : Unmapped {
  explicit Attach(const Call& call) : id(call.id(0)), environment(call.environment()) {
    for (std::size_t index = 1; index < call.count(); ++index) {
      std::size_t length = 0;
      windows.push_back(call.bytes(index, &length));
    }
  }
  Status run(Outcome& outcome) {
    const registry::Id own = registry::attach(id, environment);
    if (own == 0) return Status::make(Kind::closed, "", "");
    const auto mapping = registry::find(own);
    for (std::uint8_t* data : windows) {
      if (!mapping->hold(data)) continue;
      registry::look(own, data);
      ++outcome.results[2];
    }
    outcome.results[0] = static_cast<double>(mapping->length());
    outcome.results[1] = static_cast<double>(mapping->access());
    outcome.value = static_cast<double>(own);
    return {};
  }
  registry::Id id;
  Environment* environment;
  std::vector<std::uint8_t*> windows;
};

// take(handle): whether it was there; it ends with this environment from now on
Value take(Info info) {
  const Call call(info);
  return Napi::Boolean::New(info.Env(), registry::take(call.id(0), call.environment()));
}

// state(handle): bits 1 closed, 2 poisoned, 4 faulted; the results are length, lock, and cause, offset and serial number
// of the fault
struct State : OnMappingIfAny {
  using OnMappingIfAny::OnMappingIfAny;
  Status run(Outcome& outcome) {
    outcome.value = 1;
    if (!mapping) return {};
    const Cause cause = mapping->faultCause();
    outcome.value = (mapping->closed() ? 1 : 0) | (mapping->poisoned() ? 2 : 0) | (cause != Cause::none ? 4 : 0);
    outcome.results[0] = static_cast<double>(mapping->length());
    outcome.results[1] = static_cast<double>(mapping->lockState());
    outcome.results[2] = static_cast<double>(cause);
    outcome.results[3] = static_cast<double>(mapping->faultOffset());
    outcome.results[4] = static_cast<double>(mapping->faultSerial());
    return {};
  }
};

// residency(handle, offset, length, pages)
struct Residency : OnRange {
  explicit Residency(const Call& call) : OnRange(call, 1) {
    std::size_t size = 0;
    pages = call.bytes(3, &size);
  }
  Status run(Outcome&) { return mapping->residency(offset, length, pages); }
  std::uint8_t* pages;
};

// readCached(handle, offset, to): 1 if it was all in memory and is copied
struct ReadCached : OnMapping {
  explicit ReadCached(const Call& call) : OnMapping(call), offset(call.integer(1)) { to = call.bytes(2, &length); }
  Status run(Outcome& outcome) {
    bool isRead = false;
    const Status status = mapping->readCached(offset, to, length, &isRead);
    outcome.value = isRead ? 1 : 0;
    return status;
  }
  std::int64_t offset;
  std::uint8_t* to;
  std::size_t length = 0;
};

// isResident(handle, offset, length): 1 if no disk has to be waited for
struct IsResident : OnRange {
  explicit IsResident(const Call& call) : OnRange(call, 1) {}
  Status run(Outcome& outcome) {
    bool resident = false;
    const Status status = mapping->isResident(offset, length, &resident);
    outcome.value = resident ? 1 : 0;
    return status;
  }
};

// pin(handle): the descriptor, which stays open until unpin(handle)
struct PinHandle : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome& outcome) {
    platform::Handle file = platform::kNoHandle;
    const Status status = registry::pin(id, &file);
    outcome.value = static_cast<double>(file);
    return status;
  }
};

Value unpin(Info info) {
  registry::unpin(Call(info).id(0));
  return info.Env().Undefined();
}

Value aliasOf(Info info) {
  napi_value result = alias(info.Env(), info[0]);
  return result ? Value(info.Env(), result) : info.Env().Undefined();
}

Value detach(Info info) {
  napi_detach_arraybuffer(info.Env(), info[0]);
  return info.Env().Undefined();
}

Bytes bytesOf(const Call& call, std::size_t index) {
  std::size_t length = 0;
  const std::uint8_t* data = call.bytes(index, &length);
  return {data, length};
}

// find(bytes, needle): where its first occurrence begins, or -1
Value find(Info info) {
  const Call call(info);
  return Napi::Number::New(info.Env(), static_cast<double>(findFirst(bytesOf(call, 0), bytesOf(call, 1))));
}

// findAll(bytes, needle, base, target, used): how many occurrences were added to a BigUint64Array or a Float64Array
Value findAll(Info info) {
  const Call call(info);
  napi_typedarray_type type = napi_float64_array;
  std::size_t length = 0;
  void* data = nullptr;
  napi_get_typedarray_info(info.Env(), info[3], &type, &length, &data, nullptr, nullptr);
  const std::size_t used = static_cast<std::size_t>(call.integer(4));
  const auto search = [&](auto* target) {
    return findAll(bytesOf(call, 0), bytesOf(call, 1), call.integer(2), target + used, length - used);
  };
  const std::size_t found = type == napi_biguint64_array ? search(static_cast<std::uint64_t*>(data))
                                                         : search(static_cast<double*>(data));
  return Napi::Number::New(info.Env(), static_cast<double>(found));
}

// disableGuard(): whether it was in time
Value disableGuard(Info info) { return Napi::Boolean::New(info.Env(), platform::disableGuard()); }

Value rearmGuard(Info info) {
  platform::rearmGuard();
  return info.Env().Undefined();
}

// watchFaults(report): calls it after each fault of any mapping
Value watchFaults(Info info) {
  const Status status = notify::listen(info.Env(), info[0].As<Napi::Function>());
  if (!status) napi_throw(info.Env(), Subject().error(info.Env(), status));
  return info.Env().Undefined();
}

// --- exports ---

template <Value (*function)(Info)>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name));
}

template <typename Operation>
void addBoth(Napi::Object& exports, Napi::Object& pool, const char* name) {
  add<now<Operation>>(exports, name);
  add<queued<Operation>>(pool, name);
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment();
  env.SetInstanceData(environment);
  registry::enter(environment);
  // Before its memory goes, and on worker threads too: nobody else would unmap what is still open.
  env.AddCleanupHook([environment] { registry::releaseAll(environment); });
  exports.Set("pageSize", Napi::Number::New(env, static_cast<double>(platform::pageSize())));
  exports.Set("granularity", Napi::Number::New(env, static_cast<double>(platform::granularity())));
  add<init>(exports, "init");
  add<adopt>(exports, "adopt");
  add<blank>(exports, "blank");
  add<unmap>(exports, "unmap");
  add<poison>(exports, "poison");
  add<now<Attach>>(exports, "attach");
  add<take>(exports, "take");
  add<now<State>>(exports, "state");
  add<now<Residency>>(exports, "residency");
  add<now<ReadCached>>(exports, "readCached");
  add<now<IsResident>>(exports, "isResident");
  add<now<PinHandle>>(exports, "pin");
  add<unpin>(exports, "unpin");
  add<aliasOf>(exports, "alias");
  add<detach>(exports, "detach");
  add<find>(exports, "find");
  add<findAll>(exports, "findAll");
  add<disableGuard>(exports, "disableGuard");
  add<rearmGuard>(exports, "rearmGuard");
  add<watchFaults>(exports, "watchFaults");

  auto pool = Napi::Object::New(env);
  exports.Set("queued", pool);
  addBoth<Open>(exports, pool, "open");
  addBoth<Memory>(exports, pool, "memory");
  addBoth<Probe>(exports, pool, "probe");
  addBoth<Map>(exports, pool, "map");
  addBoth<Commit>(exports, pool, "commit");
  addBoth<Abandon>(exports, pool, "abandon");
  addBoth<Resize>(exports, pool, "resize");
  addBoth<Freeze>(exports, pool, "freeze");
  addBoth<Extent>(exports, pool, "extent");
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
