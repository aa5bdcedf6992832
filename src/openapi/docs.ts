import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import { contract } from './contract.js';

/** Serves Swagger UI at /docs and the document at /openapi.json. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, contract, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Parley API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}
