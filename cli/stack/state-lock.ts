import { connect, createServer } from 'node:net';
import { z } from 'zod';
import { abstractName } from './abstract-name.ts';

const holderSchema = z.object({
  pid: z.number().int(),
  publicUrl: z.string(),
  /** Where the Worker listens on 127.0.0.1, whoever started it. */
  workerPort: z.number().int(),
  startedAt: z.string(),
  /** Whether it ends its parts and starts anew when it gets SIGUSR2; an `up` of before that would end by it. */
  restarts: z.boolean().default(false),
  /** Name, process id and port (null where it listens nowhere) of each part that runs. */
  parts: z.array(z.object({ name: z.string(), pid: z.number().int(), port: z.number().int().nullable() })),
});
/** The `up` that owns a state folder, in its own words. */
export type Holder = z.infer<typeof holderSchema>;

export interface StateLock {
  /** Changes what the owner says of itself. */
  describe(holder: Holder): void;
  release(): Promise<void>;
}

const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Takes a state folder for this process, or tells who has it. The lock is an abstract unix socket named after the folder:
 * the kernel lets it go with its process however that ends, so a stale lock cannot exist, and whoever meets it can
 * ask its owner (decision 0041).
 */
export async function lockState(stateDir: string, holder: Holder): Promise<StateLock | Holder> {
  let current = holder;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(JSON.stringify(current));
  });
  const name = socketPathOf(stateDir);
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(true) : reject(error),
    );
    server.listen(name, () => resolve(false));
  });
  if (taken) {
    const owner = await askHolder(stateDir);
    return owner ?? lockState(stateDir, holder);
  }
  server.unref();
  return {
    describe(next) {
      current = next;
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Who runs a stack in this folder now, or null. */
export async function askHolder(stateDir: string): Promise<Holder | null> {
  const answer = await new Promise<string | null>((resolve, reject) => {
    let text = '';
    const socket = connect(socketPathOf(stateDir));
    socket.setTimeout(ANSWER_TIMEOUT_MS, () =>
      socket.destroy(new Error('the owner of the folder gives no answer')),
    );
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
    socket.on('end', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? resolve(null) : reject(error),
    );
  });
  return answer === null ? null : holderSchema.parse(JSON.parse(answer));
}

/** Node takes a leading NUL for an abstract name. */
function socketPathOf(stateDir: string): string {
  return `\0${abstractName('state', stateDir)}`;
}
