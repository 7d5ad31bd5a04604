/** One step of a build as it goes on. Counts and megabytes are present where they are known. */
export interface Progress {
  readonly step:
    | 'wait'
    | 'index'
    | 'debs'
    | 'wheels'
    | 'unpack'
    | 'strip'
    | 'compile'
    | 'fonts'
    | 'digest'
    | 'archive'
    | 'runsc';
  readonly says: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: 'MB' | 'packages' | 'files';
}

export type OnProgress = (progress: Progress) => void;

export const megabytes = (bytes: number): number => Math.round(bytes / 100_000) / 10;
