Hostile = type("\x1b[31mKilled\u202e", (Exception,), {"__module__": "builtins"})
raise Hostile("`" + "\0\x1b[2J\u2028\n" * 1000 + "x" * (1 << 20))
