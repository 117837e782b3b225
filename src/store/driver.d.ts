/** The part of the driver's interface that is used; its package exports no declarations. */
declare module 'better-sqlite3-multiple-ciphers' {
  namespace Database {
    type Value = string | number | bigint | Buffer | null;
    type Options = {
      readonly readonly?: boolean;
      readonly fileMustExist?: boolean;
      /** How long to wait for a lock, in milliseconds. */
      readonly timeout?: number;
    };
    type Statement<Row = unknown> = {
      run(...values: readonly Value[]): {
        readonly changes: number;
        readonly lastInsertRowid: number;
      };
      get(...values: readonly Value[]): Row | undefined;
      all(...values: readonly Value[]): Row[];
      iterate(...values: readonly Value[]): IterableIterator<Row>;
      /** Answers with each row's first column. */
      pluck(): Statement<Row>;
      /** Answers with rows as arrays. */
      raw(): Statement<Row>;
    };
    type Database = {
      prepare<Row>(sql: string): Statement<Row>;
      exec(sql: string): unknown;
      pragma(sql: string): unknown;
      function(name: string, call: (value: number) => number): unknown;
      close(): unknown;
      readonly inTransaction: boolean;
    };
  }
  const Database: new (path: string, options?: Database.Options) => Database.Database;
  export = Database;
}
