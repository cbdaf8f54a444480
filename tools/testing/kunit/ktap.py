#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ktap.py DMESG WARNINGS STATUS VMLOG SUITE.c...

Turns what KUnit has left in a kernel's log into flat TAP. Each file SUITE.c has to have run, with all
the cases that it lists; WARNINGS has to be empty; STATUS is that of the guest, and VMLOG says why.
"""

import re
import sys

STAMP = re.compile(r'^\[ *\d+\.\d+\](?:\[[^]]*\])? ?')
SUBTEST = re.compile(r'^\s*# Subtest: (\S+)')
CASE = re.compile(r'^\s+(ok|not ok) \d+ (?:- )?(\S+)(.*)$')
SUITE = re.compile(r'^SUITE\("([^"]+)",', re.M)
LISTED = re.compile(r'^\tCASE\((\w+)\),$', re.M)


def listed(path):
    """Return (name of the suite, its cases) as the source has them."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    return SUITE.search(text).group(1), LISTED.findall(text)


def seen(path):
    """Return {(suite, case): (verdict, what was said before it)}."""
    results, suite, said = {}, None, []
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            line = STAMP.sub('', line.rstrip('\n'))
            if match := SUBTEST.match(line):
                suite, said = match.group(1), []
            elif suite and (match := CASE.match(line)):
                skipped = '# SKIP' in match.group(3)
                results[suite, match.group(2)] = ('skip' if skipped else match.group(1), said)
                said = []
            else:
                said.append(line)
    return results


def main(dmesg, warnings, status, vm_log, *sources):
    results, count = seen(dmesg), 0

    def verdict(good, name, reasons=()):
        nonlocal count
        count += 1
        print(f'{"ok" if good else "not ok"} {count} {name}')
        for reason in reasons if not good else ():
            print(f'# {reason}')

    print('TAP version 13')
    for source in sources:
        suite, cases = listed(source)
        for case in cases:
            result, said = results.pop((suite, case), ('did not run', []))
            verdict(result == 'ok', f'{suite}.{case}', said[-20:] or [result])
    for suite, case in sorted(key for key in results if key[0].startswith('kdbus')):
        verdict(False, f'{suite}.{case}', ['no source lists it'])
    with open(warnings, encoding='utf-8') as file:
        told = file.read().splitlines()
    verdict(not told, 'kunit.suites_are_built_without_a_warning', told)
    with open(vm_log, encoding='utf-8', errors='replace') as file:
        told = file.read().splitlines()[-40:]
    verdict(status == '0', 'kunit.kernel_has_nothing_to_report_and_nothing_left', told)
    print(f'1..{count}')


main(*sys.argv[1:])
