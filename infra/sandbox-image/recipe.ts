/**
 * What the sandbox image is made of. Versions stand in `lock.json`; this page says which packages and why.
 * Everything here goes into the key under which a built image is found again, so a change builds a new one.
 */
export const recipe = {
  /** The Debian release whose signed archive the base comes from. */
  debianSuite: 'trixie',
  architecture: 'amd64',
  pythonMinor: '3.13',

  /**
   * The base: an interpreter and the system's time zones (pyarrow reads /usr/share/zoneinfo). No shell, no coreutils, no apt:
   * a model needs none of them, and an attacker who breaks out of Python finds no tools.
   */
  basePackages: ['python3.13-minimal', 'libpython3.13-stdlib', 'libstdc++6', 'tzdata'],

  /** What an analyst works with. Their dependencies are in the lock. */
  wheels: [
    'numpy',
    'pandas',
    'pyarrow',
    'duckdb',
    'polars',
    'scipy',
    'statsmodels',
    'openpyxl',
    'numpy-financial',
    'matplotlib',
  ],

  /** Debian's own builds, for a host that cannot reach PyPI. What is not here is named as absent. */
  debianLibraries: {
    numpy: 'python3-numpy',
    pandas: 'python3-pandas',
    scipy: 'python3-scipy',
    statsmodels: 'python3-statsmodels',
    openpyxl: 'python3-openpyxl',
    matplotlib: 'python3-matplotlib',
  },

  /**
   * In the closure by dependency, yet never unpacked: they serve maintainer scripts (which do not run here), windows and
   * X11 (there is no display), or parts of a package that the image does not keep.
   */
  notUnpacked: [
    'blt',
    'debconf',
    'dpkg',
    'fonts-lyx',
    'libdb5.3t64',
    'libjs-jquery',
    'libjs-jquery-ui',
    'libmd0',
    'libtcl8.6',
    'libtk8.6',
    'libx11-6',
    'libx11-data',
    'libxext6',
    'libxft2',
    'libxrender1',
    'libxss1',
    'lsb-base',
    'openssl-provider-legacy',
    'python3-fs',
    'python3-minimal',
    'python3-numpy-dev',
    'python3-pil.imagetk',
    'python3-sympy',
    'python3-tk',
    'python3-zopfli',
    'python3.13-tk',
    'readline-common',
    'sysvinit-utils',
    'tar',
    'tk8.6-blt2.5',
    'unicode-data',
    'x11-common',
  ],

  /** Links that Debian's maintainer scripts would make (`update-alternatives`), where their targets are there. */
  alternatives: {
    'usr/lib/x86_64-linux-gnu/libblas.so.3': 'blas/libblas.so.3',
    'usr/lib/x86_64-linux-gnu/liblapack.so.3': 'lapack/liblapack.so.3',
  },

  /** glibc of Debian 13 is 2.41: every manylinux up to 2_41 runs there. */
  wheelPlatforms: [
    'manylinux_2_41_x86_64',
    'manylinux_2_39_x86_64',
    'manylinux_2_34_x86_64',
    'manylinux_2_31_x86_64',
    'manylinux_2_28_x86_64',
    'manylinux_2_27_x86_64',
    'manylinux_2_26_x86_64',
    'manylinux_2_24_x86_64',
    'manylinux_2_17_x86_64',
    'manylinux2014_x86_64',
  ],

  /** The user that models run as. */
  user: { name: 'sandbox', uid: 65532, gid: 65532 },

  /** Empty folders on which the executor mounts, with their modes. */
  mountPoints: {
    repo: 0o755,
    data: 0o755,
    inputs: 0o755,
    outputs: 0o755,
    tmp: 0o1777,
    proc: 0o555,
    sys: 0o555,
    dev: 0o755,
  },

  /** Modification time of every file, in seconds: 2025-08-09, the release day of Debian 13. */
  sourceDateEpoch: 1_754_697_600,

  /** What the image's Python wants to find in its environment. */
  environment: {
    PATH: '/usr/bin',
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    MPLBACKEND: 'Agg',
    MPLCONFIGDIR: '/tmp/.matplotlib',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
  },

  paths: {
    python: '/usr/bin/python3.13',
    stdlib: '/usr/lib/python3.13',
    debianPackages: '/usr/lib/python3/dist-packages',
    wheels: '/usr/local/lib/python3.13/dist-packages',
    fontCache: '/usr/share/causeway/matplotlib',
  },
} as const;
