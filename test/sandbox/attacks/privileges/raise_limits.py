import resource

from attempt import attempt


def set_limit(pid, kind, most):
    try:
        resource.prlimit(pid, kind, (most, most))
    except ValueError as error:
        raise OSError(str(error)) from error


for name in ("NPROC", "NOFILE", "CORE", "MEMLOCK", "AS", "FSIZE", "STACK"):
    kind = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(kind)[1]
    attempt(f"one more {name} than {hard}", lambda: set_limit(0, kind, hard + 1))
    attempt(f"endless {name}", lambda: set_limit(0, kind, resource.RLIM_INFINITY))
    attempt(f"{name} of the first process", lambda: set_limit(1, kind, resource.RLIM_INFINITY))
