"""The formats of logs, one module each.

`recognises(record)` tells whether a decoded record, a JSON object, is of the format; `read` turns
all decoded records of a file into rows. Its records may hold an UnreadableRow, a line that could
not be decoded, and it hands that on in its place.
"""
