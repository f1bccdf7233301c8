{
  "targets": [
    {
      "target_name": "fmmap",
      "sources": [
        "src/binding/addon.cc",
        "src/binding/call.cc",
        "src/binding/environment.cc",
        "src/binding/fault-listeners.cc",
        "src/binding/pool-task.cc",
        "src/binding/view.cc",
        "src/mapping/copy.cc",
        "src/mapping/file.cc",
        "src/mapping/io.cc",
        "src/mapping/lost-pages.cc",
        "src/mapping/mapping.cc",
        "src/mapping/open.cc",
        "src/mapping/reader-writer-lock.cc",
        "src/mapping/registry.cc",
        "src/mapping/resize.cc",
        "src/mapping/gather.cc",
        "src/mapping/search.cc",
        "src/mapping/window-set.cc",
        "src/mapping/window.cc",
      ],
      "include_dirs": ["src", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS",
        # A thread that is being terminated takes no errors, which must not end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # The platform is chosen here and nowhere else: one folder that implements the headers of src/platform.
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "src/platform/posix/directory.cc",
            "src/platform/posix/engine.cc",
            "src/platform/posix/file.cc",
            "src/platform/posix/guard.cc",
            "src/platform/posix/linux.cc",
            "src/platform/posix/memory.cc",
            "src/platform/posix/signals.cc",
            "src/platform/posix/guarded-range-index.cc",
          ],
          "cflags_cc": ["-std=c++17", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unused-parameter"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-O3"],
          # nodelete: Node unloads addons with their last worker, but signal handlers stay.
          "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,-z,nodelete"]
        }],
        ["OS=='mac'", {
          "sources": [
            "src/platform/posix/darwin.cc",
            "src/platform/posix/directory.cc",
            "src/platform/posix/engine.cc",
            "src/platform/posix/file.cc",
            "src/platform/posix/guard.cc",
            "src/platform/posix/memory.cc",
            "src/platform/posix/signals.cc",
            "src/platform/posix/guarded-range-index.cc",
          ],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0"
          }
        }],
        ["OS=='win'", {
          "sources": [
            "src/platform/win32/arena.cc",
            "src/platform/win32/directory.cc",
            "src/platform/win32/engine.cc",
            "src/platform/win32/file.cc",
            "src/platform/win32/guard.cc",
            "src/platform/win32/memory.cc",
            "src/platform/win32/paths.cc",
          ],
          "defines": ["NOMINMAX", "WIN32_LEAN_AND_MEAN", "PSAPI_VERSION=2", "_WIN32_WINNT=0x0A00", "NTDDI_VERSION=0x0A000006"],
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"], "WarningLevel": "3" } }
        }]
      ]
    }
  ]
}
