import type { WebSocket } from 'ws';
import { type FeedEvent, type FeedReceipt, feedEventSchema } from '../../protocol/feed.ts';

/** The live output that a peer was told. */
export interface PeerFeeds {
  /** Events of each run, as its feed brought them; what came twice stands in `repeated`. */
  readonly feeds: ReadonlyMap<string, FeedEvent[]>;
  readonly repeated: readonly FeedEvent[];
  open(socket: WebSocket, run: string): void;
  /** Cuts all feeds without a word, as a deploy does; one that crashes has lost what it did not confirm. */
  cutFeeds(how: 'cut' | 'crash'): void;
}

export function peerFeeds(): PeerFeeds {
  const feeds = new Map<string, FeedEvent[]>();
  const repeated: FeedEvent[] = [];
  const sockets = new Set<WebSocket>();
  const confirmed = new Map<string, number>();
  return {
    feeds,
    repeated,
    open(socket, run) {
      const events: FeedEvent[] = feeds.get(run) ?? [];
      feeds.set(run, events);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      const have = () => events.at(-1)?.sequence ?? 0;
      socket.on('message', (data: Buffer) => {
        const event = feedEventSchema.parse(JSON.parse(data.toString()));
        if (event.sequence <= have()) repeated.push(event);
        else events.push(event);
      });
      confirmed.set(run, have());
      socket.send(JSON.stringify({ have: have() } satisfies FeedReceipt));
    },
    cutFeeds(how) {
      for (const [run, events] of feeds) if (how === 'crash') events.splice(confirmed.get(run) ?? 0);
      for (const socket of sockets) socket.terminate();
    },
  };
}
