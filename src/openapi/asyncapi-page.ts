import type { AsyncApi } from './asyncapi.js';
import { LIVE_RULES, type Section } from './asyncapi-rules.js';
import type { Schema } from './schemas.js';

type Message = AsyncApi['components']['messages'][string];

/** The AsyncAPI document as a page without scripts: the rules, then every frame with its fields and examples. */
export function livePage({ operations, components }: AsyncApi): string {
  const keys = (action: 'send' | 'receive'): string[] =>
    Object.values(operations)
      .filter((operation) => operation.action === action)
      .map(({ messages }) => messages[0]!.$ref.split('/').at(-1)!);
  const frames = (action: 'send' | 'receive', title: string): string => `
<section><h2 id="${action}">${title}</h2>
${keys(action)
  .map((key) => frame(`${action}-${key}`, components.messages[key]!, components.schemas))
  .join('\n')}
</section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley live</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Parley live</h1>
<p>${prose('`GET /v1/live`, a WebSocket: messages as they are sent, and the ones that were missed.')}</p>
<p><a href="/docs">REST API</a> · <a href="/asyncapi.json">asyncapi.json</a></p>
</header>
<nav>${[
    ...LIVE_RULES.map(({ title }) => [anchor(title), title]),
    ['receive', 'Frames of the client'],
    ['send', 'Frames of the server'],
  ]
    .map(([id, title]) => `<a href="#${id}">${escape(title!)}</a>`)
    .join('\n')}</nav>
${LIVE_RULES.map(rules).join('\n')}
${frames('receive', 'Frames of the client')}
${frames('send', 'Frames of the server')}
</body>
</html>
`;
}

const rules = ({ title, lines }: Section): string =>
  `<section><h2 id="${anchor(title)}">${escape(title)}</h2>
<ul>${lines.map((line) => `<li>${prose(line)}</li>`).join('\n')}</ul></section>`;

function frame(id: string, message: Message, schemas: AsyncApi['components']['schemas']): string {
  const { name, summary, description, examples, payload } = message;
  const schema = schemas[(payload.$ref ?? payload.allOf![0]!.$ref!).split('/').at(-1)!]!;
  return `<article id="${id}"><h3><code>${escape(name)}</code> ${prose(summary)}</h3>
${description === undefined ? '' : `<p>${prose(description)}</p>`}
<table>${fields(schema)}</table>
${examples.map((one) => `<p>${prose(one.summary)}</p><pre>${escape(JSON.stringify(one.payload, null, 2))}</pre>`).join('\n')}
</article>`;
}

const fields = ({ properties = {}, required = [] }: Schema): string =>
  Object.entries(properties)
    .filter(([name]) => name !== 'type')
    .map(
      ([name, field]) =>
        `<tr><th><code>${escape(name)}</code>${required.includes(name) ? '' : ' <i>optional</i>'}</th>` +
        `<td><code>${escape(typeOf(field))}</code></td><td>${prose(field.description ?? '')}</td></tr>`,
    )
    .join('\n');

function typeOf({ $ref, type, format, allOf, additionalProperties, enum: values }: Schema): string {
  if ($ref) return $ref.split('/').at(-1)!;
  if (allOf) return typeOf(allOf[0]!);
  if (values) return values.join(' | ');
  if (typeof additionalProperties === 'object') return `{id: ${typeOf(additionalProperties)}}`;
  return format === undefined || format === 'int64' ? (type ?? 'any') : format;
}

const anchor = (title: string): string =>
  title
    .split(':')[0]!
    .toLowerCase()
    .replace(/[^a-z]+/g, '-');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);

/** Text with code in backquotes. */
const prose = (text: string): string => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --quiet: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .75rem 0; border-block: 1px solid var(--line); }
h2 { margin-top: 2.5rem; } h3 { margin: 2rem 0 .25rem; font-weight: 500; }
h3 > code:first-child { font-weight: 700; margin-right: .5rem; }
code, pre { font: .9em ui-monospace, monospace; } code { background: var(--quiet); padding: .1em .3em; border-radius: 3px; }
pre { background: var(--quiet); padding: .75rem; border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); }
th { white-space: nowrap; font-weight: 400; } li { margin: .3rem 0; } i { opacity: .6; font-size: .85em; }
`;
