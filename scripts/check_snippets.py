#!/usr/bin/env python3
"""usage: scripts/check_snippets.py [--fix | --self-test]

The C++ that a Markdown file shows is the C++ that the build compiles. A fenced block after the line
`<!-- from examples/NAME.cpp -->` must equal the part of that file between `// [snippet]` and
`// [/snippet]`. --fix copies the parts into the Markdown.
"""

import re
import sys
import tempfile
import textwrap
from pathlib import Path

BLOCK = re.compile(r"(<!-- from (\S+) -->\n+```cpp\n)(.*?)(^```$)", re.M | re.S)
MARKER = re.compile(r"<!-- from \S+ -->")
PART = re.compile(r"^[ \t]*// \[snippet\]\n(.*?)^[ \t]*// \[/snippet\]$", re.M | re.S)


def part_of(file):
    found = PART.search(file.read_text()) if file.is_file() else None
    return textwrap.dedent(found.group(1)) if found else None


def check_document(root, path, fix):
    errors = []
    text = (root / path).read_text()
    blocks = list(BLOCK.finditer(text))
    if len(MARKER.findall(text)) != len(blocks):
        errors.append(f"{path}: a 'from' line is not followed by a ```cpp block")

    def checked(block):
        part = part_of(root / block[2])
        if part is None:
            errors.append(f"{path}: {block[2]} has no part between [snippet] and [/snippet]")
        elif part != block[3] and fix:
            return block[1] + part + block[4]
        elif part != block[3]:
            errors.append(f"{path}: the block from {block[2]} differs from the file")
        return block[0]

    fixed = BLOCK.sub(checked, text)
    if fixed != text:
        (root / path).write_text(fixed)
    return len(blocks), errors


def check_tree(root, fix=False):
    count, errors = 0, []
    for file in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")]):
        more, wrong = check_document(root, file.relative_to(root).as_posix(), fix)
        count += more
        errors += wrong
    return count, errors


def self_test():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "examples").mkdir()
        (root / "examples/a.cpp").write_text("x\n  // [snippet]\n  int a;\n  // [/snippet]\n")
        readme = root / "README.md"
        start = "# A\n\n<!-- from examples/a.cpp -->\n```cpp\n"
        readme.write_text(start + "int a;\n```\n")
        assert check_tree(root) == (1, [])
        readme.write_text(start + "int b;\n```\n")
        assert len(check_tree(root)[1]) == 1
        assert check_tree(root, fix=True) == (1, [])
        assert check_tree(root) == (1, [])
        readme.write_text("# A\n\n<!-- from examples/none.cpp -->\n```cpp\n```\n")
        assert len(check_tree(root)[1]) == 1
        readme.write_text("# A\n\n<!-- from examples/a.cpp -->\ntext\n")
        assert len(check_tree(root)[1]) == 1
    print("snippets: a changed, a missing and a misplaced snippet were noticed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    count, errors = check_tree(Path(__file__).resolve().parent.parent, fix=sys.argv[1:] == ["--fix"])
    print(*errors, f"snippets: {count} blocks, {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
