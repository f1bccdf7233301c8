// Writes dist/ts5.6: the types of a package for TypeScript before 5.7, whose typed arrays and Buffers have no type
// parameter. Without documentation, which would double the size of the package.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

/** As a declaration or an import that was renamed. */
const GENERIC = /^(Buffer|DataView|(Big)?(Int|Uint|Float)\d+(Clamped)?Array)(\$\d+)?$/;

/** Removes the type arguments of typed arrays and Buffers. */
const older = (context) => (file) => {
  const visit = (node) => {
    const isGeneric = ts.isTypeReferenceNode(node) && GENERIC.test(node.typeName.getText(file));
    return isGeneric
      ? ts.factory.createTypeReferenceNode(node.typeName)
      : ts.visitEachChild(node, visit, context);
  };
  return ts.visitNode(file, visit);
};

const printer = ts.createPrinter({ removeComments: true });

mkdirSync('dist/ts5.6', { recursive: true });
for (const name of readdirSync('dist').filter((name) => /\.d\.c?ts$/.test(name))) {
  const text = readFileSync(`dist/${name}`, 'utf8');
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const { transformed } = ts.transform(file, [older]);
  writeFileSync(`dist/ts5.6/${name}`, printer.printFile(transformed[0]));
}
