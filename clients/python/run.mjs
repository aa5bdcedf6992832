// Generates a Python client from openapi.json with openapi-python-client (PyPI) and runs scenario.py with it against the
// built program: `npm run test:python`. Skipped, with a message, where there is no Python.
import path from 'node:path';
import { hasPython, makePython } from '../../scripts/support/python.mjs';
import { startService } from '../../scripts/support/service.mjs';

const OPENAPI = path.resolve(import.meta.dirname, '../../openapi.json');
const fileOf = (name) => path.join(import.meta.dirname, name);

function generate(python) {
  const [output, config] = [path.join(python.directory, 'parley_client'), fileOf('generator.yml')];
  const options = ['--path', OPENAPI, '--output-path', output, '--config', config, '--meta', 'none'];
  return python.run('openapi-python-client', ['generate', '--fail-on-warning', ...options]);
}

async function runScenario(python) {
  const service = await startService();
  const env = { ...process.env, PYTHONPATH: python.directory };
  const status = await python.run('python', [fileOf('scenario.py'), service.url, service.key], { env });
  await service.stop();
  return status;
}

if (hasPython()) {
  const python = await makePython('openapi-python-client==0.29.1');
  try {
    process.exitCode = (await generate(python)) || (await runScenario(python));
  } finally {
    python.remove();
  }
} else {
  console.log('skipped: there is no python3 with venv here');
}
