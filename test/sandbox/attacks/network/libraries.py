import ftplib
import http.client
import os
import smtplib
import urllib.request

from attempt import attempt

os.environ["https_proxy"] = os.environ["http_proxy"] = "http://10.0.0.1:3128"
attempt("https", lambda: urllib.request.urlopen("https://example.com/", timeout=2))
attempt("http by address", lambda: http.client.HTTPConnection("1.1.1.1", timeout=2).request("GET", "/"))
attempt("mail", lambda: smtplib.SMTP("10.0.0.1", 25, timeout=2))
attempt("ftp", lambda: ftplib.FTP("10.0.0.1", timeout=2))
attempt("a file of the host", lambda: urllib.request.urlopen("file:///etc/shadow"))
