// Removes and replaces files as the package does, but without mapping them: also where Windows, or Wine, cannot map any.
// Built by scripts/windows, and on Windows by native/test/binding.gyp.
#include <node_api.h>

#include <cstdint>
#include <string>

#include "platform/directory.h"
#include "platform/file.h"

namespace {

namespace platform = fmmap::platform;
using fmmap::Status;

template <size_t count>
struct Arguments {
  Arguments(napi_env env, napi_callback_info info) : env(env) {
    size_t given = count;
    napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  }
  std::string text(size_t index) const {
    size_t length = 0;
    napi_get_value_string_utf8(env, values[index], nullptr, 0, &length);
    std::string result(length + 1, '\0');
    napi_get_value_string_utf8(env, values[index], &result[0], length + 1, &length);
    result.resize(length);
    return result;
  }
  std::uint64_t number(size_t index) const {
    std::uint64_t result = 0;
    bool isWhole = false;
    napi_get_value_bigint_uint64(env, values[index], &result, &isWhole);
    return result;
  }
  const napi_env env;
  napi_value values[count] = {};
};

/** Nothing, the word for what was found at the path, or the number of the error. */
napi_value resultOf(napi_env env, const Status& status) {
  napi_value result = nullptr;
  if (status) napi_get_undefined(env, &result);
  else if (*status.argument != '\0') napi_create_string_utf8(env, status.argument, NAPI_AUTO_LENGTH, &result);
  else napi_create_int32(env, status.error, &result);
  return result;
}

/** The identity of the file at a path, as three numbers. */
napi_value identityOf(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  platform::OpenRequest request;
  platform::Handle file = platform::kNoHandle, parent = platform::kNoHandle;
  platform::Identity identity;
  Status status = platform::open(request, {arguments.text(0)}, &file, &parent);
  if (status) status = platform::identity(file, &identity);
  if (file != platform::kNoHandle) platform::close(file);
  if (!status) return resultOf(env, status);
  napi_value result = nullptr, part = nullptr;
  napi_create_array_with_length(env, 3, &result);
  napi_create_bigint_uint64(env, identity.volume, &part);
  napi_set_element(env, result, 0, part);
  napi_create_bigint_uint64(env, identity.file, &part);
  napi_set_element(env, result, 1, part);
  napi_create_bigint_uint64(env, identity.fileHigh, &part);
  napi_set_element(env, result, 2, part);
  return result;
}

/** Calls `act` with the directory of a path. */
template <typename Act>
Status inParent(const std::string& path, Act act) {
  platform::Handle parent = platform::kNoHandle;
  Status status = platform::openParent({path}, &parent);
  if (!status) return status;
  status = act(parent);
  platform::close(parent);
  return status;
}

/** removeEntry(path, volume, file, fileHigh) */
napi_value removeEntry(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  const std::string path = arguments.text(0);
  const platform::Identity identity{arguments.number(1), arguments.number(2), arguments.number(3)};
  return resultOf(env, inParent(path, [&](platform::Handle parent) {
                    return platform::removeEntry(parent, path, identity);
                  }));
}

/** replaceEntry(name, path) */
napi_value replaceEntry(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const std::string name = arguments.text(0), path = arguments.text(1);
  return resultOf(env, inParent(path, [&](platform::Handle parent) {
                    return platform::replaceEntry(parent, name, path);
                  }));
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"identityOf", nullptr, identityOf, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"removeEntry", nullptr, removeEntry, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"replaceEntry", nullptr, replaceEntry, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}
