// The platforms that have a package with a binary, and how each is compiled here.

/**
 * `libc` as npm calls it. `target` is zig's; the version is that of the oldest glibc. `debian` is that of a
 * compiler of Debian's, for the two that zig 0.11 cannot link for: such a binary needs the glibc of that Debian.
 */
const TABLE = [
  { os: 'linux', cpu: 'x64', libc: 'glibc', target: 'x86_64-linux-gnu.2.17' },
  { os: 'linux', cpu: 'arm64', libc: 'glibc', target: 'aarch64-linux-gnu.2.17' },
  { os: 'linux', cpu: 'arm', libc: 'glibc', target: 'arm-linux-gnueabihf.2.17' },
  { os: 'linux', cpu: 's390x', libc: 'glibc', debian: 's390x-linux-gnu' },
  { os: 'linux', cpu: 'ppc64', libc: 'glibc', target: 'powerpc64le-linux-gnu.2.17' },
  { os: 'linux', cpu: 'riscv64', libc: 'glibc', debian: 'riscv64-linux-gnu' },
  { os: 'linux', cpu: 'x64', libc: 'musl', target: 'x86_64-linux-musl' },
  { os: 'linux', cpu: 'arm64', libc: 'musl', target: 'aarch64-linux-musl' },
  { os: 'win32', cpu: 'x64', target: 'x86_64-windows-gnu' },
  { os: 'win32', cpu: 'arm64', target: 'aarch64-windows-gnu' },
  { os: 'darwin', cpu: 'x64', target: 'x86_64-macos.11.0' },
  { os: 'darwin', cpu: 'arm64', target: 'aarch64-macos.11.0' },
];
const SUFFIXES = { glibc: '-gnu', musl: '-musl' };

export const PLATFORMS = TABLE.map((platform) => {
  const name = `${platform.os}-${platform.cpu}${SUFFIXES[platform.libc] ?? ''}`;
  return { ...platform, name, package: `@fmmap/native-${name}` };
});

function isOwn({ os, cpu, libc }) {
  const hasGlibc = () => process.report.getReport().header.glibcVersionRuntime !== undefined;
  if (os !== process.platform || cpu !== process.arch) return false;
  return libc === undefined || (libc === 'glibc') === hasGlibc();
}

/** The platform that this is; undefined if it has no package. */
export const OWN = PLATFORMS.find(isOwn);
