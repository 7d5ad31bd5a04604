import { Help, type Option } from 'commander';

/** An option as help tells it: marked where its command does not start without it. */
export function describeOption(option: Option): string {
  const said = new Help().optionDescription(option);
  return option.mandatory ? `${said} (required)` : said;
}
