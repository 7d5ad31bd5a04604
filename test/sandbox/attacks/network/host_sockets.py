import socket

from attempt import attempt

for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/systemd/private", "/run/systemd/notify", "/run/dbus/system_bus_socket", "/dev/log", "/tmp/.s.PGSQL.5432", "/run/postgresql/.s.PGSQL.5432"):
    for prefix in ("", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/.."):
        attempt(prefix + path, lambda: socket.socket(socket.AF_UNIX).connect(prefix + path))
