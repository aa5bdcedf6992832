import pg from 'pg';

/** One database of the lab, and a connection to look into it with. */
export class Database {
  private constructor(
    readonly name: string,
    readonly url: string,
    private readonly client: pg.Client,
  ) {}

  static async connect(name: string, url: string): Promise<Database> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined); // of an idle one; whoever asks is told
    await client.connect();
    return new Database(name, url, client);
  }

  async rows<R extends object>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    return (await this.client.query<R>(sql, [...values])).rows;
  }

  /** The number that a statement `SELECT count(*) …` answers. */
  async count(sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.rows<{ count: string }>(sql, values);
    return Number(row!.count);
  }

  async execute(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.client.query(sql, [...values]);
  }

  disconnect(): Promise<void> {
    return this.client.end();
  }
}
