// Finds Node's functions in the running program, whatever its file is called: node-gyp adds the same to what MSVC builds.
#include <windows.h>

#include <delayimp.h>

#include <cstring>

static FARPROC WINAPI findHost(unsigned event, DelayLoadInfo* info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(GetModuleHandleW(nullptr));
}

extern "C" {
PfnDliHook __pfnDliNotifyHook2 = findHost;
}
