#!/usr/bin/env python3
"""usage: scripts/check_sources.py [--fix | --self-test]

The lists of files in cmake/sources.cmake are those of the tree, and tests/CMakeLists.txt names every test.
--fix writes the lists anew.
"""

import re
import sys
import tempfile
from pathlib import Path

LISTS = [
    ("carousel_headers", "include", "*.hpp"),
    ("carousel_sources", "src", "*.cpp"),
    ("carousel_tool_sources", "tools", "*.cpp"),
    ("carousel_examples", "examples", "*.cpp"),
    ("carousel_benchmarks", "bench", "*.cpp"),
]
# An integration is a project of its own, and its list is beside it.
INTEGRATIONS = [("carousel_mpi_sources", "integrations/mpi"), ("carousel_rocksdb_sources", "integrations/rocksdb")]
HEAD = "# The files of the build. `scripts/check_sources.py --fix` writes these lists.\n"


def wanted(root):
    text = HEAD
    for name, top, pattern in LISTS:
        files = sorted(f.relative_to(root).as_posix() for f in (root / top).rglob(pattern))
        lines = "".join(f"\n    {file}" for file in files)
        text += f"\nset({name}{lines})\n"
    return text


def wanted_of(root, name, folder):
    files = sorted(f.relative_to(root / folder).as_posix() for f in (root / folder / "src").rglob("*.cpp"))
    lines = "".join(f"\n    {file}" for file in files)
    return f"{HEAD}\nset({name}{lines})\n"


def check_tests(root, folder):
    where = folder.relative_to(root).as_posix()
    registered = (folder / "CMakeLists.txt").read_text() if folder.is_dir() else ""
    errors = []
    for file in sorted(folder.rglob("*_test.cpp")):
        name = file.relative_to(folder).as_posix()
        stem = re.escape(name.removesuffix("_test.cpp"))
        if not re.search(rf"\bcarousel_(?:\w+_)?test\(\s*{stem}\b|\b{re.escape(name)}\b", registered):
            errors.append(f"{where}/{name}: is not a carousel_test() of {where}/CMakeLists.txt")
    for file in sorted(folder.glob("compile_fail/*.cpp")):
        name = f"compile_fail/{file.name}"
        if name not in registered and not re.search(r"\$\{\w+\}\.cpp", registered):
            errors.append(f"{where}/{name}: is not a carousel_compile_fail() of {where}/CMakeLists.txt")
    return errors


def check_tree(root):
    errors = []
    lists = root / "cmake/sources.cmake"
    if not lists.is_file() or lists.read_text() != wanted(root):
        errors.append("cmake/sources.cmake: differs from the tree; run scripts/check_sources.py --fix")
    for name, folder in INTEGRATIONS:
        file = root / folder / "sources.cmake"
        if file.parent.is_dir() and (not file.is_file() or file.read_text() != wanted_of(root, name, folder)):
            errors.append(f"{folder}/sources.cmake: differs from the tree; run scripts/check_sources.py --fix")
    for folder in [root / "tests", *sorted(root.glob("integrations/*/tests"))]:
        errors += check_tests(root, folder)
    return errors


def self_test():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ["cmake", "src", "tests/compile_fail", "integrations/engine/tests", "integrations/mpi/src",
                       "integrations/rocksdb/src"]:
            (root / folder).mkdir(parents=True)
        (root / "src/a.cpp").touch()
        (root / "tests/CMakeLists.txt").write_text("carousel_test(pool LABELS nobody)\n")
        (root / "tests/pool_test.cpp").touch()
        (root / "integrations/engine/tests/CMakeLists.txt").write_text("carousel_engine_test(read)\n")
        (root / "integrations/engine/tests/read_test.cpp").touch()
        (root / "cmake/sources.cmake").write_text(wanted(root))
        for name, folder in INTEGRATIONS:
            (root / folder / "sources.cmake").write_text(wanted_of(root, name, folder))
        assert check_tree(root) == []
        (root / "src/b.cpp").touch()
        (root / "integrations/rocksdb/src/b.cpp").touch()
        (root / "tests/lost_test.cpp").touch()
        (root / "tests/compile_fail/lost.cpp").touch()
        (root / "integrations/engine/tests/lost_test.cpp").touch()
        assert len(check_tree(root)) == 5, check_tree(root)
    print("sources: five forgotten files were noticed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--fix"]:
        (root / "cmake/sources.cmake").write_text(wanted(root))
        for name, folder in INTEGRATIONS:
            (root / folder / "sources.cmake").write_text(wanted_of(root, name, folder))
    errors = check_tree(root)
    print(*errors, f"sources: {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
