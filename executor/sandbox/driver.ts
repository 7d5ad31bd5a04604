import type { Offer } from '../../protocol/messages.ts';
import type { CgroupGroup } from './cgroup-group.ts';
import type { Folders, SandboxSpec } from './engine.ts';
import type { Pipes } from './pipes.ts';

/** Made for one sandbox before its container: all that bounds it is in place. */
export interface Prepared {
  readonly id: string;
  /** The sandbox's own folder on the host. */
  readonly dir: string;
  readonly folders: Folders;
  readonly pipes: Pipes;
  readonly cgroupPath: string;
  readonly group: CgroupGroup;
  readonly spec: SandboxSpec;
}

export interface ContainerExit {
  /** Null where the engine cannot tell. */
  readonly exitCode: number | null;
  /** The engine was told by the kernel that memory ran out inside. */
  readonly isOomKill: boolean;
}

/** What an engine started for a sandbox, as the engine sees it; all else is seen in the cgroup and the pipes. */
export interface Container {
  /** Rejects with the reason where it could not be started at all. */
  readonly exited: Promise<ContainerExit>;
  /** The engine's own panic; empty where there was none, or the engine keeps it elsewhere. */
  panic(): Promise<string>;
  /** What the engine wrote of a start that failed. */
  words(): Promise<string>;
  /** Sends a signal to the first process inside. */
  signal(signal: 'USR1'): Promise<void>;
  /** Ends one that is only becoming: what it started may be outside of the cgroup still. */
  kill(): void;
  /** The engine forgets it. `isOrderly` where it ended by itself after it was ready. */
  forget(isOrderly: boolean): Promise<void>;
}

/** How one container engine is talked to. Each has one file. */
export interface Driver {
  readonly name: Offer['engine'];
  readonly version: string;
  /** Whether containers inherit 0 to 2; otherwise they open them by name. */
  readonly inheritsPipes: boolean;
  /** Whether RLIMIT_NPROC counts the processes of a sandbox alone. */
  readonly countsProcessesInside: boolean;
  /**
   * Starts a container, new or as a copy of the snapshot in a folder. Throws, or {@link Container.exited} rejects, where
   * nothing came to be.
   */
  launch(prepared: Prepared, snapshot: string | null): Promise<Container>;
  /** Writes what a container is now into a folder, for copies to start from; null where the engine cannot. */
  readonly checkpoint: ((id: string, folder: string) => Promise<void>) | null;
  /** Removes the container of that name, whoever made it; there may be none. */
  forget(id: string): Promise<void>;
  /** Removes what the engine itself holds. */
  close(): Promise<void>;
}
