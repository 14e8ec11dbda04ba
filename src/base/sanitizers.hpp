#pragma once

// Which sanitizer this file is compiled with, said once: g++ defines a macro, clang answers a
// question. Headers that programs include do not ask: they mean the same in every program.

#if defined(__SANITIZE_ADDRESS__)
#define CAROUSEL_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CAROUSEL_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CAROUSEL_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CAROUSEL_THREAD_SANITIZER 1
#endif
#endif
