// Writes clients/postman/parley.postman_collection.json from openapi.json: a request for each operation, with the
// answer to expect. Logging in keeps the token for the other requests.
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import converter from 'openapi-to-postmanv2';

const FILE = 'clients/postman/parley.postman_collection.json';

/** https://github.com/postmanlabs/openapi-to-postman/blob/develop/OPTIONS.md */
const OPTIONS = {
  folderStrategy: 'Tags',
  parametersResolution: 'Example',
  enableOptionalParameters: false,
  keepImplicitHeaders: false,
};

const VARIABLES = { baseUrl: 'http://127.0.0.1:3000', bearerToken: '', apiKey: '' };
const LOG_IN = '/v1/sessions';
const KEEP_TOKEN =
  "if (pm.response.code === 201) pm.collectionVariables.set('bearerToken', pm.response.json().accessToken);";

const convert = promisify(converter.convertV2.bind(converter));
const { result, reason, output } = await convert(
  { type: 'string', data: readFileSync('openapi.json', 'utf8') },
  OPTIONS,
);
if (!result) throw new Error(`the collection cannot be made: ${reason}`);
const { info, item } = output[0].data;
const collection = {
  info: { name: info.name, description: info.description, schema: info.schema },
  variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value, type: 'string' })),
  item: item.map(tidy),
};
writeFileSync(FILE, `${JSON.stringify(collection, withoutIds, 2)}\n`);

/** Keeps a folder's requests in order, and of each request's answers the one that was hoped for. */
function tidy(entry) {
  if (entry.item) return { ...entry, item: entry.item.map(tidy) };
  const { request, response } = entry;
  const isLogIn = request.method === 'POST' && `/${request.url.path.join('/')}` === LOG_IN;
  return {
    ...entry,
    response: response.filter(({ code }) => code < 300).slice(-1),
    ...(isLogIn && { event: [{ listen: 'test', script: { type: 'text/javascript', exec: [KEEP_TOKEN] } }] }),
  };
}

/** The generator makes new ids each time; Postman gives its own on import. */
function withoutIds(key, value) {
  const isId =
    key === 'id' && typeof value === 'string' && 'name' in this && ('request' in this || 'originalRequest' in this);
  return isId || key === '_postman_id' ? undefined : value;
}
