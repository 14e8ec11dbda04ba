#!/usr/bin/env python3
"""usage: scripts/check_names.py [--self-test]

What a document names in backquotes exists: a qualified name (`driver::drop`) is declared in the C++ of the tree, a file
(`slot.hpp`, `tests/fake/`) is there, a test (`pool.a_lease_comes_back`) is one of the tests. The changelog may name what is gone.
"""

import re
import sys
import tempfile
from pathlib import Path

TOPS = ["include", "src", "tools", "tests", "examples", "bench", "integrations"]
FOREIGN = ("std", "http", "https")
SPAN = re.compile(r"`([^`\n]+)`")
QUALIFIED = re.compile(r"\b([a-z_]\w*(?:::~?[a-z_]\w*)+)")
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:hpp|cpp|py|cmake|sh|md|txt))")
# One of a suite that there is, or with a fact for a name.
TEST = re.compile(r"([a-z]\w*)\.([a-z]\w*)")
TEST_HERE = re.compile(r"^(?:TYPED_)?TEST(?:_[FP])?\((\w+),\s*(\w+)\)", re.M)
FACT = re.compile(r"(?:[^_]+_){3,}[^_]+")
GENERATED = re.compile(r"build/|result\.")


def documents(root):
    found = [f for place in ["*.md", "docs/**/*.md", "findings/**/*.md", "integrations/**/*.md"] for f in root.glob(place)]
    return [f for f in found if f.name != "CHANGELOG.md"]


def sources(root):
    return {f: f.read_text() for top in TOPS for f in (root / top).rglob("*.[ch]pp")}


def declared(name, texts):
    """Some file has the name as it is, or what it is qualified with and, in there, the rest."""
    *scopes, last = name.split("::")
    whole = re.compile(rf"\b{re.escape('::'.join([scopes[-1], last]))}\b")
    scope = re.compile(rf"\b(?:class|struct|namespace|enum class)(?: \[\[[^\]]+\]\])?\s+(?:\w+::)*{scopes[-1]}\b")
    inside = re.compile(rf"(?<!\w){re.escape(last)}\b")
    return any(whole.search(text) or (scope.search(text) and inside.search(text)) for text in texts)


def exists(name, paths):
    return any(path == name or path.endswith("/" + name) or (name.endswith("/") and ("/" + path).find("/" + name) >= 0)
               for path in paths)


def is_no_test(span, tests):
    named = TEST.fullmatch(span)
    if not named or FILE.fullmatch(span):
        return False
    return (named[1] in {suite for suite, _ in tests} or FACT.fullmatch(named[2])) and named.groups() not in tests


def check_document(root, file, texts, tests, paths):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        for span in SPAN.findall(line):
            names = [n for n in QUALIFIED.findall(span) if not n.startswith(FOREIGN)]
            missing = [n for n in names if n != "carousel::carousel" and not declared(n, texts)]
            if FILE.fullmatch(span) and not GENERATED.match(span) and not exists(span, paths):
                missing.append(span)
            if is_no_test(span, tests):
                missing.append(f"the test {span}")
            for name in missing:
                yield f"{file.relative_to(root)}:{number}: names {name}, which is not there"


def check_tree(root):
    texts = list(sources(root).values())
    tests = {test for text in texts for test in TEST_HERE.findall(text)}
    skipped = {".git", "build"}
    paths = [p.relative_to(root).as_posix() for p in root.rglob("*")
             if p.is_file() and not skipped & set(p.relative_to(root).parts[:1])]
    files = documents(root)
    return len(files), [e for file in files for e in check_document(root, file, texts, tests, paths)]


def self_test():
    bad = {
        "a function that is gone": "`driver::lost`",
        "a class that is gone": "`engine::drop`",
        "a file that is gone": "`detail/lost.hpp`",
        "a folder that is gone": "`tests/lost/`",
        "a test of a suite that is there": "`pool.lost`",
        "a test whose suite is gone": "`lost.a_lease_that_is_out_comes_back`",
    }
    good = "`driver::drop`, `detail::driver`, `driver.hpp`, `src/driver.hpp`, `src/`, `std::lost`, `a | b`, `build/lost.txt`, "
    good += "`pool.a_lease_that_is_out_comes_back`, `stream.ends`, `security.evm`, `memory.limit_in_bytes`\n"
    tests = "TEST(pool, a_lease_that_is_out_comes_back) {}\nTYPED_TEST(stream, ends) {}\n"
    failed = 0
    for what, text in {"what is there": good, **bad}.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "src").mkdir()
            (root / "src/driver.hpp").write_text("namespace carousel::detail {\nclass driver {\n  void drop();\n};\n}\n")
            (root / "tests").mkdir()
            (root / "tests/pool_test.cpp").write_text(tests)
            for place in [".", "docs", "findings", "integrations/one"]:
                (root / place).mkdir(parents=True, exist_ok=True)
                (root / place / "README.md").write_text(text)
            _, errors = check_tree(root)
            if len(errors) != (4 if what in bad else 0):
                print(f"self-test: {what}: {errors}")
                failed += 1
    print(f"self-test: {failed} failed")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    count, errors = check_tree(Path(__file__).resolve().parent.parent)
    print(*errors, f"names: {count} documents, {len(errors)} errors", sep="\n")
    return 1 if errors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
