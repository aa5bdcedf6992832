import { expect, it } from '@jest/globals';
import { Program } from './support/program.js';
import { APPLICATION_KEY, server } from './support/server.js';

const DEMO = ['--import', '@swc-node/register/esm-register', 'scripts/demo.ts'];

it.each([
  ['with an application’s key', { BOOTSTRAP_API_KEY: APPLICATION_KEY }],
  ['with the key of another server, by registering', { BOOTSTRAP_API_KEY: 'another-key-of-another-server' }],
])('the demo plays through a running service, %s, and leaves nobody behind', async (_how, environment) => {
  const { url, db } = await server({ registration: 'open' });
  const program = Program.run(process.execPath, DEMO, { PARLEY_URL: url, ...environment });
  const { code } = await program.exit;
  expect({ code, output: program.output }).toMatchObject({
    code: 0,
    output: expect.stringContaining('Ben has read it'),
  });
  const lines = program.output.split('\n').map((line) => line.split('│'));
  const bens = lines.filter(([, right]) => right?.includes('Ana: ')).map(([, right]) => right!.trim());
  expect(bens).toEqual([
    'Ana: Hello Ben! Rowing on Sunday?',
    'Ana: It will. Seven at the boathouse?',
    'Ana: I bring the coffee.',
  ]);
  expect((await db.query('SELECT FROM users WHERE deleted_at IS NULL')).rowCount).toBe(0);
});

it('the demo names the address if no server answers', async () => {
  const program = Program.run(process.execPath, DEMO, { PARLEY_URL: 'http://127.0.0.1:9' });
  expect((await program.exit).code).toBe(1);
  expect(program.output).toContain('No Parley answers at http://127.0.0.1:9');
});
