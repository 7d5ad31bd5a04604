import type { Conversation } from './drive.ts';
import { type Caller, expectAnswer, mcpPost, open, type Revision } from './revisions.ts';

/** What is measured: one unit of an agent's work. */
export interface Job {
  readonly name: string;
  /** Whether each client opens its session before the measurement; else opening is part of it. */
  readonly inSession: boolean;
  readonly converse: (revision: Revision, caller: Caller) => Conversation;
}

const LISTED = '"run_model"';

export const toolsList: Job = {
  name: 'tools/list',
  inSession: true,
  *converse(revision, caller) {
    expectAnswer(yield mcpPost(revision, caller, 'tools/list'), LISTED);
  },
};

const whoami: Job = {
  name: 'whoami',
  inSession: true,
  *converse(revision, caller) {
    expectAnswer(yield callOf(revision, caller, 'whoami', {}), '"structuredContent"');
  },
};

const openAndCall: Job = {
  name: 'open, first call',
  inSession: false,
  *converse(revision, caller) {
    const opened = yield* open(revision, caller);
    yield* whoami.converse(revision, opened);
  },
};

/** Reads a file; `text` is what its answer must hold. */
function readFile(project: string, path: string, text: string): Job {
  return {
    name: 'read_file, 10 KB',
    inSession: true,
    *converse(revision, caller) {
      expectAnswer(yield callOf(revision, caller, 'read_file', { project, path }), text);
    },
  };
}

export function jobsOf(file: {
  readonly project: string;
  readonly path: string;
  readonly text: string;
}): Job[] {
  return [openAndCall, toolsList, whoami, readFile(file.project, file.path, file.text)];
}

function callOf(revision: Revision, caller: Caller, name: string, input: object): Buffer {
  return mcpPost(revision, caller, 'tools/call', { name, arguments: input });
}
