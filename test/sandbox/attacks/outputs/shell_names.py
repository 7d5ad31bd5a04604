import os

for name in ("$(reboot).csv", "`id`.csv", "a;b&c|d.csv", "%2e%2e%2fetc%2fpasswd", "...", "~", "CON", "nul.txt", "a'b\"c.csv", "{{7*7}}.csv", "=cmd|calc.csv", "<script>alert(1)</script>".replace("/", "\u2215"), "\u0430.csv", "e\u0301.csv", "\u200dx.csv", "\ufeff.csv", "x\u2028y.csv", "tab\t.csv", "cr\r.csv", "nbsp\u00a0.csv"):
    with open(os.path.join("/outputs", name), "w") as file:
        file.write("x")
