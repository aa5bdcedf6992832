// Writes docs/SETTINGS.md from the class Settings: each property's comment, default and allowed values.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import prettier from 'prettier';
import ts from 'typescript';

const ROOT = path.resolve(import.meta.dirname, '..');
const SOURCE = 'src/config/settings.ts';
const TARGET = path.join(ROOT, 'docs/SETTINGS.md');

const HEAD = `# Settings

Parley reads its settings from environment variables. None has to be set; an empty one counts as not set, and a bad one
keeps the server from starting and is named. Made from \`${SOURCE}\` by \`npm run generate:settings\`.

| variable | default | values | what it does |
|---|---|---|---|
`;

const source = ts.createSourceFile(SOURCE, readFileSync(path.join(ROOT, SOURCE), 'utf8'), ts.ScriptTarget.Latest, true);
const constants = new Map();
const settings = [];
source.forEachChild((node) => {
  if (ts.isVariableStatement(node)) {
    for (const { name, initializer } of node.declarationList.declarations) constants.set(name.text, initializer);
  }
  if (ts.isClassDeclaration(node)) settings.push(...node.members.filter(ts.isPropertyDeclaration));
});

/** The literal that an expression of the class is: a text, a number, a list or a constant of the file. */
function valueOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(valueOf);
  if (ts.isAsExpression(node)) return valueOf(node.expression);
  if (ts.isSpreadElement(node)) return valueOf(constants.get(node.expression.text));
  throw new Error(`${SOURCE}: a setting has the value ${node.getText()}, which this script does not read`);
}

/** What a validator allows, in words; those that the comment explains are left out. */
const WORDS = {
  IsOneOf: (...words) => words.flat().map(code).join(', '),
  IsWholeNumber: (min, max) => `${min} to ${max}`,
  IsUrlOf: (...protocols) => protocols.map((protocol) => code(`${protocol}://…`)).join(', '),
  Length: (min, max) => `${min} to ${max} characters`,
  MinLength: (min) => `at least ${min} characters`,
  IsSchemaName: () => 'lower-case letters, digits and `_`, at most 63',
  IsOrigin: () => 'origins, with commas between',
  IsString: () => 'text',
};
const code = (text) => `\`${text}\``;

function rowOf(property) {
  const variable = property.name.text.replace(/[A-Z]/g, '_$&').toUpperCase();
  const initial = property.initializer && valueOf(property.initializer);
  const calls = ts.getDecorators(property).map(({ expression }) => expression);
  const values = calls
    .filter(({ expression }) => expression.text in WORDS)
    .map(({ expression, arguments: given }) => WORDS[expression.text](...given.filter(isPlain).map(valueOf)));
  const text = ts.getJSDocCommentsAndTags(property)[0]?.comment;
  if (!text || values.length === 0) throw new Error(`${SOURCE}: ${property.name.text} lacks a comment or a validator`);
  const byDefault = initial === undefined || initial.length === 0 ? '' : code(initial);
  return `| ${code(variable)} | ${byDefault} | ${values.join('; ')} | ${text.replaceAll(/\s+/g, ' ')} |`;
}
const isPlain = (node) => !ts.isObjectLiteralExpression(node);

const text = `${HEAD}${settings.map(rowOf).join('\n')}\n`;
const options = { ...(await prettier.resolveConfig(TARGET)), parser: 'markdown' };
writeFileSync(TARGET, await prettier.format(text, options));
