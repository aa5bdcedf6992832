import { getDataSourceToken } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { DATA_SOURCE, poolOf } from '../../src/database/data-source.js';
import type { TestServer } from './server.js';

/** The pool that a server's statements run on. */
export const poolOfServer = ({ app }: TestServer): Pool => poolOf(app.get<DataSource>(getDataSourceToken(DATA_SOURCE)));
