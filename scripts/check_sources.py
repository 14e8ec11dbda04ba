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
HEAD = "# The files of the build. `scripts/check_sources.py --fix` writes these lists.\n"


def wanted(root):
    text = HEAD
    for name, top, pattern in LISTS:
        files = sorted(f.relative_to(root).as_posix() for f in (root / top).rglob(pattern))
        lines = "".join(f"\n    {file}" for file in files)
        text += f"\nset({name}{lines})\n"
    return text


def check_tree(root):
    errors = []
    lists = root / "cmake/sources.cmake"
    if not lists.is_file() or lists.read_text() != wanted(root):
        errors.append("cmake/sources.cmake: differs from the tree; run scripts/check_sources.py --fix")
    registered = (root / "tests/CMakeLists.txt").read_text() if (root / "tests").is_dir() else ""
    for file in sorted((root / "tests").rglob("*_test.cpp")):
        name = file.relative_to(root / "tests").as_posix()
        stem = re.escape(name.removesuffix("_test.cpp"))
        if not re.search(rf"\bcarousel_test\(\s*{stem}\b|\b{re.escape(name)}\b", registered):
            errors.append(f"tests/{name}: is not a carousel_test() of tests/CMakeLists.txt")
    for file in sorted((root / "tests/compile_fail").glob("*.cpp")):
        name = f"compile_fail/{file.name}"
        if name not in registered and not re.search(r"\$\{\w+\}\.cpp", registered):
            errors.append(f"tests/{name}: is not a carousel_compile_fail() of tests/CMakeLists.txt")
    return errors


def self_test():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ["cmake", "src", "tests/compile_fail"]:
            (root / folder).mkdir(parents=True)
        (root / "src/a.cpp").touch()
        (root / "tests/CMakeLists.txt").write_text("carousel_test(pool LABELS nobody)\n")
        (root / "tests/pool_test.cpp").touch()
        (root / "cmake/sources.cmake").write_text(wanted(root))
        assert check_tree(root) == []
        (root / "src/b.cpp").touch()
        (root / "tests/lost_test.cpp").touch()
        (root / "tests/compile_fail/lost.cpp").touch()
        assert len(check_tree(root)) == 3, check_tree(root)
    print("sources: three forgotten files were noticed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--fix"]:
        (root / "cmake/sources.cmake").write_text(wanted(root))
    errors = check_tree(root)
    print(*errors, f"sources: {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
