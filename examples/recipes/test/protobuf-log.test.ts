import * as fs from 'node:fs';
import { MmapFile } from '@fmmap/core';
import { messages } from '@fmmap/recipes/protobuf-log';
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { change } from './helpers/memory.ts';
import { tempFile } from './helpers/temp.ts';

interface Event {
  id: number;
  text: string;
  data: Uint8Array;
}

const type = new protobuf.Type('Event')
  .add(new protobuf.Field('id', 1, 'uint32'))
  .add(new protobuf.Field('text', 2, 'string'))
  .add(new protobuf.Field('data', 3, 'bytes'));

const eventOf = (id: number): Event => ({
  id,
  text: `naïve ${id}`,
  data: Buffer.alloc(id % 300, `${id} `),
});
const encoded = (id: number): Uint8Array => type.encodeDelimited(eventOf(id)).finish();
const COUNT = 1000;
const log = Buffer.concat(Array.from({ length: COUNT }, (_, id) => encoded(id)));

test('the messages of a log are those that protobufjs wrote', () => {
  const file = MmapFile.open(tempFile(log));
  let id = 0;
  for (const { message } of messages<Event>(file, type)) {
    expect(type.toObject(message)).toEqual(eventOf(id));
    ++id;
  }
  expect(id).toBe(COUNT);
  file.close();
});

test('bytes in a message are the memory of the file', () => {
  const path = tempFile(log);
  const file = MmapFile.open(path);
  const all = [...messages<Event>(file, type)];
  const { data } = type.toObject(all[299]?.message ?? type.create()) as Event;
  expect(Buffer.from(data).toString('latin1', 0, 4)).toBe('299 ');
  expect(data.buffer.byteLength).toBe(log.length);
  change(path, data, 0, Buffer.from('x'));
  expect(String.fromCharCode(data[0] ?? 0)).toBe('x');
  file.close();
});

test('a log that is being written is read up to its last whole message, and from there on later', () => {
  const whole = log.length - encoded(COUNT - 1).length;
  for (let cut = whole; cut < log.length; ++cut) {
    const path = tempFile(log.subarray(0, cut));
    const file = MmapFile.open(path);
    const found = [...messages<Event>(file, type)];
    expect(found).toHaveLength(COUNT - 1);
    expect(found.at(-1)?.end).toBe(whole);
    if (cut % 50 === 0) {
      fs.appendFileSync(path, log.subarray(cut));
      file.reopen();
      const more = [...messages<Event>(file, type, whole)];
      expect(more.map(({ message, end }) => [type.toObject(message), end])).toEqual([
        [eventOf(COUNT - 1), log.length],
      ]);
    }
    file.close();
  }
});
