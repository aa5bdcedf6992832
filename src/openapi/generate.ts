import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { Settings } from '../config/settings.js';
import { CLIENT_FRAMES, SERVER_FRAMES } from '../live/frames.dto.js';
import { setPrefix } from '../server/prefix.js';
import { buildLiveDocument } from './asyncapi.js';
import { buildDocument } from './document.js';

/** Writes openapi.json and asyncapi.json. Preview mode makes no provider, so it needs no database. */
const app = await NestFactory.create(AppModule.with(new Settings()), { preview: true, logger: ['error'] });
setPrefix(app);
const write = (file: string, document: object): void => writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
write('openapi.json', buildDocument(app));
write('asyncapi.json', buildLiveDocument(app, CLIENT_FRAMES, SERVER_FRAMES));
await app.close();
