import type {
  MethodDeclarationStructure,
  OptionalKind,
  ParameterDeclarationStructure,
  PropertyDeclarationStructure,
} from 'ts-morph';
import {
  type Accessor,
  accessorsOf,
  checkerOf,
  checkStatement,
  getExpression,
  offsetTerms,
  setStatement,
} from './accessor.js';
import {
  readDocs,
  readerDocs,
  sizedReadDocs,
  sizedReaderDocs,
  sizedWriteDocs,
  sizedWriterDocs,
  writeDocs,
  writerDocs,
} from './accessor-docs.js';
import { type NumericKind, type SizedKind, sizedKinds } from './numeric-table.js';
import { type Files, printModules } from './print.js';

type Method = OptionalKind<MethodDeclarationStructure>;
type Property = OptionalKind<PropertyDeclarationStructure>;
type Parameter = OptionalKind<ParameterDeclarationStructure>;

/** The typed accessors of files, readers and writers: four modules of one abstract class each. */
export function accessorFiles(kinds: readonly NumericKind[]): Files {
  const accessors = accessorsOf(kinds);
  const mapping = "import type { Mapping } from '../../mapping/mapping.js';";
  const cursor = "import { Cursor } from '../cursor.js';";
  const sized = "import { checkByteLength } from '../integers.js';";
  const checkers = [...new Set(kinds.map(checkerOf))].sort().join(', ');
  const integers = "import * as integers from '../integers.js';";

  return printModules('numeric-table.ts', {
    'numeric-reads.ts': {
      imports: [mapping, integers],
      name: 'NumericReads',
      docs: [{ description: 'The typed reads of a mapped file, at any offset: no native call.' }],
      properties: [mappingField],
      methods: [...accessors.map(readMethod), ...sizedKinds.map(sizedReadMethod)],
    },
    'numeric-writes.ts': {
      imports: [mapping, `import { ${checkers} } from '../../arguments/range.js';`, integers],
      name: 'NumericWrites',
      docs: [{ description: 'The typed writes of a mapped file, at any offset: no native call.' }],
      properties: [mappingField],
      methods: [...accessors.map(writeMethod), ...sizedKinds.map(sizedWriteMethod)],
    },
    'cursor-reads.ts': {
      imports: [cursor, sized],
      name: 'CursorReads',
      docs: [{ description: 'The typed reads of a reader, at its position.' }],
      ...overCursor,
      methods: [...accessors.map(readerMethod), ...sizedKinds.map(sizedReaderMethod)],
    },
    'cursor-writes.ts': {
      imports: [cursor, sized],
      name: 'CursorWrites',
      docs: [{ description: 'The typed writes of a writer, at its position.' }],
      ...overCursor,
      methods: [...accessors.map(writerMethod), ...sizedKinds.map(sizedWriterMethod)],
    },
  });
}

/** A value counts only if the flag, read after it, says that no page had vanished by then. */
function readMethod(accessor: Accessor): Method {
  const { suffix, size, js, via, access, littleEndian } = accessor;
  const checked = via === 'halves';
  return {
    name: `read${suffix}`,
    docs: [{ description: readDocs(accessor) }],
    parameters: [offset],
    returnType: js,
    statements: `
      const m = this._mapping;
      if (${offsetTerms(size).join(' && ')}) {
        const view = m.view;
        const value = ${getExpression(accessor, 'view', 'offset')};
        if (view.getInt8(m.flag) === 0${checked ? ' && Number.isSafeInteger(value)' : ''}) return value;
      }
      return ${
        checked
          ? `integers.exact${access}(m.load(offset, ${size}), offset, ${littleEndian})`
          : getExpression(accessor, `m.load(offset, ${size})`, '0')
      };`,
  };
}

function writeMethod(accessor: Accessor): Method {
  const { suffix, size, js } = accessor;
  return {
    name: `write${suffix}`,
    docs: [{ description: writeDocs(accessor) }],
    parameters: [{ name: 'value', type: js }, offset],
    returnType: 'number',
    statements: `
      ${checkStatement(accessor)}
      const m = this._mapping;
      if (${offsetTerms(size).join(' && ')}) {
        const view = m.view;
        ${setStatement(accessor, 'view', 'offset')}
        if (view.getInt8(m.flag) === 0) return offset + ${size};
      }
      ${setStatement(accessor, 'm.scratch', '0')}
      return m.store(offset, ${size});`,
  };
}

function readerMethod(accessor: Accessor): Method {
  const { suffix, size, js } = accessor;
  return {
    name: `read${suffix}`,
    docs: [{ description: readerDocs(accessor) }],
    returnType: js,
    statements: `
      const value = this.file.read${suffix}(this.claim(${size}));
      this.advance(${size});
      return value;`,
  };
}

function writerMethod(accessor: Accessor): Method {
  const { suffix, size, js } = accessor;
  return {
    name: `write${suffix}`,
    docs: [{ description: writerDocs(accessor) }],
    parameters: [{ name: 'value', type: js }],
    returnType: 'number',
    statements: `
      this.file.write${suffix}(value, this.claim(${size}));
      return this.advance(${size});`,
  };
}

function sizedReadMethod(kind: SizedKind): Method {
  return {
    name: `read${kind}`,
    docs: [{ description: sizedReadDocs(kind) }],
    parameters: [anyOffset, byteLength],
    returnType: 'number',
    statements: `return integers.readSized(this._mapping, '${kind}', offset, byteLength);`,
  };
}

function sizedWriteMethod(kind: SizedKind): Method {
  return {
    name: `write${kind}`,
    docs: [{ description: sizedWriteDocs(kind) }],
    parameters: [{ name: 'value', type: 'number' }, anyOffset, byteLength],
    returnType: 'number',
    statements: `return integers.writeSized(this._mapping, '${kind}', value, offset, byteLength);`,
  };
}

function sizedReaderMethod(kind: SizedKind): Method {
  return {
    name: `read${kind}`,
    docs: [{ description: sizedReaderDocs(kind) }],
    parameters: [byteLength],
    returnType: 'number',
    statements: `
      checkByteLength(byteLength);
      const value = this.file.read${kind}(this.claim(byteLength), byteLength);
      this.advance(byteLength);
      return value;`,
  };
}

function sizedWriterMethod(kind: SizedKind): Method {
  return {
    name: `write${kind}`,
    docs: [{ description: sizedWriterDocs(kind) }],
    parameters: [{ name: 'value', type: 'number' }, byteLength],
    returnType: 'number',
    statements: `
      checkByteLength(byteLength);
      this.file.write${kind}(value, this.claim(byteLength), byteLength);
      return this.advance(byteLength);`,
  };
}

const offset: Parameter = { name: 'offset', initializer: '0' };
const anyOffset: Parameter = { name: 'offset', type: 'number' };
const byteLength: Parameter = { name: 'byteLength', type: 'number' };

const mappingField: Property = {
  name: '_mapping',
  type: 'Mapping',
  isAbstract: true,
  isReadonly: true,
  docs: [{ description: '@internal' }],
};

/** A class over a position in a file. */
const overCursor = {
  typeParameters: [{ name: 'Memory', constraint: 'ArrayBufferLike', default: 'ArrayBuffer' }],
  extends: 'Cursor<Memory>',
};
