// Lets Schemathesis (PyPI) try the built program against openapi.json, signed in as a user and as an application that
// acts for one: `npm run fuzz`, or `npm run fuzz -- <seconds each> <seed>`. All its checks have to hold, so no answer
// may be a 5xx or one that the contract does not know. Skipped, with a message, where there is no Python.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasPython, makePython } from '../support/python.mjs';
import { startService } from '../support/service.mjs';

const [seconds = '60', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
const fileOf = (name) => path.join(import.meta.dirname, name);

async function post({ url, key }, route, body) {
  const headers = { 'X-Api-Key': key, 'Content-Type': 'application/json' };
  const response = await fetch(`${url}/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST /${route} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function makePeople(service) {
  for (const username of ['ana', 'ben']) await post(service, 'users', { username });
  const { id } = await post(service, 'users', { displayName: 'Fuzz' });
  return { id, accessToken: (await post(service, `users/${id}/sessions`, {})).accessToken };
}

/** Signed in by one of the schemes that the contract declares. @returns 0 where all checks held */
function fuzz(python, { url, key }, caller, scheme, credentials, ...options) {
  const config = path.join(python.directory, 'schemathesis.toml');
  const auth = `[auth.openapi]\n${scheme} = { ${credentials} }\n`;
  writeFileSync(config, `${readFileSync(fileOf('schemathesis.toml'), 'utf8')}\n${auth}`);
  const hooks = { SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: import.meta.dirname, PYTHONDONTWRITEBYTECODE: '1' };
  const parley = { PARLEY_URL: url, PARLEY_KEY: key, PARLEY_CALLER: caller.id, PARLEY_SCHEME: scheme };
  const bounds = ['--checks', 'all', '--max-time', seconds, '--seed', seed];
  return python.run('st', ['--config-file', config, 'run', `${url}/openapi.json`, ...bounds, ...options], {
    env: { ...process.env, ...hooks, ...parley },
  });
}

/** Without the caller everything would be refused, which proves little. */
async function assertStillThere({ url }, { accessToken }) {
  const { status } = await fetch(`${url}/v1/users/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
  if (status !== 200) throw new Error(`the caller was signed out or removed on the way (${status})`);
}

async function run(python, service) {
  const caller = await makePeople(service);
  const asApplication = await fuzz(python, service, caller, 'apiKey', `api_key = "${service.key}"`);
  await assertStillThere(service, caller);
  const ending = ['removeMe', 'endSession'].flatMap((name) => ['--exclude-operation-id', name]);
  const asUser = await fuzz(python, service, caller, 'bearer', `bearer = "${caller.accessToken}"`, ...ending);
  await assertStillThere(service, caller);
  return asApplication || asUser;
}

if (hasPython()) {
  const python = await makePython('schemathesis==4.32.5');
  const service = await startService();
  try {
    process.exitCode = await run(python, service);
  } finally {
    await service.stop();
    python.remove();
  }
} else {
  console.log('skipped: there is no python3 with venv here');
}
