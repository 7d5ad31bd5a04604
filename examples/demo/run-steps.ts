import type { DemoStepReport } from './report.ts';
import type { DemoContext, DemoStep } from './step.ts';

/**
 * Runs steps in order and reports each; the first that fails is the last that runs, because later ones need what it
 * should have left.
 */
export async function runSteps(
  steps: readonly DemoStep[],
  context: DemoContext,
  before: readonly DemoStepReport[] = [],
): Promise<readonly DemoStepReport[]> {
  const reports = [...before];
  for (const step of steps) {
    if (reports.some(({ ok }) => !ok)) break;
    context.screen.heading(reports.length + 1, step.title);
    const since = performance.now();
    const error = await step.run(context).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const ms = Math.round(performance.now() - since);
    if (error === null) reports.push({ name: step.name, ok: true, ms });
    else {
      const why = error instanceof Error ? error.message : String(error);
      context.screen.say(`failed: ${why}`);
      reports.push({ name: step.name, ok: false, ms, error: why });
    }
    context.screen.ended(error === null, ms);
  }
  return reports;
}
