import { readDeepReport } from '../deep/deep-report.ts';
import { PARSERS } from '../deep/fuzzing/parsers/index.ts';
import { MODULES } from '../deep/mutation/modules.ts';
import { reasonOf } from '../terminal/failure.ts';

/**
 * What the committed report of `verify --deep` lacks: its form, a reason, a file of a module that it speaks of, a parser, a commit that
 * can be looked up among `commits`; null where these are not known.
 */
export function judgeDeepReport(text: string, commits: ReadonlySet<string> | null): readonly string[] {
  try {
    const { modules, parsers } = readDeepReport(text);
    return [
      ...modules.flatMap(({ name, files: tried }) => {
        const files = MODULES.find((each) => each.name === name)?.files ?? [];
        return files
          .filter((file) => !tried.some((each) => each.file === file))
          .map((file) => `${name}: ${file} was not tried`);
      }),
      ...PARSERS.filter(({ name }) => !parsers.some((each) => each.name === name)).map(
        ({ name }) => `${name} was not fuzzed`,
      ),
      ...[...modules, ...parsers]
        .filter(({ seen }) => commits?.has(seen.commit) === false)
        .map(({ name, seen }) => `${name}: ${seen.commit} is no commit of this history`),
    ];
  } catch (thrown) {
    return reasonOf(thrown).split('\n');
  }
}
