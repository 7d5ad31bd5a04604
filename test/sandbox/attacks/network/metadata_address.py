import urllib.request

from attempt import attempt

for url in ("http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://100.100.100.200/"):
    attempt(url, lambda: urllib.request.urlopen(url, timeout=2))
