import { once } from 'node:events';
import { Readable } from 'node:stream';
import type pg from 'pg';

/** What pg's connection has for COPY beyond its published types. */
interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/**
 * The rows that `copy ... to stdout` gives, in Postgres' text format: a line a row. The socket waits for the reader, so memory
 * stays flat. Protocol: https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-COPY
 */
export function copyOut(client: pg.Client, sql: string): AsyncIterable<Buffer> {
  const socket = client.connection.stream;
  const rows = new Readable({
    read: () => void socket.resume(),
    // Who stops reading ends the connection: the server would go on sending.
    destroy: (error, done) => {
      if (!rows.readableEnded) socket.destroy();
      done(error);
    },
  });
  client.query({
    submit: (connection: pg.Connection) => connection.query(sql),
    // The parser writes over its buffer again, so the chunk is copied.
    handleCopyData({ chunk }: { readonly chunk: Buffer }) {
      if (!rows.destroyed && !rows.push(Buffer.from(chunk))) socket.pause();
    },
    handleCommandComplete() {},
    handleReadyForQuery: () => void rows.push(null),
    handleError: (error: Error) => void rows.destroy(error),
  });
  return rows;
}

/** Gives `rows`, in the text format, to `copy ... from stdin`; returns how many were taken. What `rows` throws is thrown here. */
export function copyIn(client: pg.Client, sql: string, rows: AsyncIterable<Uint8Array>): Promise<number> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  let isOver = false;
  let taken = 0;
  let cause: unknown;

  async function send(connection: CopyConnection): Promise<void> {
    for await (const chunk of rows) {
      if (isOver) return;
      connection.sendCopyFromChunk(chunk);
      if (connection.stream.writableNeedDrain) await Promise.race([once(connection.stream, 'drain'), ended]);
    }
    connection.endCopyFrom();
  }
  client.query({
    submit: (connection: pg.Connection) => connection.query(sql),
    handleCopyInResponse(connection: CopyConnection) {
      send(connection).catch((error: unknown) => {
        cause ??= error;
        connection.sendCopyFail('the rows ended with an error');
      });
    },
    handleCommandComplete({ text }: { readonly text: string }) {
      taken = Number(text.replace('COPY ', ''));
    },
    handleReadyForQuery: () => resolve(taken),
    handleError(error: Error) {
      isOver = true;
      reject(cause ?? error);
    },
  });
  return ended;
}
