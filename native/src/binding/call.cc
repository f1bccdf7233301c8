#include "binding/call.h"

#include <algorithm>
#include <iterator>
#include <system_error>

namespace fmmap {

Keeper Environment::viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end) {
  if (handle == lastHandle_ && data == lastData_ && end <= lastEnd_) {
    if (Keeper views = lastViews_.lock()) return views;
  }
  Keeper views = registry::viewsOf(handle, data, end);
  lastEnd_ = handle == lastHandle_ && data == lastData_ ? std::max(lastEnd_, end) : end;
  lastHandle_ = handle;
  lastData_ = data;
  lastViews_ = views;
  return views;
}

void Environment::watch(HandleId handle, napi_env env, napi_value owner) {
  napi_ref& reference = owners_[handle];
  if (reference != nullptr) napi_delete_reference(env, reference);
  if (napi_create_reference(env, owner, 0, &reference) != napi_ok) owners_.erase(handle);
}

std::size_t Environment::takeDropped(napi_env env, double* handles, std::size_t room) {
  std::size_t count = 0;
  for (auto at = owners_.begin(); at != owners_.end() && count < room;) {
    napi_value owner = nullptr;
    const bool isDropped = napi_get_reference_value(env, at->second, &owner) == napi_ok && owner == nullptr;
    if (isDropped) {
      napi_delete_reference(env, at->second);
      handles[count++] = static_cast<double>(at->first);
      at = owners_.erase(at);
    } else {
      ++at;
    }
  }
  return count;
}

Status Environment::hold(platform::Handle file, platform::Handle* copy) {
  const Status status = platform::duplicate(file, copy);
  if (status) held_[*copy] = std::make_shared<const OpenFile>(*copy);
  return status;
}

void Environment::unwatch(HandleId handle, napi_env env) {
  const auto owner = owners_.find(handle);
  if (owner == owners_.end()) return;
  napi_delete_reference(env, owner->second);
  owners_.erase(owner);
}

napi_value Subject::error(napi_env env, const Status& status, napi_value receiver) const {
  const auto number = [env](double value) {
    napi_value result = nullptr;
    napi_create_double(env, value, &result);
    return result;
  };
  const auto string = [env](const std::string& value) {
    napi_value result = nullptr;
    napi_create_string_utf8(env, value.data(), value.size(), &result);
    return result;
  };
  napi_value undefined = nullptr, function = nullptr, result = nullptr;
  napi_get_undefined(env, &undefined);
  const napi_value arguments[] = {number(static_cast<int>(status.kind)),
                                  string(status.syscall),
                                  number(status.error),
                                  string(status.detail),
                                  string(status.argument),
                                  number(static_cast<double>(status.offset)),
                                  hasPath ? string(path) : undefined,
                                  destination.empty() ? undefined : string(destination),
                                  string(platform::errorName(status.error)),
                                  string(std::generic_category().message(status.error))};
  for (const napi_value argument : arguments) {
    if (argument == nullptr) return nullptr;
  }
  napi_valuetype type = napi_undefined;
  if (napi_get_named_property(env, receiver, "createError", &function) != napi_ok ||
      napi_typeof(env, function, &type) != napi_ok) {
    return nullptr;
  }
  if (type != napi_function) {  // somebody else's call
    return napi_create_error(env, nullptr, arguments[3], &result) == napi_ok ? result : nullptr;
  }
  if (napi_call_function(env, undefined, function, std::size(arguments), arguments, &result) != napi_ok) return nullptr;
  return result;
}

std::string Call::string(std::size_t index) const {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env(), value(index), nullptr, 0, &length) != napi_ok) {
    wrong(index, "a string");
    return {};
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env(), value(index), text.data(), text.size(), &length);
  text.resize(length);
  return text;
}

std::string Call::path(std::size_t index) const {
  if (!isTyped(index)) return string(index);
  const Span span = bytes(index);
  return std::string(reinterpret_cast<const char*>(span.data), span.length);
}

bool Call::isTyped(std::size_t index) const {
  bool isTyped = false;
  return napi_is_typedarray(env(), value(index), &isTyped) == napi_ok && isTyped;
}

Span Call::typed(std::size_t index, napi_typedarray_type type) const {
  napi_typedarray_type found = type;
  std::size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (!isTyped(index) ||
      napi_get_typedarray_info(env(), value(index), &found, &length, &data, &buffer, &offset) != napi_ok ||
      found != type || (data == nullptr && length > 0)) {
    wrong(index, "a typed array of the right kind");
    return {};
  }
  const std::size_t size = type == napi_uint8_array ? 1 : 8;
  return {static_cast<std::uint8_t*>(data), length * size};
}

Span Call::pages(std::size_t index) const {
  const Span span = bytes(index);
  napi_value buffer = nullptr;
  bool isPlain = true;
  const bool isShared = isTyped(index) &&
                        napi_get_typedarray_info(env(), value(index), nullptr, nullptr, nullptr, &buffer, nullptr) ==
                            napi_ok &&
                        napi_is_arraybuffer(env(), buffer, &isPlain) == napi_ok && !isPlain;
  const std::size_t page = platform::pageSize();
  const bool isWhole = span.length >= page && span.length % page == 0 &&
                       reinterpret_cast<std::uintptr_t>(span.data) % page == 0;
  if (isShared && isWhole) return span;
  wrong(index, "whole pages of shared memory");
  return {};
}

bool Call::accept() const {
  if (expected_ == nullptr) return true;
  const std::string message = "argument " + std::to_string(wrong_) + " of the binding must be " + expected_;
  napi_throw_type_error(env(), "ERR_INVALID_ARG_TYPE", message.c_str());
  return false;
}

}  // namespace fmmap
