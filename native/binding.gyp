{
  "targets": [
    {
      "target_name": "fmmap",
      "sources": [
        "src/addon.cc",
        "src/call.cc",
        "src/changing.cc",
        "src/copying.cc",
        "src/gate.cc",
        "src/locking.cc",
        "src/mapping.cc",
        "src/notify.cc",
        "src/opening.cc",
        "src/operation.cc",
        "src/pieces.cc",
        "src/registry.cc",
        "src/removing.cc",
        "src/search.cc",
        "src/using.cc",
        "src/view.cc",
        "src/window.cc",
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS",
        # A thread that is being terminated takes no errors; that must not end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # One platform is chosen here and nowhere else; each implements src/platform.h.
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "src/posix/directory.cc", "src/posix/engine.cc", "src/posix/file.cc", "src/posix/guard.cc", "src/posix/linux.cc",
            "src/posix/memory.cc", "src/posix/signals.cc", "src/posix/ward-index.cc"
          ],
          "cflags_cc": ["-std=c++17", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unused-parameter"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-O3"],
          # nodelete: Node unloads addons with their last worker, but signal handlers stay.
          "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,-z,nodelete"]
        }],
        ["OS=='mac'", {
          "sources": [
            "src/posix/darwin.cc", "src/posix/directory.cc", "src/posix/engine.cc", "src/posix/file.cc", "src/posix/guard.cc",
            "src/posix/memory.cc", "src/posix/signals.cc", "src/posix/ward-index.cc"
          ],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0"
          }
        }],
        ["OS=='win'", {
          "sources": ["src/win32/platform.cc"],
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"] } }
        }]
      ]
    }
  ]
}
