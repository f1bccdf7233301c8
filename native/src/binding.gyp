{
  "targets": [
    {
      "target_name": "fmmap",
      "sources": [
        "binding/addon.cc",
        "binding/call.cc",
        "binding/environment.cc",
        "binding/fault-listeners.cc",
        "binding/pool-task.cc",
        "binding/view.cc",
        "mapping/blocks.cc",
        "mapping/copy.cc",
        "mapping/file.cc",
        "mapping/gather.cc",
        "mapping/io.cc",
        "mapping/lost-pages.cc",
        "mapping/mapping.cc",
        "mapping/open.cc",
        "mapping/reader-writer-lock.cc",
        "mapping/registry.cc",
        "mapping/resize.cc",
        "mapping/search.cc",
        "mapping/window-set.cc",
        "mapping/window.cc",
      ],
      "include_dirs": [".", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS",
        # A thread that is being terminated takes no errors, which must not end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # The platform is chosen here and nowhere else: one folder that implements the headers of src/platform.
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "platform/posix/directory.cc",
            "platform/posix/engine.cc",
            "platform/posix/file.cc",
            "platform/posix/guard.cc",
            "platform/posix/linux.cc",
            "platform/posix/memory.cc",
            "platform/posix/signals.cc",
            "platform/posix/guarded-range-index.cc",
          ],
          "defines": ["_FILE_OFFSET_BITS=64"],
          "cflags_cc": ["-std=c++17", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unused-parameter"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-O3"],
          # nodelete: Node unloads addons with their last worker, but signal handlers stay.
          # exclude-libs: the C++ library is this addon's own, whichever one Node has.
          "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--exclude-libs,ALL", "-Wl,-z,nodelete"]
        }],
        ["OS=='mac'", {
          "sources": [
            "platform/posix/darwin.cc",
            "platform/posix/directory.cc",
            "platform/posix/engine.cc",
            "platform/posix/file.cc",
            "platform/posix/guard.cc",
            "platform/posix/memory.cc",
            "platform/posix/signals.cc",
            "platform/posix/guarded-range-index.cc",
          ],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0"
          }
        }],
        ["OS=='win'", {
          "sources": [
            "platform/win32/arena.cc",
            "platform/win32/directory.cc",
            "platform/win32/engine.cc",
            "platform/win32/file.cc",
            "platform/win32/guard.cc",
            "platform/win32/memory.cc",
            "platform/win32/paths.cc",
          ],
          "defines": ["NOMINMAX", "WIN32_LEAN_AND_MEAN", "PSAPI_VERSION=2", "_WIN32_WINNT=0x0A00", "NTDDI_VERSION=0x0A000006"],
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"], "WarningLevel": "3" } }
        }]
      ]
    }
  ]
}
