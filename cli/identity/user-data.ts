export interface UserDataValues {
  readonly publicUrl: string;
  readonly joinToken: string;
  readonly bundleUrl: string;
  readonly bundleSha256: string;
}

/** Fills `infra/executor-host/user-data.yaml` in. Values stand in single quotes of a shell, which none of them has. Pure. */
export function fillUserData(template: string, values: UserDataValues): string {
  const named: Readonly<Record<string, string>> = {
    PUBLIC_URL: values.publicUrl,
    JOIN_TOKEN: values.joinToken,
    BUNDLE_URL: values.bundleUrl,
    BUNDLE_SHA256: values.bundleSha256,
  };
  return template.replace(/\{\{([A-Z0-9_]+)\}\}/g, (_, name: string) => {
    const value = named[name];
    if (value === undefined || /['\n]/.test(value)) throw new Error(`user data has no value for ${name}`);
    return value;
  });
}
