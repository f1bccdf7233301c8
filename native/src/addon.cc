// The functions that JavaScript sees. Each reads its arguments (packages/core has checked them),
// calls the mapping, and ends in a value or an error. packages/core/src/binding.ts types them.
#include <napi.h>

#include "alias.h"
#include "call.h"
#include "notify.h"

namespace fmmap {
namespace {

using Info = const Napi::CallbackInfo&;
using Value = Napi::Value;

// Bits of the `flags` argument of open() and memory().
enum : int {
  kWrite = 1, kAppend = 2, kTruncate = 4, kCreate = 8, kCreateNew = 16,
  kPopulate = 32, kStack = 64, kHugePages = 128, kNoReserve = 256, kAllocate = 512, kNoGuard = 1024,
};

platform::MapFlags mapFlags(int flags) {
  return {(flags & kPopulate) != 0, (flags & kStack) != 0, (flags & kHugePages) != 0, (flags & kNoReserve) != 0};
}

Value opened(Call& call, std::shared_ptr<Mapping> mapping) {
  call.results()[0] = static_cast<double>(mapping->length());
  call.results()[1] = static_cast<double>(mapping->delta());
  return call.done(static_cast<double>(registry::add(std::move(mapping), call.environment())));
}

// open(path, access, flags, mode, customFlags, offset, length, maxSize)
Value open(Info info) {
  Call call(info);
  OpenSpec spec;
  const int flags = call.small(2);
  spec.request.path = call.path(0);
  spec.request.write = (flags & kWrite) != 0;
  spec.request.append = (flags & kAppend) != 0;
  spec.request.create = (flags & kCreate) != 0;
  spec.request.createNew = (flags & kCreateNew) != 0;
  spec.request.mode = call.small(3);
  spec.request.customFlags = call.small(4);
  spec.access = static_cast<platform::Access>(call.small(1));
  spec.lock = spec.access == platform::Access::write ? platform::Lock::exclusive : platform::Lock::shared;
  spec.map = mapFlags(flags);
  spec.guard = (flags & kNoGuard) == 0;
  spec.truncate = (flags & kTruncate) != 0;
  spec.allocate = (flags & kAllocate) != 0;
  spec.offset = call.integer(5);
  spec.length = call.integer(6);
  spec.maxSize = call.integer(7);
  call.setName(spec.request.path);
  std::shared_ptr<Mapping> mapping;
  if (const Status status = Mapping::open(spec, &mapping); !status) return call.fail(status);
  return opened(call, std::move(mapping));
}

// memory(path, access, flags, length | data)
Value memory(Info info) {
  Call call(info);
  const bool hasData = call.value(3).IsTypedArray();
  std::size_t bytes = 0;
  const std::uint8_t* data = hasData ? call.bytes(3, &bytes) : nullptr;
  call.setName(call.path(0));
  std::shared_ptr<Mapping> mapping;
  const Status status = Mapping::memory(call.path(0), data, hasData ? static_cast<std::int64_t>(bytes) : call.integer(3),
                                        static_cast<platform::Access>(call.small(1)), mapFlags(call.small(2)),
                                        (call.small(2) & kNoGuard) == 0, &mapping);
  return status ? opened(call, std::move(mapping)) : call.fail(status);
}

// adopt(footer): of a new window
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

// probe(handle, bytes)
Value probe(Info info) {
  Call call(info);
  return call.mapping() ? call.done(platform::probe(static_cast<std::size_t>(call.integer(1)))) : info.Env().Undefined();
}

// map(handle, window, capacity, start, length): the length that it is mapped for; -1 asks for the present one
Value map(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  std::size_t length = 0;
  std::uint8_t* data = call.bytes(1, &length);
  std::int64_t visible = call.integer(4);
  const Status status = mapping->addWindow(data, static_cast<std::size_t>(call.integer(2)), call.integer(3), &visible);
  if (!status) return call.fail(status);
  registry::look(call.id(0), data);
  return call.done(static_cast<double>(visible));
}

// unmap(handle, window)
Value unmap(Info info) {
  Call call(info);
  std::size_t length = 0;
  registry::forget(call.id(0), call.bytes(1, &length));
  return info.Env().Undefined();
}

Value commit(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  return mapping ? call.done(mapping->commit()) : info.Env().Undefined();
}

Value abandon(Info info) {
  Call call(info);
  if (const auto mapping = registry::find(call.id(0))) mapping->abandon();
  registry::release(call.id(0));
  return info.Env().Undefined();
}

// resize(handle, size, moved); the result array gets the new length
Value resize(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  const Status status = mapping->resize(call.integer(1), call.flag(2));
  call.results()[0] = static_cast<double>(mapping->length());
  return call.done(status);
}

// freeze(handle, exec)
Value freeze(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  return mapping ? call.done(mapping->freeze(call.flag(1))) : info.Env().Undefined();
}

// extent(handle): the length that reopen() would give
Value extent(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  std::int64_t length = 0;
  const Status status = mapping->extent(&length);
  return status ? call.done(static_cast<double>(length)) : call.fail(status);
}

// reopen(handle, limit, moved); the result array gets the new length
Value reopen(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  const Status status = mapping->reopen(call.integer(1), call.flag(2));
  call.results()[0] = static_cast<double>(mapping->length());
  return call.done(status);
}

Value checkFault(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  return mapping ? call.done(mapping->checkFault()) : info.Env().Undefined();
}

Value poison(Info info) {
  Call call(info);
  if (const auto mapping = registry::find(call.id(0))) mapping->poison();
  return info.Env().Undefined();
}

// close(handle): for every handle; release(handle): for this one
Value close(Info info) {
  Call call(info);
  if (const auto mapping = registry::find(call.id(0))) mapping->close();
  registry::release(call.id(0));
  return info.Env().Undefined();
}

Value release(Info info) {
  Call call(info);
  registry::release(call.id(0));
  return info.Env().Undefined();
}

// attach(handle, ...windows): a handle in this environment, over memory that both see
Value attach(Info info) {
  Call call(info);
  const registry::Id id = registry::attach(call.id(0), call.environment());
  if (id == 0) return call.done(Status::make(Kind::closed, "", ""));
  const auto mapping = registry::find(id);
  int found = 0;
  for (std::size_t index = 1; index < info.Length(); ++index) {
    std::size_t length = 0;
    std::uint8_t* data = call.bytes(index, &length);
    if (!mapping->hold(data)) continue;
    registry::look(id, data);
    ++found;
  }
  call.results()[0] = static_cast<double>(mapping->length());
  call.results()[1] = static_cast<double>(mapping->access());
  call.results()[2] = found;
  return call.done(static_cast<double>(id));
}

// state(handle): bits 1 closed, 2 poisoned, 4 faulted; the result array gets length, lock, cause, offset and serial number of the fault
Value state(Info info) {
  Call call(info);
  const auto mapping = registry::find(call.id(0));
  if (!mapping) return call.done(1.0);
  call.results()[0] = static_cast<double>(mapping->length());
  call.results()[1] = static_cast<double>(mapping->lockState());
  const Cause cause = mapping->faultCause();
  call.results()[2] = static_cast<double>(cause);
  call.results()[3] = static_cast<double>(mapping->faultOffset());
  call.results()[4] = static_cast<double>(mapping->faultSerial());
  return call.done(static_cast<double>((mapping->closed() ? 1 : 0) | (mapping->poisoned() ? 2 : 0) |
                                       (cause != Cause::none ? 4 : 0)));
}

// flush(handle, offset, length, wait)
Value flush(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  return mapping ? call.done(mapping->flush(call.integer(1), call.integer(2), call.flag(3))) : info.Env().Undefined();
}

// advise(handle, advice, offset, length)
Value advise(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  return call.done(mapping->advise(static_cast<platform::Advice>(call.small(1)), call.integer(2), call.integer(3)));
}

// prefetch(handle, offset, length)
Value prefetch(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  return mapping ? call.done(mapping->prefetch(call.integer(1), call.integer(2))) : info.Env().Undefined();
}

// residency(handle, offset, length, pages)
Value residency(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  std::size_t length = 0;
  return call.done(mapping->residency(call.integer(1), call.integer(2), call.bytes(3, &length)));
}

// lockMemory(handle, offset, length, lock)
Value lockMemory(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  return call.done(mapping->lockMemory(call.integer(1), call.integer(2), call.flag(3)));
}

// lock(handle, kind, wait): whether it is ours now
Value lock(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  bool acquired = true;
  const auto kind = static_cast<platform::Lock>(call.small(1));
  const Status status = kind == platform::Lock::none ? mapping->unlockFile()
                                                     : mapping->lockFile(kind, call.flag(2), &acquired);
  return status ? Napi::Boolean::New(info.Env(), acquired) : call.fail(status);
}

// pin(handle): the descriptor, which stays open until unpin(handle)
Value pin(Info info) {
  Call call(info);
  if (!call.mapping()) return info.Env().Undefined();
  platform::Handle file = platform::kNoHandle;
  const Status status = registry::pin(call.id(0), &file);
  return status ? call.done(static_cast<double>(file)) : call.fail(status);
}

Value unpin(Info info) {
  registry::unpin(Call(info).id(0));
  return info.Env().Undefined();
}

// writeToNewFile(handle, path, offset, length)
Value writeToNewFile(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  if (!mapping) return info.Env().Undefined();
  call.setDestination(call.path(1));
  return call.done(mapping->writeToNewFile(call.path(1), call.integer(2), call.integer(3)));
}

Value remove(Info info) {
  Call call(info);
  const auto mapping = call.mapping();
  return mapping ? call.done(mapping->remove()) : info.Env().Undefined();
}

Value syncDirectory(Info info) {
  Call call(info);
  call.setName(call.path(0));
  platform::Handle directory = platform::kNoHandle;
  Status status = platform::openDirectory(call.path(0), &directory);
  if (!status) return call.fail(status);
  status = platform::syncDirectory(directory);
  platform::close(directory);
  return call.done(status);
}

Value aliasOf(Info info) {
  napi_value result = alias(info.Env(), info[0]);
  return result ? Value(info.Env(), result) : info.Env().Undefined();
}

Value detach(Info info) {
  napi_detach_arraybuffer(info.Env(), info[0]);
  return info.Env().Undefined();
}

// disableGuard(): whether it was in time
Value disableGuard(Info info) { return Napi::Boolean::New(info.Env(), platform::disableGuard()); }

Value rearmGuard(Info info) {
  platform::rearmGuard();
  return info.Env().Undefined();
}

// watchFaults(report): calls it after each fault of any mapping
Value watchFaults(Info info) {
  Call call(info);
  return call.done(notify::listen(info.Env(), info[0].As<Napi::Function>()));
}

// init(createError, result)
Value init(Info info) {
  Environment* environment = info.Env().GetInstanceData<Environment>();
  environment->createError = Napi::Persistent(info[0].As<Napi::Function>());
  environment->result = Napi::Persistent(info[1].As<Napi::Float64Array>());
  return info.Env().Undefined();
}

template <Value (*function)(Info)>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name));
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment();
  env.SetInstanceData(environment);
  // Before its memory goes, and on worker threads too: nobody else would unmap what is still open.
  env.AddCleanupHook([environment] { registry::releaseAll(environment); });
  exports.Set("pageSize", Napi::Number::New(env, static_cast<double>(platform::pageSize())));
  exports.Set("granularity", Napi::Number::New(env, static_cast<double>(platform::granularity())));
  add<init>(exports, "init");
  add<open>(exports, "open");
  add<memory>(exports, "memory");
  add<adopt>(exports, "adopt");
  add<blank>(exports, "blank");
  add<probe>(exports, "probe");
  add<map>(exports, "map");
  add<unmap>(exports, "unmap");
  add<commit>(exports, "commit");
  add<abandon>(exports, "abandon");
  add<resize>(exports, "resize");
  add<freeze>(exports, "freeze");
  add<extent>(exports, "extent");
  add<reopen>(exports, "reopen");
  add<checkFault>(exports, "checkFault");
  add<disableGuard>(exports, "disableGuard");
  add<rearmGuard>(exports, "rearmGuard");
  add<watchFaults>(exports, "watchFaults");
  add<poison>(exports, "poison");
  add<close>(exports, "close");
  add<release>(exports, "release");
  add<attach>(exports, "attach");
  add<state>(exports, "state");
  add<flush>(exports, "flush");
  add<advise>(exports, "advise");
  add<prefetch>(exports, "prefetch");
  add<residency>(exports, "residency");
  add<lockMemory>(exports, "lockMemory");
  add<lock>(exports, "lock");
  add<pin>(exports, "pin");
  add<unpin>(exports, "unpin");
  add<writeToNewFile>(exports, "writeToNewFile");
  add<remove>(exports, "remove");
  add<syncDirectory>(exports, "syncDirectory");
  add<aliasOf>(exports, "alias");
  add<detach>(exports, "detach");
  return exports;
}

}  // namespace
}  // namespace fmmap

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return fmmap::start(env, exports); }
NODE_API_MODULE(fmmap, Init)
