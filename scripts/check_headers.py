#!/usr/bin/env python3
"""usage: scripts/check_headers.py [--self-test]

A public header means the same in every program, whatever the program is compiled with: it does not read the build type, a
sanitizer's macro, a switch of the standard library or one of ours, and defines no name that is the implementation's. A wrong flag of
the compiler is told first, hence each header includes config.hpp or one that does.
"""

import re
import sys
from pathlib import Path

# What differs from one translation unit to the next of the same program, or between a program and an installed library.
READS = [
    (r"_?NDEBUG", "the build type of the program is not the library's: decide in a .cpp"),
    (r"__SANITIZE_\w+|__has_feature|\w*_sanitizer", "the program's sanitizer is not the library's: decide in a .cpp"),
    (r"_GLIBCXX_\w+|_LIBCPP_\w+", "a switch of the standard library is the program's: decide in a .cpp"),
    (r"__OPTIMIZE\w*|__NO_INLINE__|_FORTIFY_SOURCE", "the optimisation of the program is not the library's: decide in a .cpp"),
]
# What a header may test for: what is the same in every program that the compiler accepts, or what ends the compilation. Anything
# else must be defined in the header itself.
TESTED_FOR = {"__cplusplus", "__linux__", "__x86_64__", "__cpp_exceptions", "__cpp_lib_expected", "__cpp_lib_coroutine"}
# A switch of ours that the library and all that is built with it have in common: CMake and pkg-config pass it on.
COMMON = {"include/carousel/detail/base/assert.hpp": "CAROUSEL_UNCHECKED"}
PASSED_ON = {
    "CMakeLists.txt": "target_compile_definitions(carousel PUBLIC {})",
    "cmake/install.cmake": 'set(carousel_pc_definitions " -D{}")',
}
TESTED = re.compile(r"\s*#\s*(?:if|ifdef|ifndef|elif|elifdef|elifndef)\b(.*)")
NAME = re.compile(r"(?<![\w'])[A-Za-z_]\w*")
RESERVED = re.compile(r"\b(_[A-Z]\w*|\w*__\w*)\b")
# What the compiler defines the same in every translation unit of a program.
PREDEFINED = re.compile(r"__(FILE|LINE|cplusplus|func|VA_ARGS|VA_OPT|EXCEPTIONS|GNUC|clang|cpp_\w+|has_include|linux|x86_64|attribute|builtin_\w+)(__)?")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def logical_lines(text):
    """The lines with their numbers, without comments, and each joined with those that a backslash adds."""
    text = COMMENT.sub(lambda m: "\n" * m[0].count("\n"), text)
    begin, joined = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        joined += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield begin, joined
            begin, joined = number + 1, ""


CONFIG = '#include "carousel/config.hpp"\n'


def check_text(path, text):
    errors = []
    for number, line in logical_lines(text):
        rules = [(re.search(rf"\b({rule})\b", line), why) for rule, why in READS]
        read = [(found[0], why) for found, why in rules if found]
        errors += [f"{path}:{number}: {name}: {why}" for name, why in read]
        for name in RESERVED.findall(line):
            if name in dict(read):
                continue
            if not PREDEFINED.fullmatch(name) or re.match(rf"\s*#\s*(define|undef)\s+{name}\b", line):
                errors.append(f"{path}:{number}: {name}: the name is reserved for the implementation")
        tested = NAME.findall(found[1]) if (found := TESTED.match(line)) else []
        known = {"defined", COMMON.get(path), *TESTED_FOR, *re.findall(r"^\s*#\s*define\s+(\w+)", text, re.M)}
        unknown = [name for name in tested if name not in known]
        if unknown and not read:
            errors.append(f"{path}:{number}: {unknown[0]}: what the program sets is not the library's: decide in a .cpp")
    # Those of plug-ins are for the programs of others, which need no C++23.
    leads = path.startswith("integrations/") or path.endswith("carousel/config.hpp") or '#include "carousel/' in text
    if not leads:
        errors.append(f"{path}: leads to no carousel/config.hpp, which names a missing flag of the compiler first")
    includes = re.findall(r"#include (\S+)", text)
    if "<coroutine>" in includes and includes[0] != '"carousel/config.hpp"':
        errors.append(f"{path}: carousel/config.hpp comes first, as <coroutine> speaks of another missing flag")
    return errors


def check_passed_on(texts):
    """The build says the switches that headers test for to whoever builds with the library."""
    return [f"{path}: does not pass {name} on to the programs"
            for name in COMMON.values() for path, line in PASSED_ON.items() if line.format(name) not in texts[path]]


def self_test():
    assert len(check_text("a.hpp", "#include <vector>\n")) == 1
    assert len(check_text("a.hpp", "#include <coroutine>\n" + CONFIG)) == 1
    bad = [
        "#if defined(NDEBUG)\n",
        "#ifndef NDEBUG\n",
        "#ifdef __SANITIZE_ADDRESS__\n",
        "int a;  // a comment\n#if __has_feature(memory)\n",
        "#if defined(A) && \\\n    defined(_GLIBCXX_ASSERTIONS)\n",
        "constexpr bool checked = _GLIBCXX_DEBUG;\n",
        "#ifdef __OPTIMIZE__\n",
        "#define __SOMETHING 1\n",
        "#  define _Something(x) x\n",
        "#define A__B\n",
        "#undef __cplusplus\n",
        "#ifdef DEBUG\n",
        "#if A > 1 || defined(B)\n#elif 1\n",
        "#ifdef WITH_ASAN\n",
        "#ifndef __cpp_rtti\n",
        "#if __has_include(<format>)\n",
        "#if 0\n#elif defined(__clang__)\n",
        "template <class _Tp> struct a;\n",
        "struct a__b;\n",
    ]
    for text in bad:
        assert len(check_text("a.hpp", CONFIG + text)) == 1, (text, check_text("a.hpp", CONFIG + text))
    good = [
        "// without NDEBUG\n/* __SANITIZE_ADDRESS__\n */\n",
        "#define CAROUSEL_ASSERT(c) f(__FILE__, __LINE__)\n",
        "#if __cplusplus < 202302L\n",
        "#if !defined(__cpp_lib_expected)\n",
        "#define A 1\n#if defined(A) && A == 0x1F\n",
        "int _a;\n",
    ]
    for text in good:
        assert check_text("a.hpp", CONFIG + text) == [], (text, check_text("a.hpp", CONFIG + text))
    switch = '#include "carousel/config.hpp"\n#if defined(CAROUSEL_UNCHECKED)\n#endif\n'
    assert len(check_text("include/carousel/file.hpp", switch)) == 1
    assert check_text("include/carousel/detail/base/assert.hpp", switch) == []
    assert check_text("a.hpp", CONFIG + "#define CAROUSEL_A 1\n#if CAROUSEL_A\n#endif\n") == []
    assert len(check_passed_on({"CMakeLists.txt": "", "cmake/install.cmake": ""})) == len(PASSED_ON)
    print(f"headers: {len(bad)} bad texts were refused, {len(good)} good ones passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = Path(__file__).resolve().parent.parent
    errors = []
    tops = [root / "include", *sorted(root.glob("integrations/*/include"))]
    files = [file for top in tops for file in sorted(top.rglob("*.hpp"))]
    for file in files:
        errors += check_text(file.relative_to(root).as_posix(), file.read_text())
    errors += check_passed_on({path: (root / path).read_text() for path in PASSED_ON})
    print(*errors, f"headers: {len(files)} files, {len(errors)} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
