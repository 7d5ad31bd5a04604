raise SystemExit("\x1b[31m" + "{\"exit\": 0}\n" * 1000)
