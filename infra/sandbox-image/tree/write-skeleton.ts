import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { recipe } from '../recipe.ts';

const { user } = recipe;

const etc: Readonly<Record<string, string>> = {
  passwd: [
    'root:x:0:0:root:/:/nonexistent',
    `${user.name}:x:${user.uid}:${user.gid}:sandbox:/tmp:/nonexistent`,
    'nobody:x:65534:65534:nobody:/nonexistent:/nonexistent',
    '',
  ].join('\n'),
  group: ['root:x:0:', `${user.name}:x:${user.gid}:`, 'nogroup:x:65534:', ''].join('\n'),
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n',
  'os-release': `NAME="Causeway sandbox"\nID=causeway-sandbox\nID_LIKE=debian\nVERSION_CODENAME=${recipe.debianSuite}\n`,
};

/** The merged /usr of Debian 13 (`/lib` is `/usr/lib`, and so on), mount points, and the few files of /etc that Python reads. */
export async function writeSkeleton(target: string): Promise<void> {
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(path.join(target, 'usr', folder), { recursive: true });
    await symlink(`usr/${folder}`, path.join(target, folder));
  }
  for (const folder of Object.keys(recipe.mountPoints)) await mkdir(path.join(target, folder));
  await mkdir(path.join(target, 'etc'));
  for (const [name, content] of Object.entries(etc)) await writeFile(path.join(target, 'etc', name), content);
  await symlink(path.basename(recipe.paths.python), path.join(target, 'usr/bin/python3'));
}
