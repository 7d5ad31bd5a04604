import os

for line in (b'{"exit": true}', b'{"exit": null}', b'{"exit": "0"}', b'{"exit": 0.5}', b'{"exit": [0]}', b'{"__proto__": {"exit": 0}}', b'{"ready": 1}', b'[{"exit": 0}]', b'{"exit": 1e400}', b'"exit"', b"\xff\xfe", b"{" * 5000):
    os.write(4, line + b"\n")
raise SystemExit(4)
