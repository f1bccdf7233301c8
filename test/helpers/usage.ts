// A small program for each package, and what it prints.

export const SAID = {
  core: '5,5,true',
  node: '5,5,true',
  worker: '5,5,8,true',
  stream: '5,5,8,true',
};

export type Name = keyof typeof SAID;

/** In TypeScript. It uses a file in the working directory. */
export function program(name: Name, specifier = `@fmmap/${name}`): string {
  const type = name === 'core' ? 'MmapFileMut' : 'AsyncMmapFileMut';
  return `
    import { ${type}, MmapClosedError, MmapError } from '${specifier}';
    async function main(): Promise<void> {
      const path = \`used-\${process.pid}.bin\`;
      const file = await ${type}.create(path, { maxSize: 8 });
      file.writeBigUInt64LE(5n, 0);
      await file.flush();
      const text: string[] = [String(file.readBigUInt64LE(0)), String(file.bytes(0, 1)[0])];
      ${name === 'worker' ? 'text.push(String(await file.run((other) => other.length)));' : ''}
      ${name === 'stream' ? 'for await (const chunk of file.readable()) text.push(String(chunk.length));' : ''}
      await file.remove();
      try {
        file.readUInt8(0);
      } catch (error) {
        text.push(String(error instanceof MmapClosedError && error instanceof MmapError));
      }
      console.log(text.join());
    }
    void main();`;
}

/** The same in JavaScript. */
export const untyped = (code: string): string => code.replace(/: (Promise<void>|string\[\])/g, '');
