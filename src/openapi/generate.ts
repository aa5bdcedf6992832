import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { Settings } from '../config/settings.js';
import { setPrefix } from '../server/prefix.js';
import { buildDocument } from './document.js';

/** `npm run openapi` writes openapi.json. Preview mode makes no provider, so it needs no database. */
const app = await NestFactory.create(AppModule.with(new Settings()), { preview: true, logger: ['error'] });
setPrefix(app);
writeFileSync('openapi.json', `${JSON.stringify(buildDocument(app), null, 2)}\n`);
await app.close();
