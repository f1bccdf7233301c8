// Windows will implement the headers of src/platform here. Until then a build fails with this one line instead of a page of
// missing symbols.
#error "fmmap: Windows is not supported yet; Linux and macOS are. See docs/architecture.md."
