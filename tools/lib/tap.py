#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Read TAP, count results.

tap.py collect PREFIX FILE [STATUS]
    Prints one line for each test of FILE: "pass NAME", "fail NAME" or "skip NAME<tab>REASON". NAME
    is PREFIX, a slash and the test's own name. A plan that was not fulfilled and an exit STATUS
    that the tests do not explain are failures too, and so is a file without any test.

tap.py meson PREFIX TESTLOG
    The same for meson's testlog.json.

tap.py summary RESULTS SKIPS
    RESULTS has lines as above. SKIPS announces skips: lines of a shell pattern for names and a
    reason. Prints what failed and what was skipped, at the end "N passed, N failed, N skipped", and
    fails if a test failed or a skip was not announced.
"""

import fnmatch
import json
import re
import sys

LINE = re.compile(r'^(not )?ok\b[ \t]*(\d+)?[ \t]*-?[ \t]*(.*)$')
# kselftest_harness.h says the name of a skipped test only in the line before.
RUN = re.compile(r'^#\s+RUN\s+(\S+) \.\.\.')
PLAN = re.compile(r'^1\.\.(\d+)')


def parse(lines):
    """Yield (verdict, name, reason) for each test, then (None, planned or -1, '')."""
    planned, running = -1, None
    for line in lines:
        if match := PLAN.match(line):
            planned = int(match.group(1))
        elif match := RUN.match(line):
            running = match.group(1)
        elif match := LINE.match(line):
            failed, number, rest = match.groups()
            text, _, directive = rest.partition('# ')
            skipped = directive.upper().startswith('SKIP')
            name = running or text.strip() or number or 'unnamed'
            running = None
            if failed:
                yield 'fail', name, ''
            elif skipped:
                yield 'skip', name, directive[4:].strip() or text.strip()
            else:
                yield 'pass', name, ''
    if running:
        yield 'fail', running, ''
    yield None, planned, ''


def collect(prefix, path, status=0):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            results = list(parse(file))
    except FileNotFoundError:
        results = [(None, -1, '')]
    planned = results.pop()[1]
    for verdict, name, reason in results:
        print(f'{verdict} {prefix}/{name}' + (f'\t{reason}' if reason else ''))
    if planned < 0:
        print(f'fail {prefix}/(no plan)')
    elif planned != len(results):
        print(f'fail {prefix}/(planned {planned} tests, saw {len(results)})')
    elif not results:
        print(f'fail {prefix}/(no test)')
    elif status and not any(verdict == 'fail' for verdict, _, _ in results):
        print(f'fail {prefix}/(exit status {status})')


def meson(prefix, path):
    seen = 0
    with open(path, encoding='utf-8') as file:
        for line in file:
            test = json.loads(line)
            seen += 1
            name = test['name'].replace(' ', '_')
            if test['result'] in ('OK', 'EXPECTEDFAIL'):
                print(f'pass {prefix}/{name}')
            elif test['result'] == 'SKIP':
                print(f'skip {prefix}/{name}\t')
            else:
                print(f'fail {prefix}/{name}')
    if not seen:
        print(f'fail {prefix}/(no test)')


def announced(path):
    patterns = []
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                pattern, _, reason = line.strip().partition(' ')
                if not reason:
                    sys.exit(f'{path}: no reason for {pattern}')
                patterns.append(pattern)
    return patterns


def summary(results, skips):
    patterns = announced(skips)
    passed, failed, skipped, surprises = 0, [], [], 0
    with open(results, encoding='utf-8') as file:
        for line in file:
            verdict, _, rest = line.rstrip('\n').partition(' ')
            name, _, reason = rest.partition('\t')
            if verdict == 'pass':
                passed += 1
            elif verdict == 'skip':
                known = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
                surprises += not known
                skipped.append(f'{name}: {reason}' + ('' if known else '  (NOT ANNOUNCED)'))
            else:
                failed.append(name)
    for title, names in (('skipped', skipped), ('FAILED', failed)):
        if names:
            print(f'{title}:')
            for name in names:
                print(f'    {name}')
    if surprises:
        print(f'{surprises} skips are not announced in {skips}')
    print(f'{passed} passed, {len(failed)} failed, {len(skipped)} skipped')
    return 1 if failed or surprises or not passed else 0


def main(arguments):
    if len(arguments) in (3, 4) and arguments[0] == 'collect':
        collect(arguments[1], arguments[2], int((arguments + ['0'])[3]))
    elif len(arguments) == 3 and arguments[0] == 'meson':
        meson(arguments[1], arguments[2])
    elif len(arguments) == 3 and arguments[0] == 'summary':
        return summary(arguments[1], arguments[2])
    else:
        sys.exit(__doc__)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
