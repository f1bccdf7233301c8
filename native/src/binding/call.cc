// A call from JavaScript: see call.h.
#include "binding/call.h"

#include <iterator>
#include <system_error>

namespace fmmap {

void Call::readAll(napi_callback_info info) {
  many_ = std::make_unique<napi_value[]>(count_);
  napi_get_cb_info(env_, info, &count_, many_.get(), nullptr, nullptr);
  values_ = many_.get();
}

napi_value Subject::error(napi_env env, const Status& status, napi_value receiver) const {
  const auto string = [env](const std::string& value) {
    napi_value result = nullptr;
    napi_create_string_utf8(env, value.data(), value.size(), &result);
    return result;
  };
  napi_value undefined = nullptr, function = nullptr, result = nullptr;
  napi_get_undefined(env, &undefined);
  const napi_value arguments[] = {numberOf(env, static_cast<int>(status.kind)),
                                  string(status.syscall),
                                  numberOf(env, status.error),
                                  string(status.detail),
                                  string(status.argument),
                                  numberOf(env, static_cast<double>(status.offset)),
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
  if (type != napi_function) {  // a call by other code than @fmmap/core
    return napi_create_error(env, nullptr, arguments[3], &result) == napi_ok ? result : nullptr;
  }
  if (napi_call_function(env, undefined, function, std::size(arguments), arguments, &result) != napi_ok) return nullptr;
  return result;
}

std::string Call::string(std::size_t index) const {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env_, value(index), nullptr, 0, &length) != napi_ok) {
    wrong(index, "a string");
    return {};
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env_, value(index), text.data(), text.size(), &length);
  text.resize(length);
  return text;
}

std::string Call::path(std::size_t index) const {
  if (!isTyped(index)) return string(index);
  const Span span = bytes(index);
  return std::string(reinterpret_cast<const char*>(span.data), span.length);
}

bool Call::isOf(std::size_t index, napi_valuetype type) const {
  napi_valuetype found = napi_undefined;
  return napi_typeof(env_, value(index), &found) == napi_ok && found == type;
}

bool Call::isTyped(std::size_t index) const {
  bool isTyped = false;
  return napi_is_typedarray(env_, value(index), &isTyped) == napi_ok && isTyped;
}

Span Call::typed(std::size_t index, napi_typedarray_type type) const {
  napi_typedarray_type found = type;
  std::size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (!isTyped(index) ||
      napi_get_typedarray_info(env_, value(index), &found, &length, &data, &buffer, &offset) != napi_ok ||
      found != type || (data == nullptr && length > 0)) {
    wrong(index, "a typed array of the right kind");
    return {};
  }
  const std::size_t size = type == napi_uint8_array ? 1 : type == napi_uint32_array ? 4 : 8;
  return {static_cast<std::uint8_t*>(data), length * size};
}

Span Call::shared(std::size_t index, napi_typedarray_type type) const {
  const Span span = typed(index, type);
  napi_value buffer = nullptr;
  bool isPlain = true;
  const bool isShared = isTyped(index) &&
                        napi_get_typedarray_info(env_, value(index), nullptr, nullptr, nullptr, &buffer, nullptr) ==
                            napi_ok &&
                        napi_is_arraybuffer(env_, buffer, &isPlain) == napi_ok && !isPlain;
  if (!isShared) wrong(index, "shared memory");
  return isShared ? span : Span{};
}

Span Call::pages(std::size_t index) const {
  const Span span = shared(index, napi_uint8_array);
  const std::size_t page = platform::pageSize();
  const bool isWhole = span.length >= page && span.length % page == 0 &&
                       reinterpret_cast<std::uintptr_t>(span.data) % page == 0;
  if (isWhole) return span;
  wrong(index, "whole pages of shared memory");
  return {};
}

bool Call::refuse() const {
  const std::string message = "argument " + std::to_string(wrong_) + " of the binding must be " + expected_;
  napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message.c_str());
  return false;
}

}  // namespace fmmap
