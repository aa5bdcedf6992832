// What a hurried person writes: node:http, pg, one INSERT. A send is stored durably and answered 201 with its id and
// time. It does not ask who sends, whether they may, or whether the text is one; messages have no order of their own.
import { createServer, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { listen } from './listen.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query(`CREATE TABLE messages (id bigserial PRIMARY KEY, sender uuid, recipient uuid, text varchar(160),
  sent_at timestamptz NOT NULL DEFAULT now())`);

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

const server = createServer((request, response) => {
  const send = async (): Promise<void> => {
    const { sender, recipient, text } = JSON.parse(await bodyOf(request)) as Record<string, string>;
    const { rows } = await pool.query({
      name: 'send',
      text: 'INSERT INTO messages (sender, recipient, text) VALUES ($1, $2, $3) RETURNING *',
      values: [sender, recipient, text],
    });
    const answer = JSON.stringify(rows[0]);
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) });
    response.end(answer);
  };
  send().catch(() => response.writeHead(500, { 'Content-Length': 0 }).end());
});
listen(server);
