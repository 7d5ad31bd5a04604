/**
 * One Python script out of several modules, for a sandbox that gets a single file: each module is registered under its
 * name before what follows runs, so that they import each other as they do on disk.
 *
 * @param modules name to source; a module stands after those that it imports
 * @param entry the statements that run last
 */
export function bundlePython(modules: Readonly<Record<string, string>>, entry: string): string {
  // A JSON object of strings is a Python literal too.
  return `import sys, types

for name, source in ${JSON.stringify(modules)}.items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)

${entry}
`;
}
