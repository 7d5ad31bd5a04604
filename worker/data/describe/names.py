"""Names of columns: what a model can address and a reader can trust."""

from cells import UNSEEN, shown
from faults import COLUMNS_MAX, NAME_CHARS_MAX, Fault

#: Spreadsheets wrap long headers; such a name can still be typed.
WRAPPED = str.maketrans("", "", "\n\r\t")


def check_count(found):
    if found > COLUMNS_MAX:
        raise Fault("too_many_columns", found=found, limit=COLUMNS_MAX)


def check_name(name, position, seen):
    """Refuses a name that is empty, too long, given twice, or not what it looks like; adds it to `seen`."""
    if name == "":
        raise Fault("empty_name", column=position)
    if len(name) > NAME_CHARS_MAX:
        raise Fault("name_too_long", column=position, limit=NAME_CHARS_MAX)
    if UNSEEN.search(name.translate(WRAPPED)) or not name.isascii() and not encodes(name):
        raise Fault("unseen_characters_in_name", column=position, name=shown(name))
    if name in seen:
        raise Fault("duplicate_column", column=position, first=seen[name], name=shown(name))
    seen[name] = position


def encodes(name):
    """False for half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
