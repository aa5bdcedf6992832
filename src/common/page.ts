/** The rows of one page, and the cursor of the page after it; none after the last page. */
export interface RowPage<R> {
  readonly rows: R[];
  readonly next?: string;
}

/**
 * Reads a page of `limit` rows, at least one. It asks for one row more, which is not answered: that there is one says that
 * another page follows. `cursorOf` makes that page's cursor from the last row of this one.
 */
export async function readPage<R>(
  limit: number,
  read: (limit: number) => Promise<readonly R[]>,
  cursorOf: (last: R) => string,
): Promise<RowPage<R>> {
  const found = await read(limit + 1);
  const rows = found.slice(0, limit);
  return found.length > limit ? { rows, next: cursorOf(rows.at(-1)!) } : { rows };
}
