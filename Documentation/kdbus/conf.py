# SPDX-License-Identifier: LGPL-2.1-or-later
"""How Sphinx builds these pages outside of a kernel tree; see tools/doc."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

project = 'kdbus'
author = 'the kdbus authors'
copyright = author
root_doc = 'kdbus'
extensions = ['kerneldoc']
kerneldoc_srctree = str(HERE.parent.parent)
primary_domain = 'c'
highlight_language = 'c'
# A reference to something that is not there is an error.
nitpicky = True
html_theme = 'alabaster'
html_theme_options = {'page_width': '1100px', 'sidebar_width': '260px'}
html_copy_source = False
html_show_copyright = False

COMMANDS = {
    'bus-make': 'make a bus',
    'endpoint-make': 'make a custom endpoint',
    'endpoint-update': 'replace the policy of a custom endpoint',
    'hello': 'connect to a bus',
    'update': 'change what HELLO set',
    'byebye': 'disconnect',
    'free': 'give back a part of the pool',
    'conn-info': 'ask about a connection',
    'bus-creator-info': 'ask about a bus and who made it',
    'list': 'list connections and names',
    'send': 'send a message',
    'recv': 'receive a message',
    'name-acquire': 'become the owner of a well-known name',
    'name-release': 'give up a well-known name',
    'match-add': 'ask for signals and notifications',
    'match-remove': 'remove matches',
}

man_pages = [
    ('kdbus', 'kdbus', 'a message bus in the kernel', '', 7),
    ('kdbus/concepts', 'kdbus-concepts', 'the terms of kdbus', '', 7),
    ('kdbus/guarantees', 'kdbus-guarantees', 'what kdbus promises', '', 7),
    ('kdbus/limits', 'kdbus-limits', 'limits and mount options of kdbus', '', 7),
    ('kdbus/security', 'kdbus-security', 'who may do what on a bus', '', 7),
    ('kdbus/metadata', 'kdbus-metadata', 'what a receiver learns about a sender', '', 7),
    ('kdbus/structures', 'kdbus-structures', 'structures, items and flags of kdbus', '', 7),
    ('kdbus/file-systems', 'kdbus-file-systems', 'the file systems kdbus and kdbusfs', '', 7),
] + [
    (f'kdbus/commands/{page}', f'kdbus_cmd_{page.replace("-", "_")}', purpose, '', 2)
    for page, purpose in COMMANDS.items()
]
