#!/usr/bin/env python3
"""usage: scripts/check_style.py [--self-test]

Small rules of style that no other tool knows. They ratchet: a file that is too long today may stay so,
but not grow.
"""

import re
import subprocess
import sys
from pathlib import Path

LINES_MAX = 400
LENGTH_CHECKED = ("include/", "src/", "tools/", "integrations/", "tests/", "bench/", "examples/")
# Files that are over the limit, with the length that they may not exceed.
GIANTS = {}

# This script has to name what it forbids.
EXEMPT = {"scripts/check_style.py"}
CPP = (".cpp", ".hpp")
ANYWHERE = [
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "an open end: finish it, or write down the limitation"),
    (re.compile(r"/(work|farm|home|root|Users)/\w"), "a path of somebody's machine"),
    (re.compile(r"[ \t]+$"), "blanks at the end of the line"),
    (re.compile(r"\t"), "a tabulator"),
]
IN_CPP = [
    (re.compile(r"#\s*include\s*<(cassert|assert\.h)>"), "use CAROUSEL_ASSERT, which stays on"),
    (re.compile(r"\bassert\("), "use CAROUSEL_ASSERT, which stays on"),
    (re.compile(r"#\s*(ifndef|define)\s+\w+_(HPP|H)_?$"), "use #pragma once"),
    (re.compile(r"\busing namespace std\b"), "name what you use of std"),
    (re.compile(r"\b(if|while|switch) \((?:[^();]|\([^()]*\))*\bco_await\b"),
     "g++ 12 resumes a coroutine from its start after co_await in a condition: give the result a name first"),
    (re.compile(r"^(?=\s*//).{101}"), "a line of comment with more than 100 columns"),
]

# Words for an act that DESIGN.md's table calls otherwise, in the names of tests: in TEST(...) and of files in tests/.
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\((\w+),\s*(\w+)\)", re.M)
OTHER_WORDS = [
    (re.compile(r"(?:^|_)(?:torn|tears?|tearing)(?:_|$)"), "destroyed"),
    (re.compile(r"(?:^|_)dropp(?:ed|ing)(?:_|$)"), "destroyed, or discarded"),
    (re.compile(r"(?:^|_)(?:gives?|gave|given|giving)_up(?:_|$)"), "abandoned, stopped or aborted: only a collection gives up"),
    (re.compile(r"(?:^|_)(?:take|takes|taken|taking|took)_(?:[a-z]+_){0,2}back(?:_|$)"), "withdrawn"),
    (re.compile(r"(?:^|_)disconnect(?:s|ed|ing)?(?:_|$)"), "shut down, or closed"),
]
REGISTRATION = re.compile(r"regist")  # which is given up


# A name without linkage that a .cpp takes from elsewhere. clang-tidy looks at files together, and does not see whose name it is.
USING = re.compile(r"^\s*using (?:\w+::)+(\w+);", re.M)


def unused_names(text):
    code = re.sub(r'//.*|^#include.*|"(?:[^"\\\n]|\\.)*"', '""', text, flags=re.M)
    for using in USING.finditer(code):
        if len(re.findall(rf"\b{using[1]}\b", code)) == 1:
            yield using[1]


def other_words(path, text):
    """Names of tests with a word that is another's."""
    names = [f"{suite}.{fact}" for suite, fact in TEST.findall(text)] if path.endswith(CPP) else []
    if path.startswith("tests/") and path.endswith((".cpp", ".mutant")):
        names.append(Path(path).stem)
    for name in names:
        for word, instead in OTHER_WORDS:
            if word.search(name.replace(".", "_")) and not REGISTRATION.search(name):
                yield f"{path}: {name}: the word of DESIGN.md's table is: {instead}"


def check_text(path, text):
    errors = list(other_words(path, text))
    rules = ANYWHERE + (IN_CPP if path.endswith(CPP) else [])
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        for rule, why in rules:
            if rule.search(line):
                errors.append(f"{path}:{number}: {why}")
    if text and not text.endswith("\n"):
        errors.append(f"{path}: does not end with a line end")
    if path.endswith(".cpp"):
        errors += [f"{path}: does not use {name}, for which it has a using" for name in unused_names(text)]
    limit = GIANTS.get(path, LINES_MAX)
    if path.startswith(LENGTH_CHECKED) and path.endswith(CPP) and len(lines) > limit:
        errors.append(f"{path}: has {len(lines)} lines, more than {limit}: give a noun its own file")
    if path.endswith(".hpp") and "#pragma once" not in text:
        errors.append(f"{path}: has no #pragma once")
    if path.endswith(".md"):
        prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        titles = len(re.findall(r"^# ", prose, flags=re.M))
        if titles != 1:
            errors.append(f"{path}: has {titles} titles (# ...), not one")
    return errors


def files_of(root):
    command = ["git", "-C", root, "ls-files", "-co", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        return sorted(p for p in listing.stdout.splitlines() if (root / p).is_file())
    paths = (p.relative_to(root) for p in root.rglob("*") if p.is_file())
    return sorted(p.as_posix() for p in paths if p.parts[0] not in ("build", ".git"))


def self_test():
    bad = [
        ("src/a.cpp", "int a;  // TODO: more\n"),
        ("docs/a.md", "# A\n\nsee /home/me/notes\n"),
        ("src/a.cpp", "#include <cassert>\n"),
        ("src/a.cpp", "void f() { assert(true); }\n"),
        ("src/a.cpp", "if (!co_await f()) return;\n"),
        ("src/a.cpp", "// " + 98 * "x" + "\n"),
        ("src/a.cpp", "while (a(b) && co_await c) d();\n"),
        ("src/a.cpp", "int a; \n"),
        ("src/a.cpp", "int a;"),
        ("src/a.cpp", "\n" * (LINES_MAX + 1)),
        ("tests/a_test.cpp", "\n" * (LINES_MAX + 1)),
        ("src/a.hpp", "int a;\n"),
        ("src/a.cpp", "#include <b/c.hpp>\nusing b::c;\n// c\n"),
        ("tests/a_test.cpp", "TEST(pool, a_read_that_is_given_up_ends) {}\n"),
        ("tests/a_test.cpp", "TEST_F(torn_stream, ends) {}\n"),
        ("tests/a_test.cpp", "TYPED_TEST(stream,\n           takes_its_lease_back) {}\n"),
        ("tests/mutants/dropped_stream.mutant", ""),
        ("a.md", "# A\n\n# B\n"),
        ("a.md", "text\n"),
    ]
    for path, text in bad:
        errors = check_text(path, text)
        assert len(errors) == 1, (path, text[:40], errors)
    good = [
        ("src/a.cpp", 'static_assert(true);\nwhile (!a.done()) co_await b();\nauto s = mktemp("a.XXXXXX");\n'),
        ("src/a.cpp", "using b::c;\nint a = c();\n"),
        ("tests/a_test.cpp", "TEST(registration, is_given_up_once) {}\nTEST(lease, gives_its_buffer_back) {}\n"),
        ("a.md", "# A\n\n```sh\n# a comment\n```\n"),
    ]
    for path, text in good:
        assert check_text(path, text) == [], (path, check_text(path, text))
    print(f"style: {len(bad)} bad texts were refused, {len(good)} good ones passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = Path(__file__).resolve().parent.parent
    errors, count = [], 0
    for path in files_of(root):
        if path in EXEMPT:
            continue
        try:
            text = (root / path).read_text()
        except UnicodeDecodeError:
            continue
        count += 1
        errors += check_text(path, text)
    print(*errors, f"style: {count} files, {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
