/** The server is well. */
export class Health {
  /**
   * Always `ok`; a server that is not well answers with a problem, or not at all.
   * @example 'ok'
   */
  status: string;
}
