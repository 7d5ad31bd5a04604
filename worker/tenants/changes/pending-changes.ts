import type { Change } from './change.ts';

/** Beyond this many different things a subscriber is told that anything may have changed. */
const THINGS_MAX = 1_000;

/** What changed since a subscriber was told last, each thing once. */
export interface Batch {
  /** True where changes may have been missed, or were too many to be kept: anything may have changed. */
  readonly anything: boolean;
  /** By project. */
  readonly files: ReadonlyMap<string, ChangedFiles>;
  readonly projects: ReadonlySet<string>;
  /** Names of sources, by project. */
  readonly data: ReadonlyMap<string, ReadonlySet<string>>;
  readonly runs: ReadonlySet<string>;
}

export interface ChangedFiles {
  readonly paths: ReadonlySet<string>;
  readonly listed: boolean;
}

/** What a subscriber is told of; a change of access is for whoever holds its stream. */
export type Told = Exclude<Change, { kind: 'access' }>;

/** Gathers changes for one subscriber: bounded, however long nobody takes them and however many they are. */
export class PendingChanges {
  private anything = false;
  private things = 0;
  private readonly files = new Map<string, ChangedFiles>();
  private readonly projects = new Set<string>();
  private readonly data = new Map<string, ReadonlySet<string>>();
  private readonly runs = new Set<string>();

  get isEmpty(): boolean {
    return !this.anything && this.things === 0;
  }

  add(change: Told): void {
    if (this.anything) return;
    this.note(change);
    this.things = this.count();
    if (this.things > THINGS_MAX) this.missed();
  }

  /** Changes came that nobody heard of. */
  missed(): void {
    this.clear();
    this.anything = true;
  }

  /** What is to be told; afterwards nothing is. */
  take(): Batch {
    const { anything } = this;
    const batch = {
      anything,
      files: new Map(this.files),
      projects: new Set(this.projects),
      data: new Map(this.data),
      runs: new Set(this.runs),
    };
    this.clear();
    return batch;
  }

  private note(change: Told): void {
    switch (change.kind) {
      case 'files': {
        const known = this.files.get(change.project);
        this.files.set(change.project, {
          paths: new Set([...(known?.paths ?? []), ...change.paths]),
          listed: change.listed || known?.listed === true,
        });
        return;
      }
      case 'project':
        this.projects.add(change.project);
        return;
      case 'data':
        this.data.set(change.project, new Set([...(this.data.get(change.project) ?? []), change.source]));
        return;
      case 'run':
        this.runs.add(change.run);
        return;
    }
  }

  private count(): number {
    let things = this.projects.size + this.runs.size;
    for (const { paths } of this.files.values()) things += paths.size;
    for (const sources of this.data.values()) things += sources.size;
    return things;
  }

  private clear(): void {
    this.anything = false;
    this.things = 0;
    this.files.clear();
    this.projects.clear();
    this.data.clear();
    this.runs.clear();
  }
}
