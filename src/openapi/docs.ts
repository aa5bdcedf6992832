import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { livePage } from './asyncapi-page.js';
import { contract, liveContract } from './contract.js';

/** Serves Swagger UI at /docs, the page of the live protocol at /docs/live, and their documents at the top. */
export function serveDocs(app: INestApplication): void {
  serve(app, '/asyncapi.json', 'application/json; charset=utf-8', JSON.stringify(liveContract));
  serve(app, '/docs/live', 'text/html; charset=utf-8', livePage(liveContract));
  SwaggerModule.setup('docs', app, contract, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Parley API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}

/** The part of Express's response that is used here. */
interface Reply {
  type(contentType: string): Reply;
  send(text: string): void;
}

/** A text that never changes while the program runs, as it is: an adapter's own reply may make JSON of it. */
function serve(app: INestApplication, path: string, type: string, text: string): void {
  app.getHttpAdapter().get(path, (_request: unknown, reply: Reply) => reply.type(type).send(text));
}
