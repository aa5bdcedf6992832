// Checks that every statement is given its transaction, and that each of these rules can fail: test/fixtures/transactions
// breaks all of them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const FIXTURE = 'test/fixtures/transactions';

/** What a statement runs in. */
const TX_TYPES = new Set(['Tx', 'Transaction']);
/** What a repository could run statements on without being told in which transaction. */
const CONNECTIONS = new Set([...TX_TYPES, 'Db', 'UnitOfWork', 'DataSource', 'EntityManager', 'Pool', 'PoolClient']);

const typesIn = (node) => [...(node.type?.getText() ?? '').matchAll(/\w+/g)].map(([name]) => name);
const has = (node, types) => typesIn(node).some((name) => types.has(name));
const isTx = (node) => node.name.getText() === 'tx' || has(node, TX_TYPES);

const RULES = {
  'a transaction is not optional': (node) =>
    (ts.isParameter(node) || ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) &&
    isTx(node) &&
    (node.questionToken || typesIn(node).some((name) => name === 'undefined' || name === 'null')),
  'a transaction has no default': (node) => ts.isParameter(node) && isTx(node) && node.initializer,
  'a method of a repository takes tx first': (node, isRepository) => {
    if (!isRepository || !ts.isMethodDeclaration(node)) return false;
    const [first] = node.parameters;
    return first?.name.getText() !== 'tx' || !TX_TYPES.has(first.type?.getText());
  },
  'a repository holds no connection': (node, isRepository) =>
    isRepository &&
    ((ts.isParameter(node) && ts.isConstructorDeclaration(node.parent)) || ts.isPropertyDeclaration(node)) &&
    has(node, CONNECTIONS),
  "an injected repository of TypeORM's runs in tx": (node, isRepository) =>
    isRepository &&
    ts.isPropertyAccessExpression(node) &&
    node.expression.kind === ts.SyntaxKind.ThisKeyword &&
    ts.isPropertyAccessExpression(node.parent) &&
    ofTypeOrm(node).has(node.name.text),
};

/** The names of the class's parameters that are repositories of TypeORM's. */
function ofTypeOrm(node) {
  const constructor = ts.findAncestor(node, ts.isClassDeclaration)?.members.find(ts.isConstructorDeclaration);
  const injected = constructor?.parameters.filter(({ type }) => type?.getText().startsWith('Repository<')) ?? [];
  return new Set(injected.map(({ name }) => name.getText()));
}

/** What breaks a rule in the files of a folder. */
function faultsIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /(?<!\.spec)\.ts$/.test(name));
  return files.flatMap((name) => {
    const file = path.join(folder, name);
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const faults = [];
    const visit = (node) => {
      for (const [rule, isBrokenBy] of Object.entries(RULES)) {
        if (!isBrokenBy(node, file.endsWith('.repository.ts'))) continue;
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        faults.push({ rule, at: `${file}:${line}` });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return faults;
  });
}

for (const { rule, at } of faultsIn('src')) {
  console.error(`${at}: ${rule}`);
  process.exitCode = 1;
}

const broken = new Set(faultsIn(FIXTURE).map(({ rule }) => rule));
for (const rule of Object.keys(RULES).filter((name) => !broken.has(name))) {
  console.error(`the rule "${rule}" does not fail in ${FIXTURE}`);
  process.exitCode = 1;
}
