#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares these pages with what they speak of, and lists what does not fit.

- A field ":Tests:" names selftests, as their output does (FIXTURE.TEST); they
  must exist.
- Each sentence of the guarantees that is set in bold has such a field behind
  it; tests that say "abi: design/..." for a section's ":Row:" are named there.
- The table of mount options has those of the code, with the same defaults.
- Each comment in the UAPI header, and each DOC block of the module, is shown
  by some page.
"""
import pathlib
import re
import sys

import kerneldoc

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
HEADER = TOP / 'include/uapi/linux/kdbus.h'
MODULE = TOP / 'ipc/kdbus'
SELFTESTS = TOP / 'tools/testing/selftests/kdbus'

TESTS_FIELD = re.compile(r'^[ ]*:Tests:(.*(?:\n[ ]+\S.*)*)', re.M)
NAME = re.compile(r'``([\w.]+)``')
TEST = re.compile(r'^(?:TEST|TEST_SIGNAL)\((\w+)|'
                  r'^(?:TEST_F|TEST_F_TIMEOUT|TEST_F_SIGNAL)\((\w+),\s*(\w+)', re.M)
ROW = re.compile(r':Row:\s*``([^`]+)``')
ROWS = re.compile(r'/\*\s*abi:\s*(.*?)\*/', re.S)
DIRECTIVE = re.compile(r'^\.\. kernel-doc:: (\S+)\n((?:[ ]+\S.*\n)*)', re.M)


def read_tests():
    """Return {test}, {row: {test}}: all tests, and those named for a promise."""
    tests, rows = set(), {}
    for path in sorted(SELFTESTS.glob('test-*.c')):
        text = path.read_text()
        for match in TEST.finditer(text):
            name = f'{match.group(2) or "global"}.{match.group(1) or match.group(3)}'
            tests.add(name)
            above = text[:match.start()].rstrip().rpartition('\n\n')[2]
            for comment in ROWS.findall(above):
                for row in re.findall(r'design/[\w.-]+', comment):
                    rows.setdefault(row, set()).add(name)
    return tests, rows


def check_tests(pages, tests):
    """Names of tests in all pages."""
    for page, text in pages.items():
        for field in TESTS_FIELD.findall(text):
            names = NAME.findall(field)
            if not names:
                yield f'{page}: ":Tests:" without a name'
            for name in names:
                if name not in tests:
                    yield f'{page}: no such test: {name}'


def check_guarantees(text, rows):
    """Each promise has tests, and the tests that belong to a section are in it."""
    for promise in re.split(r'^\*\*', text, flags=re.M)[1:]:
        if not TESTS_FIELD.search(promise):
            yield f'guarantees.rst: promise without tests: {promise.splitlines()[0]}'
    shown = set()
    for section in re.split(r'^(?=:Row:)', text, flags=re.M)[1:]:
        row = ROW.match(section).group(1)
        shown.add(row)
        named = {name for field in TESTS_FIELD.findall(section) for name in NAME.findall(field)}
        for name in sorted(rows.get(row, set()) - named):
            yield f'guarantees.rst: {row} does not name {name}'
    for row in sorted(set(rows) - shown):
        yield f'guarantees.rst: no section for {row}'


def check_options(text):
    """Mount options and their defaults."""
    table = dict(re.findall(r'^``(\w+)``\s+``(\w+)``', text, re.M))
    source = (MODULE / 'fs.c').read_text()
    options = dict(re.findall(r'fsparam_u\d+\("(\w+)",\s*(OPT_\w+)\)', source))
    members = dict(re.findall(r'\[(OPT_\w+)\] = offsetof\(struct kdbus_limits, (\w+)\)', source))
    code = (MODULE / 'domain.c').read_text().partition('kdbus_default_limits = {')[2]
    limits = dict(re.findall(r'\.(\w+) = ([\d *]+),', code.partition('};')[0]))
    expected = {name: str(eval(limits[members[option]])) if option in members else '0x3fff'
                for name, option in options.items()}
    for name in sorted(set(table) | set(expected)):
        if table.get(name) != expected.get(name):
            yield f'limits.rst: {name}: {table.get(name)}, in the code {expected.get(name)}'


def check_shown(pages):
    """Comments that no page shows."""
    shown = set()
    for text in pages.values():
        for file, options in DIRECTIVE.findall(text):
            options = re.sub(r'\n\s+(?!:)', ' ', options)
            for title in re.findall(r':doc:[ ]*(.*)', options):
                shown.add((file, title.strip()))
            for names in re.findall(r':identifiers:[ ]*(.*)', options):
                shown.update((file, name) for name in names.split())
    for path in [HEADER, *sorted(MODULE.glob('*.[ch]'))]:
        file = str(path.relative_to(TOP))
        for block in kerneldoc.Source(path).blocks:
            wanted = {'doc', 'struct', 'enum'} if path == HEADER else {'doc'}
            if block.kind in wanted and (file, block.name) not in shown:
                yield f'{file}: no page shows "{block.name}"'


def main():
    """Print what does not fit; status 1 if anything does not."""
    pages = {str(path.relative_to(HERE)): path.read_text() for path in HERE.rglob('*.rst')}
    tests, rows = read_tests()
    found = [
        *check_tests(pages, tests),
        *check_guarantees(pages['kdbus/guarantees.rst'], rows),
        *check_options(pages['kdbus/limits.rst']),
        *check_shown(pages),
    ]
    print('\n'.join(found), end='\n' if found else '')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
