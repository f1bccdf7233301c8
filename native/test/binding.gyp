# Addons that only tests use, for Windows itself: `npm run build:windows-tests`. Elsewhere scripts/windows builds them.
{
  "target_defaults": {
    "defines": ["NAPI_VERSION=8", "NOMINMAX", "WIN32_LEAN_AND_MEAN", "PSAPI_VERSION=2", "_WIN32_WINNT=0x0A00", "NTDDI_VERSION=0x0A000006"],
    "include_dirs": ["../src"],
    "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++17"], "WarningLevel": "3" } }
  },
  "targets": [
    {
      "target_name": "counts-windows",
      "sources": ["../../packages/core/test/helpers/counts-windows.cc"]
    },
    {
      "target_name": "failing-windows",
      "sources": ["../../packages/core/test/helpers/failing-windows.cc"]
    },
    {
      "target_name": "entries",
      "sources": [
        "entries.cc",
        "../src/platform/win32/directory.cc",
        "../src/platform/win32/file.cc",
        "../src/platform/win32/paths.cc"
      ]
    },
    {
      "target_name": "copy",
      "type": "none",
      "dependencies": ["counts-windows", "failing-windows", "entries"],
      "copies": [
        { "destination": "../../packages/core/test/helpers", "files": ["<(PRODUCT_DIR)/counts-windows.node", "<(PRODUCT_DIR)/failing-windows.node"] },
        { "destination": ".", "files": ["<(PRODUCT_DIR)/entries.node"] }
      ]
    }
  ]
}
