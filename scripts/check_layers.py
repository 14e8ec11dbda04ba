#!/usr/bin/env python3
"""usage: scripts/check_layers.py [--self-test]

Includes point down only. Reads the #include lines of include/, src/ and the programs, and fails when a file
includes one of a higher layer, when it is in no layer at all, or when it reaches past its audience.
"""

import re
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

# From the bottom to the top. The first pattern that matches a file decides; `*` matches `/` too.
LAYERS = ["base", "sys", "ring", "driver", "buf", "runtime", "io", "api", "programs"]

TABLE = [
    ("include/carousel/config.hpp", "base"),
    ("include/carousel/result.hpp", "base"),
    ("include/carousel/task.hpp", "base"),
    ("include/carousel/detail/assert.hpp", "base"),
    ("include/carousel/detail/fork_epoch.hpp", "base"),
    ("include/carousel/detail/keep_for_ever.hpp", "base"),
    ("include/carousel/detail/list.hpp", "base"),
    ("include/carousel/fs/path_text.hpp", "base"),
    ("include/carousel/detail/path_block.hpp", "base"),
    ("include/carousel/detail/poison.hpp", "base"),
    ("include/carousel/detail/recycler.hpp", "base"),
    ("include/carousel/detail/request.hpp", "base"),
    ("include/carousel/detail/thread_mark.hpp", "base"),
    ("include/carousel/detail/stop_scope.hpp", "base"),
    ("include/carousel/detail/waiter.hpp", "base"),
    ("src/base/*", "base"),
    ("src/sys/*", "sys"),
    ("include/carousel/detail/submission_queue.hpp", "ring"),
    ("src/ring/*", "ring"),
    ("include/carousel/detail/context.hpp", "driver"),
    ("include/carousel/detail/descriptor.hpp", "driver"),
    ("include/carousel/detail/driver.hpp", "driver"),
    ("include/carousel/detail/operation.hpp", "driver"),
    ("include/carousel/detail/inner_scope.hpp", "driver"),
    ("include/carousel/detail/parked_waiter.hpp", "driver"),
    ("include/carousel/detail/remote_queue.hpp", "driver"),
    ("include/carousel/detail/slot.hpp", "driver"),
    ("include/carousel/detail/side_blocks.hpp", "driver"),
    ("include/carousel/detail/file_table.hpp", "driver"),
    ("include/carousel/detail/buffer_table.hpp", "driver"),
    ("include/carousel/detail/timer_queue.hpp", "driver"),
    ("src/driver/*", "driver"),
    ("include/carousel/detail/buf_collection.hpp", "buf"),
    ("include/carousel/detail/fixed_access.hpp", "buf"),
    ("include/carousel/detail/lent_memory.hpp", "buf"),
    ("include/carousel/detail/user_storage.hpp", "buf"),
    ("include/carousel/buf/*", "buf"),
    ("src/buf/*", "buf"),
    ("include/carousel/detail/task_record.hpp", "runtime"),
    ("include/carousel/runtime.hpp", "runtime"),
    ("include/carousel/spawn.hpp", "runtime"),
    ("include/carousel/start.hpp", "runtime"),
    ("include/carousel/join_handle.hpp", "runtime"),
    ("include/carousel/time/*", "runtime"),
    ("include/carousel/yield.hpp", "runtime"),
    ("include/carousel/detail/branch.hpp", "runtime"),
    ("include/carousel/detail/deadline.hpp", "runtime"),
    ("include/carousel/detail/inner_await.hpp", "runtime"),
    ("include/carousel/detail/verb_output.hpp", "runtime"),
    ("include/carousel/abandon_after.hpp", "runtime"),
    ("include/carousel/timeout.hpp", "runtime"),
    ("include/carousel/stop_on.hpp", "runtime"),
    ("include/carousel/stop_requested.hpp", "runtime"),
    ("include/carousel/when_all.hpp", "runtime"),
    ("include/carousel/when_any.hpp", "runtime"),
    ("src/runtime/*", "runtime"),
    ("src/time/*", "runtime"),
    ("include/carousel/detail/close_call.hpp", "io"),
    ("include/carousel/detail/file_call.hpp", "io"),
    ("include/carousel/detail/open_call.hpp", "io"),
    ("include/carousel/detail/transfer.hpp", "io"),
    ("include/carousel/fs/*", "io"),
    ("include/carousel/net/*", "io"),
    ("src/fs/*", "io"),
    ("src/net/*", "io"),
    ("include/carousel/carousel.hpp", "api"),
    ("tools/*", "programs"),
    ("examples/*", "programs"),
    ("bench/*", "programs"),
    ("tests/*", "programs"),
]

# Who may include liburing: one seam in the library, and benchmarks and tests that compare with it.
LIBURING_USERS = ["src/sys/*", "bench/*", "tests/*"]
# These see the library as its users do.
PUBLIC_ONLY = ["include/*", "examples/*", "tests/consumer/*", "tests/compile_fail/*"]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
TOP_DIRS = ["include", "src", "tools", "examples", "bench", "tests"]


def layer_of(path):
    for pattern, layer in TABLE:
        if fnmatchcase(path, pattern):
            return layer
    return None


def matches(path, patterns):
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def resolve(root, path, bracket, name):
    """The file of the tree that an include names, None for the system's, "?" for neither."""
    candidates = [f"include/{name}", f"src/{name}"]
    if bracket == '"':
        top = path.split("/")[0]
        candidates = [str(Path(path).parent / name), *candidates, f"{top}/{name}"]
        if path.startswith("tests/tool/"):
            candidates.append(f"tools/{name}")
    for candidate in candidates:
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
    above, own = layer_of(target), layer_of(path)
    if above is not None and LAYERS.index(above) > LAYERS.index(own):
        return f"is in layer {own} and may not include {target} of layer {above}"
    return None


def check_tree(root):
    errors = []
    files = [f for top in TOP_DIRS for f in sorted((root / top).rglob("*.[ch]pp"))]
    for file in files:
        path = file.relative_to(root).as_posix()
        if layer_of(path) is None:
            errors.append(f"{path}: is in no layer; give it one in the table of scripts/check_layers.py")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                if error := check_include(root, path, *found.groups()):
                    errors.append(f"{path}:{number}: {error}")
    return len(files), errors


def self_test():
    good = {
        "include/carousel/result.hpp": "#include <expected>\n",
        "include/carousel/detail/driver.hpp": '#include "carousel/result.hpp"\n',
        "src/sys/kernel.cpp": '#include <liburing.h>\n#include "carousel/result.hpp"\n',
        "src/fs/file.cpp": '#include "carousel/detail/driver.hpp"\n#include <sys/uio.h>\n',
    }
    bad = [
        ("include/carousel/result.hpp", '#include "carousel/detail/driver.hpp"\n', "of layer driver"),
        ("include/carousel/result.hpp", "#include <carousel/detail/driver.hpp>\n", "of layer driver"),
        ("src/ring/ring.cpp", "#include <liburing.h>\n", "may not include <liburing.h>"),
        ("include/carousel/fs/file.hpp", '#include "sys/kernel.cpp"\n', "is public"),
        ("include/carousel/novelty.hpp", "", "is in no layer"),
        ("src/fs/dir.cpp", '#include "nowhere.hpp"\n', "does not exist"),
    ]
    for path, text, expected in [("", "", ""), *bad]:
        with tempfile.TemporaryDirectory() as name:
            tree = {**good, path: text} if path else good
            for file, content in tree.items():
                (Path(name) / file).parent.mkdir(parents=True, exist_ok=True)
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
    count, errors = check_tree(Path(__file__).resolve().parent.parent)
    print(*errors, f"layers: {count} files, {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
