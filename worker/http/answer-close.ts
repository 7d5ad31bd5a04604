/** They say that no code was sent (RFC 6455, section 7.4.1), and may not be sent themselves. */
const NEVER_SENT: readonly number[] = [1005, 1006, 1015];

/** Ends the own side of a socket that its peer closed with `code`, by the same code. */
export function answerClose(socket: Pick<WebSocket, 'close'>, code: number): void {
  socket.close(NEVER_SENT.includes(code) ? 1000 : code);
}
