import type { INestApplication } from '@nestjs/common';

/** Routes that machines look for at the top. Every other begins with /v1. */
const UNPREFIXED = ['health/live', 'health/ready'];

export function setPrefix(app: INestApplication): void {
  app.setGlobalPrefix('v1', { exclude: UNPREFIXED });
}
