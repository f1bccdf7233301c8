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
import { readDocs, readerDocs, writeDocs, writerDocs } from './accessor-docs.js';
import type { NumericKind } from './numeric-table.js';
import { type Files, printModules } from './print.js';

type Method = OptionalKind<MethodDeclarationStructure>;
type Property = OptionalKind<PropertyDeclarationStructure>;
type Parameter = OptionalKind<ParameterDeclarationStructure>;

/** The typed accessors of files, readers and writers: four modules of one abstract class each. */
export function accessorFiles(kinds: readonly NumericKind[]): Files {
  const accessors = accessorsOf(kinds);
  const mapping = "import type { Mapping } from '../mapping.js';";
  const cursor = "import { Cursor } from '../cursor.js';";
  const checkers = [...new Set(kinds.map(checkerOf))].sort().join(', ');
  const wide = kinds.some(({ via }) => via !== 'view')
    ? ["import * as wide from '../wide.js';"]
    : [];

  return printModules('numeric-table.ts', {
    'typed-reads.ts': {
      imports: [mapping, ...wide],
      name: 'TypedReads',
      docs: [{ description: 'The typed reads of a mapped file, at any offset: no native call.' }],
      properties: [mappingField],
      methods: accessors.map(readMethod),
    },
    'typed-writes.ts': {
      imports: [mapping, `import { ${checkers} } from '../range.js';`, ...wide],
      name: 'TypedWrites',
      docs: [{ description: 'The typed writes of a mapped file, at any offset: no native call.' }],
      properties: [mappingField],
      methods: accessors.map(writeMethod),
    },
    'typed-reader.ts': {
      imports: [cursor, "import type { TypedReads } from './typed-reads.js';"],
      name: 'TypedReader',
      docs: [{ description: 'The typed reads of a reader, at its position.' }],
      ...overFile('TypedReads'),
      methods: accessors.map(readerMethod),
    },
    'typed-writer.ts': {
      imports: [cursor, "import type { TypedWrites } from './typed-writes.js';"],
      name: 'TypedWriter',
      docs: [{ description: 'The typed writes of a writer, at its position.' }],
      ...overFile('TypedWrites'),
      methods: accessors.map(writerMethod),
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
          ? `wide.exact${access}(m.load(offset, ${size}), offset, ${littleEndian})`
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
      m.store(offset, ${size});
      return offset + ${size};`,
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

const offset: Parameter = { name: 'offset', type: 'number' };

const mappingField: Property = {
  name: '_mapping',
  type: 'Mapping',
  isAbstract: true,
  isReadonly: true,
  docs: [{ description: '@internal' }],
};

/** A class over a position in a file of which `accessors` are the typed ones. */
const overFile = (accessors: string) => ({
  typeParameters: [{ name: 'File', constraint: accessors, default: accessors }],
  extends: 'Cursor<File>',
});
