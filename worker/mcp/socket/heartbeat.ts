/** A client that said nothing for one to two of these is asked whether it is there, and is gone after one more. */
export const BEAT_MS = 30_000;
/** Ids of our questions are base64url, which has no dot. */
const PREFIX = 'ping.';

/** Whether a client at the other end of a connection is still there, beat by beat. */
export class Heartbeat {
  private silentBeats = 0;
  private asked = 0;

  /** Something arrived from the client. */
  hear(): void {
    this.silentBeats = 0;
  }

  /** What a beat asks for: nothing, a `ping` (MCP 2025-11-25, "Ping"), or the end. */
  beat(): 'nothing' | 'ask' | 'end' {
    this.silentBeats += 1;
    if (this.silentBeats === 1) return 'nothing';
    return this.silentBeats === 2 ? 'ask' : 'end';
  }

  ping(): object {
    this.asked += 1;
    return { jsonrpc: '2.0', id: `${PREFIX}${this.asked}`, method: 'ping' };
  }

  /** Whether an answer is one to {@link ping}, which nobody else waits for. */
  static isAnswer(id: unknown): boolean {
    return typeof id === 'string' && id.startsWith(PREFIX);
  }
}
