import type { Server } from 'node:http';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { LOG_LEVELS, type Settings } from '../config/settings.js';
import { EmptyPolls } from '../inbox/empty-polls.js';
import { serveDocs } from '../openapi/docs.js';
import { LeanExpress } from './express.js';
import { setPrefix } from './prefix.js';
import { requestContext, setTimeouts } from './request-context.js';
import { answerUnreadable, answerUnrouted } from './unrouted.js';

/** Headers of answers that a page of another origin may read. */
const EXPOSED_HEADERS = ['X-Request-Id', 'Location', 'Retry-After', 'WWW-Authenticate'];

/** The application, ready to listen. What Express does with a request is here, in its order. */
export async function createApp(settings: Settings, options: NestApplicationOptions = {}): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.with(settings), new LeanExpress(), {
    bodyParser: false, // the routes read bodies themselves
    abortOnError: false, // else Nest ends the process instead of throwing
    ...options,
  });
  setTimeouts(app.getHttpServer() as Server);
  app.use(requestContext(LOG_LEVELS.indexOf(settings.logLevel) >= LOG_LEVELS.indexOf('info')));
  allowOrigins(app, settings);
  app.use(app.get(EmptyPolls).middleware);
  setPrefix(app);
  await app.init(); // mounts the routes
  serveDocs(app);
  app.use(answerUnrouted);
  app.use(answerUnreadable);
  return app;
}

function allowOrigins(app: INestApplication, { corsOrigins }: Settings): void {
  if (corsOrigins.length === 0) return;
  app.enableCors({
    origin: corsOrigins.includes('*') ? '*' : corsOrigins,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  });
}
