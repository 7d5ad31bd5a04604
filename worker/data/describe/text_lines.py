"""The lines of a text file, refused at the first byte that is no text."""

from faults import LINE_BYTES_MAX, Fault

#: How files begin that are often sent with the wrong name.
BEGINNINGS = (
    (b"PK\x03\x04", "xlsx or zip"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"PAR1", "parquet"),
    (b"%PDF", "pdf"),
    (b"\x1f\x8b", "gzip"),
    (b"(\xb5/\xfd", "zstd"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<!doctype", "html"),
    (b"<html", "html"),
    (b"<?xml", "xml"),
)


def refuse_other_formats(head):
    """`head` is the first bytes of the file."""
    if not head:
        raise Fault("empty")
    start = head.lstrip().lower()
    for beginning, name in BEGINNINGS:
        if head.startswith(beginning) or (beginning[:1] == b"<" and start.startswith(beginning)):
            raise Fault("other_format", found=name)


def text_lines(file):
    """Yields decoded lines with their line ends; `file` is binary."""
    number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX:
            raise Fault("line_too_long", line=number, limit=LINE_BYTES_MAX)
        if b"\0" in line:
            raise Fault("binary", line=number)
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise Fault("not_utf8", line=number, byte=error.start + 1) from None
        yield text.removeprefix("\ufeff") if number == 1 else text
