/** Why a path is not in the image, in the words of the build's report. */
export type Unneeded =
  | 'tests'
  | 'development'
  | 'documentation'
  | 'programs'
  | 'network'
  | 'host'
  | 'duplicate';

const packages = '^usr/(?:local/)?lib/python3(?:\\.13)?/(?:dist-packages/)?';

/**
 * The first rule that matches decides. A path is relative to the root, a folder's ends with `/`, and a folder that goes takes
 * everything below it along. Licences and `dist-info` metadata stay: they are the terms of redistribution, and
 * `importlib.metadata` reads them.
 */
const rules: readonly (readonly [Unneeded, RegExp])[] = [
  ['programs', /^usr\/bin\/(?!python3(?:\.13)?$)./],
  ['programs', /^usr\/(?:sbin|libexec|games)\/./],
  // scipy imports numpy.testing, which imports this one module of numpy's tests.
  ['tests', /\/numpy\/_core\/tests\/(?!__init__\.py$|_natype\.py$)./],
  ['tests', new RegExp(`${packages}.*(?<!numpy/_core)/tests?/$`)],
  ['tests', new RegExp(`${packages}.*/_pyarrow_cpp_tests[^/]*$`)],
  ['tests', /\/matplotlib\/mpl-data\/sample_data\/$/],
  ['development', /\.(?:a|la|h|hpp|hh|pxd|pyx|pxi|pyi|c|cc|cpp|cu|f|f90|cmake|pc|o)$/],
  [
    'development',
    /\/(?:pyarrow\/(?:include|src)|numpy\/_core\/include|config-3\.13-[^/]+|pkgconfig|cmake)\/$/,
  ],
  [
    'development',
    /^usr\/lib\/python3\.13\/(?:ensurepip|idlelib|lib2to3|turtledemo|tkinter|pydoc_data|venv)\/$/,
  ],
  ['development', /^usr\/(?:include|src|share\/gcc|share\/glib-2\.0)\/$/],
  ['documentation', /^usr\/share\/doc\/[^/]+\/(?!copyright$)[^/]+\/?$/],
  [
    'documentation',
    /^usr\/share\/(?:man|info|locale|lintian|doc-base|bug|bash-completion|gdb|menu|applications|pixmaps|icons)\/$/,
  ],
  [
    'network',
    /\/pyarrow\/(?:libarrow_flight|libarrow_python_flight|_flight|libarrow_s3|_s3fs|_gcsfs|_azurefs|_hdfs)[^/]*$/,
  ],
  ['host', /^etc\/(?:python3\.13|ld\.so\.conf\.d|apt|dpkg|X11|bash_completion\.d|python3)\/$/],
  ['host', /^var\/(?:lib|cache)\/$/],
  ['host', /^usr\/share\/(?:zoneinfo\/right|debconf|dpkg|python3|python|perl5|binfmts)\/$/],
  [
    'host',
    /^usr\/lib\/(?:x86_64-linux-gnu\/(?:gconv|audit|perl|perl-base|engines-3|ossl-modules)|systemd|sysusers\.d|tmpfiles\.d|valgrind|binfmt\.d)\/$/,
  ],
  ['host', /\.dist-info\/(?:RECORD|INSTALLER|REQUESTED|direct_url\.json)$/],
  ['host', /\/__pycache__\/$/],
  ['duplicate', /\/pyarrow\/libarrow_python[^/]*\.so(?:\.\d+\.\d+\.\d+)?$/],
];

/** Whether the image does not need this file, or a folder above it. */
export function isFileUnneeded(relativePath: string): boolean {
  for (let at = relativePath.indexOf('/'); at !== -1; at = relativePath.indexOf('/', at + 1)) {
    if (whyUnneeded(relativePath.slice(0, at + 1))) return true;
  }
  return whyUnneeded(relativePath) !== undefined;
}

/** Why the image does not need this path, or undefined where it stays. */
export function whyUnneeded(relativePath: string): Unneeded | undefined {
  return rules.find(([, pattern]) => pattern.test(relativePath))?.[0];
}
