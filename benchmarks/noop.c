// A Node-API function that does nothing: the lower bound for any native call. Declared by hand, so that no headers are needed.
#include <stddef.h>

typedef struct env *napi_env;
typedef struct value *napi_value;
typedef struct info *napi_callback_info;

extern int napi_create_function(napi_env env, const char *name, size_t length,
                                napi_value (*function)(napi_env, napi_callback_info), void *data, napi_value *result);

static napi_value noop(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  return NULL;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function = exports;
  napi_create_function(env, "noop", 4, noop, NULL, &function);
  return function;
}
