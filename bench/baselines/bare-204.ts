// The least that an HTTP server in Node can do: answer 204 to everything.
import { createServer } from 'node:http';
import { listen } from './listen.js';

listen(createServer((_request, response) => response.writeHead(204).end()));
