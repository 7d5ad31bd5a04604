/** What a shell says of a program that was ended by SIGPIPE, which Node itself ignores. */
const EXIT_BROKEN_PIPE = 141;

/** Ends the command when nobody reads `stream` any more, as in `| head`; one that has parts to end is told to end them. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
    else process.exit(EXIT_BROKEN_PIPE);
  });
}
