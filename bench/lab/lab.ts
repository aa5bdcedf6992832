import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { Settings } from '../../src/config/settings.js';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { openDataSource } from '../../src/database/open-data-source.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/postgres/embedded-postgres.js';
import { schema } from '../../src/schema.js';
import type { Cpu } from './cpu.js';
import { compile } from './compile.js';
import { CpuWatch } from './cpu.js';
import { Database } from './database.js';
import { Program } from './program.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MAX_CONNECTIONS = 250;
/** Of statfs(2). What is kept there is never durable. */
const TMPFS = 0x01021994;

export const JWT_SECRET = 'the secret of the bench, at least 32 characters';

/** What something that was watched came to. */
export interface Watched<T> {
  readonly result: T;
  readonly seconds: number;
  readonly cpu: Cpu;
}

/** A PostgreSQL of its own, on the disk of this checkout, with programs beside it. */
export class Lab {
  private readonly programs: Program[] = [];
  private databases: Database[] = [];
  private readonly postmaster: number;

  private constructor(
    private readonly postgres: EmbeddedPostgres,
    private readonly directory: string,
  ) {
    this.postmaster = Number.parseInt(readFileSync(path.join(postgres.cluster, 'postmaster.pid'), 'utf8'), 10);
  }

  static async open(): Promise<Lab> {
    const directory = path.join(ROOT, 'bench/data', String(process.pid));
    const postgres = await startEmbeddedPostgres({ directory, maxConnections: MAX_CONNECTIONS });
    const lab = new Lab(postgres, directory);
    try {
      await lab.assertDurable();
      const dataSource = await openDataSource(dataSourceOptions(postgres.url, schema));
      await dataSource.destroy();
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /** What is measured is durable sending: on a disk, and with PostgreSQL's settings as they come. */
  private async assertDurable(): Promise<void> {
    if (statfsSync(this.postgres.cluster).type === TMPFS) {
      throw new Error(`${this.postgres.cluster} is in memory: run the bench in a checkout on a disk`);
    }
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      const value = await this.show(setting);
      if (value !== 'on') throw new Error(`${setting} is ${value}`);
    }
  }

  /** A setting of PostgreSQL. */
  show(setting: string): Promise<string> {
    return this.administer(async (client) => {
      const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [setting]);
      return rows[0]!.value;
    });
  }

  /** A database of its own: migrated, or without tables. */
  async database(name: string, tables: 'migrated' | 'none' = 'migrated'): Promise<Database> {
    const template = tables === 'migrated' ? 'parley' : 'template1';
    await this.administer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
    if (tables === 'migrated') {
      const setPath = `ALTER DATABASE ${name} SET search_path = ${new Settings().databaseSchema}`; // for statements of the bench itself
      await this.administer((client) => client.query(setPath));
    }
    const url = new URL(this.postgres.url);
    url.pathname = `/${name}`;
    const database = await Database.connect(name, url.href);
    this.databases.push(database);
    return database;
  }

  /** The server as `npm start` runs it, on a database of the lab. */
  async parley(
    database: Database,
    settings: Readonly<Record<string, string>> = {},
    flags: string[] = [],
  ): Promise<Program> {
    return this.run([...flags, '--enable-source-maps', 'dist/src/main.js'], {
      DATABASE_URL: database.url,
      JWT_SECRET,
      LOG_LEVEL: 'warn',
      ...settings,
    });
  }

  /** A program of bench/baselines, without the ending of its file. */
  async baseline(name: string, database?: Database, flags: string[] = []): Promise<Program> {
    const directory = this.file('baselines');
    if (!existsSync(directory)) await compile(path.join(ROOT, 'bench/baselines'), directory);
    return this.run([...flags, path.join(directory, `${name}.js`)], database && { DATABASE_URL: database.url });
  }

  private async run(args: string[], environment: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = await Program.start(args, environment, ROOT);
    this.programs.push(program);
    return program;
  }

  /** Does something, and says what it cost: the wall clock, and the processor time of whom. */
  async watch<T>(servers: readonly Program[], work: () => Promise<T>): Promise<Watched<T>> {
    await this.administer((client) => client.query('CHECKPOINT')); // so that nobody pays for what others wrote
    const watch = new CpuWatch(
      servers.map(({ pid }) => pid),
      this.postmaster,
    );
    const startedAt = performance.now();
    const result = await work();
    return { result, seconds: (performance.now() - startedAt) / 1000, cpu: watch.read() };
  }

  /** Stops every program and drops every database: the next part begins anew. */
  async clear(): Promise<void> {
    await Promise.all(this.programs.splice(0).map((program) => program.stop()));
    for (const database of this.databases.splice(0)) {
      await database.disconnect();
      await this.administer((client) => client.query(`DROP DATABASE ${database.name} WITH (FORCE)`));
    }
  }

  async close(): Promise<void> {
    try {
      await this.clear();
    } finally {
      await this.postgres.stop();
    }
    for (const files of [this.directory, this.postgres.cluster]) rmSync(files, { recursive: true, force: true });
  }

  /** A file that goes with the lab. */
  file(name: string): string {
    mkdirSync(this.directory, { recursive: true });
    return path.join(this.directory, name);
  }

  private async administer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const url = new URL(this.postgres.url);
    url.pathname = '/postgres';
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
