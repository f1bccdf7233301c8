import * as fs from 'node:fs';
import ts from 'typescript';

/** A name that is not declared in its file. */
export interface FreeName {
  readonly name: string;
  readonly line: number;
  /** Whether it is looked up each time that a function runs, and not only when the module is loaded. */
  readonly isLate: boolean;
}

const OPTIONS: ts.CompilerOptions = {
  allowJs: true,
  noLib: true,
  noResolve: true,
  types: [],
  target: ts.ScriptTarget.ESNext,
};

/** Every use of a value in a file that must come from its surroundings. */
export function freeNames(path: string): FreeName[] {
  const program = ts.createProgram([path], OPTIONS);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  if (!file) throw new Error(`there is no ${path}`);
  const found: FreeName[] = [];
  const visit = (node: ts.Node, isLate: boolean): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || isNeverRun(node)) return;
    if (ts.isIdentifier(node) && isUse(node) && !isDeclared(node, checker)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push({ name: node.text, line: line + 1, isLate });
    }
    const isFunction = ts.isFunctionLike(node) || ts.isPropertyDeclaration(node);
    ts.forEachChild(node, (child) => visit(child, isLate || isFunction));
  };
  visit(file, false);
  return found;
}

/** `0 && …`, by which a bundler lists exports for static analysis only. */
const isNeverRun = (node: ts.Node): boolean =>
  ts.isBinaryExpression(node) && node.getText().startsWith('0 && ');

/** Whether an identifier refers to a value in scope, and is not a property or a label. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isMetaProperty(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node;
  if (ts.isParameter(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isExpressionWithTypeArguments(parent)) {
    // What a class implements is a type.
    return parent.parent.kind === ts.SyntaxKind.HeritageClause
      ? (parent.parent as ts.HeritageClause).token === ts.SyntaxKind.ExtendsKeyword
      : true;
  }
  return (
    ts.isExpression(parent) ||
    ts.isStatement(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isSpreadAssignment(parent) ||
    ts.isComputedPropertyName(parent) ||
    (ts.isPropertyDeclaration(parent) && parent.initializer === node) ||
    ts.isCaseClause(parent) ||
    ts.isExportAssignment(parent)
  );
}

function isDeclared(node: ts.Identifier, checker: ts.TypeChecker): boolean {
  if (node.text === 'undefined') return true;
  const symbol = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node);
  return symbol?.declarations !== undefined && symbol.declarations.length > 0;
}

/** All files below a directory with a given ending. */
export function filesBelow(directory: string, ending: string): string[] {
  return fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${directory}/${name}`);
}
