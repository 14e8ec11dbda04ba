#pragma once

// The one source of the version: CMake and the package files read these three lines.
#define CAROUSEL_VERSION_MAJOR 0
#define CAROUSEL_VERSION_MINOR 1
#define CAROUSEL_VERSION_PATCH 0

// What a compiler must be told, in one sentence and before anything else: each header comes here
// first, and the include that cannot be found keeps the compiler from hundreds of errors that
// follow from the first one.
#if !defined(__cplusplus) || __cplusplus <= 202002L
#error \
    "carousel needs C++23: compile with -std=c++23 (CMake: cxx_std_23; Meson: add_project_arguments)"
#include <carousel_stops_after_the_error_above>
#elif !defined(__cpp_exceptions)
#error "carousel needs exceptions: compile without -fno-exceptions"
#include <carousel_stops_after_the_error_above>
#elif !defined(__linux__)
#error "carousel needs Linux: it is made of io_uring"
#include <carousel_stops_after_the_error_above>
#endif

#include <version>

#if !defined(__cpp_lib_expected) || !defined(__cpp_lib_coroutine)
#error \
    "carousel needs std::expected and coroutines: g++ 12 or later, or clang 19 or later with its libstdc++"
#include <carousel_stops_after_the_error_above>
#endif

/// A variable that a program and the shared library have in common, also where the program is
/// compiled with -fvisibility=hidden.
#define CAROUSEL_ONE_PER_PROCESS [[gnu::visibility("default")]]

/// Declares a function so that its call is an error with this sentence: a mistake that many make.
#define CAROUSEL_REFUSED(sentence) __attribute__((unavailable(sentence)))
