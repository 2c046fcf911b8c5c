#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that the vector tests can fail.

Every group of vectors-v1.json is claimed by a comment in a unit test:

    vector group NAME: equal ...
    vector group NAME: superseded by ..., our test asserts ours ...

For each group this changes one expectation of the file at a time, runs the
claiming test programs against the changed copy, and demands that one of them
fails.  Of a group that is wholly superseded, whose values our own test holds,
only the claim is demanded.

    mutate.py BUILD_DIR [--per-group N] [--list]
"""
import argparse
import copy
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VECTORS = os.path.join(HERE, 'vectors-v1.json')
CLAIM = re.compile(r'vector group ([a-z0-9_]+)[^:;]*:\s+(?:[^.;]*?)'
                   r'\b(equal|superseded)')
# Words for the reader, and how the file was made: nothing is computed of them.
PROSE = {'note', 'notes', 'label', 'name', 'meta', 'what', 'h0_note', 'tools',
         'large_pattern', 'comment', 'identity', 'from', 'dir', 'index',
         'must_reject', 'must_accept', 'handshake', 'protocol'}
# Where a group mixes inputs with expectations, the expectations: another
# input may rightly have the same outcome.  Superseded parts are left out too.
EXPECTED = {
    'ed25519_to_x25519_edge_cases': {'ok', 'x25519_hex'},
    'ed25519_verify_rules': {'valid'},
    'last_seen_clamp': {'out'},
    'rate_limiter_10_per_s_burst_20': {'allow'},
    'durations': {'ms'},
    'addresses': {'discovery_rejects'},
    'backoff': {'discovery_seconds_by_fail_count', 'bootstrap_seconds'},
    'authorized_keys': {'accepted'},
    'partyline_bytes': {'prompt'},
}
# Single vectors that ours betters: the claim says how.
SUPERSEDED = {'authorized_keys': {3, 4, 6}}
# What stands for "no longer invalid" in a list of invalid things.
VALID_INSTEAD = {'frames_invalid': '4d490001000000022805'}


def claims():
    """group -> [(kind, test source)]"""
    found = {}
    for folder, _, files in os.walk(os.path.join(ROOT, 'tests', 'unit')):
        for name in files:
            if not name.endswith('.c'):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding='utf-8') as f:
                text = re.sub(r'\s*\n\s*\*\s*', ' ', f.read())
            for group, kind in CLAIM.findall(text):
                found.setdefault(group.split('.')[0], []).append((kind, path))
    return found


def leaves(node, path=()):
    """Every scalar below node that is not prose."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in PROSE:
                yield from leaves(value, path + (key,))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from leaves(value, path + (i,))
    elif node is not None:
        yield path


def changed(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if value == '':
        return '00'
    last = value[-1]
    if re.fullmatch(r'[0-9a-f]+', value):
        return value[:-1] + ('0' if last != '0' else '1')
    return value[:-1] + ('x' if last != 'x' else 'y')


def set_at(doc, path, value):
    for key in path[:-1]:
        doc = doc[key]
    doc[path[-1]] = value


def get_at(doc, path):
    for key in path:
        doc = doc[key]
    return doc


def programs(build):
    """test source -> program, as the build knows them"""
    text = subprocess.run(['meson', 'introspect', '--targets', build],
                          stdout=subprocess.PIPE, check=True).stdout
    found = {}
    for target in json.loads(text):
        if target['type'] != 'executable':
            continue
        for part in target['target_sources']:
            for source in part.get('sources', []):
                found[os.path.realpath(source)] = target['filename'][0]
    return found


def fails(prog, vectors):
    env = dict(os.environ, MICELIO_VECTORS=vectors)
    try:
        done = subprocess.run([prog], env=env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=60,
                              check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def pick(paths, most):
    """An even sample, the ends included."""
    if most <= 0 or len(paths) <= most:
        return paths
    step = (len(paths) - 1) / (most - 1)
    return [paths[round(i * step)] for i in range(most)]


def expectations(doc, group):
    wanted = EXPECTED.get(group)
    return [(group,) + p for p in leaves(doc[group])
            if (wanted is None or wanted & {str(k) for k in p}) and
            p[0] not in SUPERSEDED.get(group, set())]


def check_group(doc, group, progs, most, tmp):
    paths = expectations(doc, group)
    missed = []
    sample = pick(paths, most)
    for path in sample:
        copy_doc = copy.deepcopy(doc)
        set_at(copy_doc, path, VALID_INSTEAD.get(group) or
               changed(get_at(doc, path)))
        name = os.path.join(tmp, 'v.json')
        with open(name, 'w', encoding='utf-8') as f:
            json.dump(copy_doc, f, ensure_ascii=False)
        if not any(fails(p, name) for p in progs):
            missed.append('.'.join(str(p) for p in path))
    return len(paths), len(sample), missed


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('build')
    ap.add_argument('--per-group', type=int, default=12)
    ap.add_argument('--list', action='store_true')
    args = ap.parse_args()
    with open(VECTORS, encoding='utf-8') as f:
        doc = json.load(f)
    found = claims()
    known = programs(args.build)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for group in doc:
            if group == 'meta':
                continue
            owners = found.get(group, [])
            kinds = sorted({k for k, _ in owners})
            sources = sorted({s for _, s in owners})
            line = '%-38s %-18s' % (group, '+'.join(kinds) or 'NOT CLAIMED')
            if not owners:
                print(line)
                failed += 1
                continue
            count = len(expectations(doc, group))
            if args.list or kinds == ['superseded']:
                print(line, '%4d values  %s' % (count, ' '.join(
                    os.path.basename(s) for s in sources)))
                passed += 1
                continue
            progs = [known[os.path.realpath(s)] for s in sources]
            count, tried, missed = check_group(doc, group, progs,
                                               args.per_group, tmp)
            print(line, '%4d values, %d changed, %d noticed' %
                  (count, tried, tried - len(missed)), flush=True)
            for m in missed:
                print('    unnoticed:', m)
            if missed:
                failed += 1
            else:
                passed += 1
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
