import { stat } from 'node:fs/promises';

/** Whether anything is at the path; a link that leads nowhere is nothing. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
