#!/usr/bin/env python3
"""usage: scripts/check_layers.py [--fix | --self-test]

A layer is a folder, and includes point down only. Reads the #include lines of include/, src/ and the programs, and fails when a
file includes one of a higher layer, when it is in no layer, when it reaches past its audience, when a header and its .cpp are in
different layers, when a row of the table matches nothing, and when a document shows another table. --fix writes it there.
"""

import os.path
import re
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

# From the top to the bottom: a layer, what it is for, and its files beside those in include/carousel/detail/LAYER,
# include/carousel/LAYER and src/LAYER. `*` matches `/` too; a layer's own files decide before its neighbours' folders.
LAYERS = [
    ("programs", "tools (common/ includes none of its other folders, and they only common/), examples, benchmarks, integrations, tests",
     ["tools/*", "examples/*", "bench/*", "integrations/*", "tests/*"]),
    ("api", "carousel.hpp, which includes the rest", ["include/carousel/carousel.hpp"]),
    ("net", "sockets and their addresses", []),
    ("process", "signals and other processes", []),
    ("fs", "files and directories", []),
    ("io", "what files and sockets share: transfers, closing", []),
    ("buf", "buffer concepts, leases, pool, registry, arena", []),
    ("sync", "what tasks need among each other: event, semaphore, mutex, channel, remote_channel, shared_future, task_group", []),
    ("verb", "awaitables around others: timeout, stop_on, when_any, when_all, abandon_after",
     ["include/carousel/abandon_after.hpp", "include/carousel/stop_on.hpp", "include/carousel/stop_requested.hpp",
      "include/carousel/timeout.hpp", "include/carousel/when_all.hpp", "include/carousel/when_any.hpp",
      "include/carousel/linked.hpp"]),
    ("loop", "the turn, tasks, spawn, join, sleep, what other threads hand over",
     ["include/carousel/runtime.hpp", "include/carousel/spawn.hpp", "include/carousel/join_handle.hpp",
      "include/carousel/task.hpp", "include/carousel/yield.hpp", "include/carousel/time/*",
      "include/carousel/remote_runtime.hpp", "include/carousel/remote_result.hpp",
      "include/carousel/thread_own.hpp"]),
    ("driver", "slots, orphans, cancels, buffer table, file table, timers; ext/: what operations of one's own stand on",
     ["include/carousel/ext/*", "include/carousel/or_throw.hpp"]),
    ("ring", "the two queues of one ring: encode, enter, reap", []),
    ("sys", "the only code that knows liburing; a virtual seam (sys::kernel) with plain memory on both sides", []),
    ("base", "results, assertions, lists, recycled memory",
     ["include/carousel/config.hpp", "include/carousel/result.hpp", "include/carousel/path_text.hpp"]),
]
NAMES = [name for name, _, _ in LAYERS]
SHOWN_IN = ["DESIGN.md", "CONTRIBUTING.md"]
BEGIN, END = "<!-- layers -->\n```\n", "```\n<!-- /layers -->"


# Who may include liburing: one seam in the library, and benchmarks and tests that compare with it.
LIBURING_USERS = ["src/sys/*", "bench/*", "tests/*"]
# The commands of the program know what they share, and nothing of each other.
TOOLS, SHARED, MAIN = "tools", "common", "tools/main.cpp"
# These see the library as its users do.
PUBLIC_ONLY = ["include/*", "examples/*", "integrations/*", "tests/consumer/*", "tests/compile_fail/*"]
# These see the parts of the program too.
TOOL_USERS = ("tests/tool/", "bench/", "integrations/mpi/")
# And name nothing of what only templates need.
WITHOUT_DETAIL = ["integrations/*"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
TOP_DIRS = ["include", "src", "tools", "examples", "bench", "integrations", "tests"]


def layer_of(path):
    for name, _, files in LAYERS:
        if matches(path, files):
            return name
    for name in NAMES:
        if matches(path, [f"include/carousel/detail/{name}/*", f"include/carousel/{name}/*", f"src/{name}/*"]):
            return name
    return None


def matches(path, patterns):
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def resolve(root, path, bracket, name):
    """The file of the tree that an include names, None for the system's, "?" for neither."""
    candidates = [f"include/{name}", f"src/{name}"]
    if bracket == '"':
        top = path.split("/")[0]
        candidates = [str(Path(path).parent / name), *candidates, f"{top}/{name}"]
        if path.startswith(TOOL_USERS):
            candidates.append(f"tools/{name}")
    if path.startswith("integrations/"):
        candidates.append(f"{'/'.join(path.split('/')[:2])}/include/{name}")
        if "/tests/" in path:
            candidates += [f"tests/{name}", f"{'/'.join(path.split('/')[:2])}/src/{name}"]
    for candidate in map(os.path.normpath, candidates):
        if (root / candidate).is_file():
            return candidate
    return "?" if bracket == '"' or name.startswith("carousel/") else None


def check_include(root, path, bracket, name):
    if name.startswith("liburing"):
        return None if matches(path, LIBURING_USERS) else f"may not include <{name}>"
    target = resolve(root, path, bracket, name)
    if target is None:
        return None
    if target == "?":
        return f"includes {name}, which does not exist"
    if target.startswith("src/") and matches(path, PUBLIC_ONLY):
        return f"is public and may not include {target}"
    if crosses_commands(path, target):
        return f"is a part of {TOOLS}/{path.split('/')[1]} and may include {TOOLS}/{SHARED} only, not {target}"
    if "/detail/" in target and matches(path, WITHOUT_DETAIL):
        return f"is a user of the library and may not include {target}"
    above, own = layer_of(target), layer_of(path)
    if above is not None and NAMES.index(above) < NAMES.index(own):
        return f"is in layer {own} and may not include {target} of layer {above}"
    return None


def crosses_commands(path, target):
    """A command of the program includes another, or what is shared includes one."""
    own, other = path.split("/"), target.split("/")
    return own[0] == other[0] == TOOLS and path != MAIN and other[1] not in (own[1], SHARED)


def shown():
    return "".join(f"{name:<11}{what}\n" for name, what, _ in LAYERS)


def check_document(file, fix):
    text = file.read_text() if file.is_file() else ""
    found = re.search(re.escape(BEGIN) + r"(.*?)" + re.escape(END), text, re.S)
    if found and found[1] == shown():
        return None
    if found and fix:
        file.write_text(text[: found.start(1)] + shown() + text[found.end(1) :])
        return None
    return f"{file.name}: shows another table of layers; run scripts/check_layers.py --fix"


def counterpart(path):
    """The public header of a source, where there is one with its name."""
    return re.compile(rf"include/carousel/(.*/)?{re.escape(Path(path).stem)}\.hpp")


def check_tree(root, fix=False):
    errors = [e for name in SHOWN_IN if (e := check_document(root / name, fix))]
    files = [f for top in TOP_DIRS for f in sorted((root / top).rglob("*.[ch]pp"))]
    paths = [file.relative_to(root).as_posix() for file in files]
    for name, _, own in LAYERS:
        errors += [f"layer {name}: {row} matches no file" for row in own if not any(fnmatchcase(p, row) for p in paths)]
    for file, path in zip(files, paths):
        layer = layer_of(path)
        if layer is None:
            errors.append(f"{path}: is in no layer; see the table of scripts/check_layers.py")
            continue
        if path.startswith("src/") and path.endswith(".cpp"):
            headers = [p for p in paths if counterpart(path).fullmatch(p)]
            if headers and layer not in map(layer_of, headers):
                errors.append(f"{path}: is in layer {layer}, but {headers[0]} in {layer_of(headers[0])}")
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                if error := check_include(root, path, *found.groups()):
                    errors.append(f"{path}:{number}: {error}")
    return len(files), errors


def self_test():
    every_row = {row.replace("*", "a.hpp"): "" for _, _, own in LAYERS for row in own}
    documents = {name: BEGIN + shown() + END for name in SHOWN_IN}
    driver = "include/carousel/detail/driver/driver.hpp"
    good = every_row | documents | {
        "include/carousel/result.hpp": "#include <expected>\n",
        driver: '#include "carousel/result.hpp"\n',
        "src/driver/driver.cpp": "",
        "tools/main.cpp": '#include "copy/a.hpp"\n#include "doctor/a.hpp"\n',
        "tools/copy/a.hpp": '#include "common/a.hpp"\n#include "copy/b.hpp"\n',
        "tools/copy/b.hpp": "",
        "tools/common/a.hpp": "",
        "tools/doctor/a.hpp": '#include "common/a.hpp"\n',
        "tests/tool/a_test.cpp": '#include "copy/a.hpp"\n',
        "src/sys/kernel.cpp": '#include <liburing.h>\n#include "carousel/result.hpp"\n',
        "src/fs/file.cpp": '#include "carousel/detail/driver/driver.hpp"\n#include <sys/uio.h>\n',
    }
    bad = [
        ("include/carousel/result.hpp", '#include "carousel/detail/driver/driver.hpp"\n', "of layer driver"),
        ("include/carousel/result.hpp", "#include <carousel/detail/driver/driver.hpp>\n", "of layer driver"),
        ("src/ring/ring.cpp", "#include <liburing.h>\n", "may not include <liburing.h>"),
        ("include/carousel/fs/file.hpp", '#include "sys/kernel.cpp"\n', "is public"),
        ("integrations/engine/src/a.cpp", '#include "carousel/detail/driver/driver.hpp"\n', "is a user"),
        ("tools/doctor/a.hpp", '#include "copy/a.hpp"\n', "may include tools/common only"),
        ("tools/doctor/a.hpp", '#include "../copy/a.hpp"\n', "may include tools/common only"),
        ("include/carousel/result.hpp", '#include "detail/../detail/driver/driver.hpp"\n', "of layer driver"),
        ("tools/common/a.hpp", '#include "copy/b.hpp"\n', "may include tools/common only"),
        ("include/carousel/novelty.hpp", "", "is in no layer"),
        ("src/fs/dir.cpp", '#include "nowhere.hpp"\n', "does not exist"),
        ("include/carousel/yield.hpp", None, "matches no file"),
        ("src/fs/driver.cpp", "", "is in layer fs, but include/carousel/detail/driver/driver.hpp"),
        ("DESIGN.md", "", "another table"),
    ]
    for path, text, expected in [("", "", ""), *bad]:
        with tempfile.TemporaryDirectory() as name:
            tree = {**good, path: text} if path else good
            for file, content in tree.items():
                (Path(name) / file).parent.mkdir(parents=True, exist_ok=True)
                if content is not None:
                    (Path(name) / file).write_text(content)
            _, errors = check_tree(Path(name))
        if expected:
            assert len(errors) == 1 and expected in errors[0], (path, expected, errors)
        else:
            assert errors == [], errors
    print(f"layers: {len(bad)} bad trees were refused, a good one passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    count, errors = check_tree(Path(__file__).resolve().parent.parent, fix=sys.argv[1:] == ["--fix"])
    print(*errors, f"layers: {count} files, {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
