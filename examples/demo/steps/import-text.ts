import { readFileSync } from 'node:fs';
import { exampleText, vegaFile } from '../files.ts';
import { dataReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

export const importText: DemoStep = {
  name: 'import_data',
  title: 'import_data: small tables travel in the call, and are checked in a sandbox',
  async run({ agent, screen, project }) {
    const tables = {
      sales: exampleText('revenue-forecast/sales.csv'),
      employment: readFileSync(vegaFile('us-employment.csv'), 'utf8'),
    };
    for (const [name, text] of Object.entries(tables)) {
      const data = await agent.call('import_data', { project, name, format: 'csv', text }, dataReply);
      screen.say(`${name}: ${data.row_count} rows, ${data.column_count} columns, at ${data.mount_path}`);
      screen.say(`  ${data.load}`);
    }
  },
};
