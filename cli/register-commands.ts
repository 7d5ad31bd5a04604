import type { Command } from 'commander';

type Register = (program: Command) => void;

/**
 * Each command by its name, under the headings of the help. Its code is read when it is asked for: that of all takes four
 * times as long as that of one.
 */
const GROUPS: Readonly<Record<string, Readonly<Record<string, () => Promise<Register>>>>> = {
  'Try it and develop:': {
    up: async () => (await import('./commands/up.ts')).registerUp,
    demo: async () => (await import('./commands/demo.ts')).registerDemo,
    connect: async () => (await import('./commands/connect.ts')).registerConnect,
    status: async () => (await import('./commands/status.ts')).registerStatus,
    logs: async () => (await import('./commands/logs.ts')).registerLogs,
    doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
    certs: async () => (await import('./commands/certs.ts')).registerCerts,
    clean: async () => (await import('./commands/clean.ts')).registerClean,
  },
  'People, tokens and tenants:': {
    owner: async () => (await import('./commands/owner.ts')).registerOwner,
    token: async () => (await import('./commands/token.ts')).registerToken,
    client: async () => (await import('./commands/client.ts')).registerClient,
    'break-glass': async () => (await import('./commands/break-glass.ts')).registerBreakGlass,
    tenant: async () => (await import('./commands/tenant.ts')).registerTenant,
  },
  'Run a deployment:': {
    migrate: async () => (await import('./commands/migrate.ts')).registerMigrate,
    executor: async () => (await import('./commands/executor.ts')).registerExecutor,
    image: async () => (await import('./commands/image.ts')).registerImage,
    keys: async () => (await import('./commands/keys.ts')).registerKeys,
    audit: async () => (await import('./commands/audit.ts')).registerAudit,
    backup: async () => (await import('./commands/backup.ts')).registerBackup,
    restore: async () => (await import('./commands/restore.ts')).registerRestore,
    upgrade: async () => (await import('./commands/upgrade.ts')).registerUpgrade,
  },
  'Prove and measure:': {
    test: async () => (await import('./commands/test.ts')).registerTest,
    verify: async () => (await import('./commands/verify.ts')).registerVerify,
    check: async () => (await import('./commands/check.ts')).registerCheck,
    bench: async () => (await import('./commands/bench.ts')).registerBench,
    routes: async () => (await import('./commands/routes.ts')).registerRoutes,
  },
};

/** Registers the command of that name; all of them where there is none, for help and for what was meant. */
export async function registerCommands(program: Command, name: string | undefined): Promise<void> {
  const isKnown = Object.values(GROUPS).some((commands) => Object.hasOwn(commands, name ?? ''));
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(heading);
    for (const [known, read] of Object.entries(commands))
      if (!isKnown || known === name) (await read())(program);
  }
}
