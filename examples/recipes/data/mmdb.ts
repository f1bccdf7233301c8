/**
 * A database of networks of IPv4 in the format of maxmind.github.io/MaxMind-DB, since no package of npm writes it: records
 * of 32 bits, maps of strings, numbers of 32 bits.
 */
export function mmdb(networks: Readonly<Record<string, Record<string, string | number>>>): Buffer {
  const nodes: [Entry, Entry][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  let size = 0;
  for (const [network, values] of Object.entries(networks)) {
    const [address = '', length] = network.split('/');
    const bits = address.split('.').reduce((all, byte) => all * 256 + Number(byte), 0);
    let node = 0;
    for (let depth = 31; depth > 32 - Number(length); --depth) {
      const side = bitOf(bits, depth);
      const pair = nodes[node] as [Entry, Entry];
      pair[side] ??= { node: nodes.push([undefined, undefined]) - 1 };
      node = (pair[side] as { node: number }).node;
    }
    (nodes[node] as [Entry, Entry])[bitOf(bits, 32 - Number(length))] = { data: size };
    const encoded = encode(values);
    size += encoded.length;
    data.push(encoded);
  }
  const tree = Buffer.alloc(nodes.length * 8);
  for (const [at, entry] of nodes.flat().entries()) {
    let record = nodes.length; // none
    if (entry && 'node' in entry) record = entry.node;
    else if (entry) record += 16 + entry.data;
    tree.writeUInt32BE(record, at * 4);
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    ip_version: 4,
    node_count: nodes.length,
    record_size: 32,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

type Entry = undefined | { node: number } | { data: number };

const bitOf = (bits: number, depth: number): 0 | 1 => (Math.floor(bits / 2 ** depth) % 2 ? 1 : 0);

function encode(values: Record<string, string | number>): Buffer {
  const parts = Object.entries(values).flatMap(([key, value]) => [text(key), scalar(value)]);
  return Buffer.concat([control(7, parts.length / 2), ...parts]);
}

function scalar(value: string | number): Buffer {
  if (typeof value === 'string') return text(value);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return Buffer.concat([control(6, 4), bytes]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([control(2, bytes.length), bytes]);
}

/** Type and size; of 29 bytes and more, their number beyond that follows. */
function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.of((type << 5) | size) : Buffer.of((type << 5) | 29, size - 29);
}
