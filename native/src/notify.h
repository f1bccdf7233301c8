// Telling JavaScript that there was a fault, from whichever thread it happened on.
#pragma once

#include <napi.h>

#include "status.h"

namespace fmmap::notify {

/** Has `report` called in its own environment after each fault in the process, until that ends. */
Status listen(Napi::Env env, Napi::Function report);

}  // namespace fmmap::notify
