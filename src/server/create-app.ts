import type { Server } from 'node:http';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { LOG_LEVELS, type Settings } from '../config/settings.js';
import { QuickPolls } from '../live/quick-polls.js';
import { allowedMethods } from '../openapi/contract.js';
import { serveDocs } from '../openapi/docs.js';
import { DeclaredInputGuard } from './declared-input.guard.js';
import { standBefore } from './request-context.js';
import { LeanExpress } from './express.js';
import { fastifyAdapter } from './fastify.js';
import { InputPipe } from './input.pipe.js';
import { setPrefix } from './prefix.js';
import { ProblemFilter } from './problem.filter.js';

/** Headers of answers that a page of another origin may read. */
const EXPOSED_HEADERS = ['X-Request-Id', 'Location', 'Retry-After', 'WWW-Authenticate'];

/** The application, ready to listen. Which HTTP engine serves it is known here and nowhere else. */
export async function createApp(settings: Settings, options: NestApplicationOptions = {}): Promise<INestApplication> {
  const adapter: AbstractHttpAdapter = settings.httpEngine === 'fastify' ? fastifyAdapter() : new LeanExpress();
  const app = await NestFactory.create(AppModule.with(settings), adapter, {
    bodyParser: false,
    abortOnError: false, // else Nest ends the process instead of throwing
    ...options,
  });
  const quickPolls = app.get(QuickPolls);
  standBefore(app.getHttpServer() as Server, {
    logs: LOG_LEVELS.indexOf(settings.logLevel) >= LOG_LEVELS.indexOf('info'),
    knownEmpty: (headers) => quickPolls.knownEmpty(headers),
  });
  configureApp(app, adapter, settings);
  return app;
}

function configureApp(app: INestApplication, adapter: AbstractHttpAdapter, { corsOrigins }: Settings): void {
  setPrefix(app);
  if (corsOrigins.length > 0) {
    app.enableCors({
      origin: corsOrigins.includes('*') ? '*' : corsOrigins,
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: 600,
    });
  }
  app.useGlobalFilters(new ProblemFilter(adapter, allowedMethods));
  app.useGlobalPipes(new InputPipe());
  app.useGlobalGuards(new DeclaredInputGuard());
  serveDocs(app);
}
