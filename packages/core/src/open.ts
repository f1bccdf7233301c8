import { Access, binding, type Flag } from './binding.js';
import { typeError } from './errors.js';
import { Mapping, type SharedMapping } from './mapping.js';
import { constructors, type OpenRequest, parseOptions } from './options.js';
import { type PathLike, showPath, toPath } from './path.js';
import { checkSize } from './range.js';

const DEFAULTS = new Map(
  Object.values(constructors).map((maker) => [maker, parseOptions(maker, undefined)]),
);

/** Opens, locks and maps a file. Arguments are checked before anything is touched. */
export function openFile(
  maker: (typeof constructors)[keyof typeof constructors],
  path: PathLike,
  options: object | undefined,
): Mapping {
  const name = toPath(path);
  const request: OpenRequest =
    (options === undefined ? DEFAULTS.get(maker) : undefined) ?? parseOptions(maker, options);
  const { access, flags, mode, customFlags, offset, length, maxSize, detachOnClose } = request;
  const id = binding.open(name, access, flags, mode, customFlags, offset, length, maxSize);
  return Mapping.finish({
    id,
    path: showPath(name),
    access,
    offset,
    isMemory: false,
    detachOnClose,
  });
}

/** A mapping of `data`, or of `length` zeroes, with no file behind it. */
export function openMemory(
  path: string,
  access: Access,
  data: Uint8Array | string | number,
  options?: object,
): Mapping {
  if (typeof path !== 'string') throw typeError('path', 'a string', path);
  const request = parseOptions(constructors.anonymous, options);
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (typeof bytes !== 'number' && !(bytes instanceof Uint8Array)) {
    throw typeError('data', 'a Uint8Array or a string', data);
  }
  const source = typeof bytes === 'number' ? undefined : bytes;
  const length = typeof bytes === 'number' ? bytes : bytes.length;
  const id = binding.memory(path, access, request.flags as Flag, length, source);
  const { detachOnClose } = request;
  return Mapping.finish({ id, path, access, offset: 0, isMemory: true, detachOnClose });
}

export function openAnonymous(length: number, options: object | undefined): Mapping {
  checkSize(length, 'length');
  return openMemory('', Access.write, length, options);
}

/** The mapping of a token of `share()`. */
export function attachMapping(token: SharedMapping): Mapping {
  if (
    typeof token !== 'object' ||
    token === null ||
    token.fmmap !== 1 ||
    !Array.isArray(token.windows)
  ) {
    throw typeError('token', 'what share() returned', token);
  }
  return Mapping.attach(token);
}
