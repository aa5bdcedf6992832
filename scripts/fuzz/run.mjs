// Lets Schemathesis (PyPI) try the built program against openapi.json, signed in as a user and as an application that
// acts for one: `npm run fuzz`, or `npm run fuzz -- <seconds each> <seed>`. All its checks have to hold, so no answer
// may be a 5xx or one that the contract does not know. Skipped, with a message, where there is no Python.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasPython, makePython } from '../support/python.mjs';
import { startService } from '../support/service.mjs';

const [seconds = '60', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
const fileOf = (name) => path.join(import.meta.dirname, name);

async function call({ url, key }, route, body) {
  const headers = { 'X-Api-Key': key, 'Content-Type': 'application/json' };
  const request = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
  const response = await fetch(`${url}/v1/${route}`, request);
  if (!response.ok) throw new Error(`/${route} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Signed in by one of the schemes that the contract declares. @returns 0 where all checks held */
function fuzz(python, { url, key }, caller, scheme, credentials, ...options) {
  const config = path.join(python.directory, 'schemathesis.toml');
  const auth = `[auth.openapi]\n${scheme} = { ${credentials} }\n`;
  writeFileSync(config, `${readFileSync(fileOf('schemathesis.toml'), 'utf8')}\n${auth}`);
  const hooks = { SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: import.meta.dirname, PYTHONDONTWRITEBYTECODE: '1' };
  const parley = { PARLEY_URL: url, PARLEY_KEY: key, PARLEY_CALLER: caller, PARLEY_SCHEME: scheme };
  const bounds = ['--checks', 'all', '--max-time', seconds, '--seed', seed];
  return python.run('st', ['--config-file', config, 'run', `${url}/openapi.json`, ...bounds, ...options], {
    env: { ...process.env, ...hooks, ...parley },
  });
}

/** Without the caller everything would be refused, which proves little. */
async function assertStillThere(service, caller) {
  const { deleted } = await call(service, `users/${caller}`);
  if (deleted) throw new Error('the caller was removed on the way');
}

async function run(python, service) {
  for (const username of ['ana', 'ben']) await call(service, 'users', { username });
  const { id: caller } = await call(service, 'users', { displayName: 'Fuzz' });
  const asApplication = await fuzz(python, service, caller, 'apiKey', `api_key = "${service.key}"`);
  await assertStillThere(service, caller);
  const { accessToken } = await call(service, `users/${caller}/sessions`, {});
  const ending = ['removeMe', 'endSession'].flatMap((name) => ['--exclude-operation-id', name]);
  const asUser = await fuzz(python, service, caller, 'bearer', `bearer = "${accessToken}"`, ...ending);
  const stillIn = await fetch(`${service.url}/v1/users/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
  if (!stillIn.ok) throw new Error('the caller was signed out on the way');
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
